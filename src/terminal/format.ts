/** `1234567` as `1,234,567`. (`Intl.NumberFormat` would take 20 ms of each command to be loaded.) */
export function formatCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 hit`, `2 hits`, `1,000 hits`; a plural that is not formed with `s` is given. */
export function formatCountOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** A ratio of 0 to 1 as `71.3 %`. Never rounded up to 100 or down to 0 %. */
export function formatPercent(ratio: number): string {
  const tenths = Math.round(ratio * 1000);
  if (tenths === 1000 && ratio < 1) return '99.9 %';
  if (tenths === 0 && ratio > 0) return '0.1 %';
  return `${(tenths / 10).toFixed(1)} %`;
}

/** Megabytes (10⁶) per second, as disks and networks are measured. */
export function formatThroughput(bytesPerSecond: number): string {
  return `${formatCount(bytesPerSecond / 1e6)} MB/s`;
}

const unitsOfTime: readonly (readonly [name: string, milliseconds: number])[] = [
  ['y', 365.25 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A span of time in its largest unit: `45 s`, `3 min`, `5 h`, `2 d`, `1.5 y`. Never rounded up. */
export function formatDuration(milliseconds: number): string {
  const [name, length] = unitsOfTime.find((unit) => milliseconds >= unit[1]) ?? ['s', 1_000];
  const count = Math.floor(milliseconds / length);
  return name === 'y' && count < 10 ? `${floorTenths(milliseconds / length)} y` : `${formatCount(count)} ${name}`;
}

/** How long ago it was: `3 min ago`, `now`, `in 2 d` where a clock is wrong, and `never` for the epoch itself. */
export function formatAge(timeMs: number, nowMs: number): string {
  if (timeMs === 0) return 'never';
  const elapsed = nowMs - timeMs;
  if (Math.abs(elapsed) < 1_000) return 'now';
  return elapsed > 0 ? `${formatDuration(elapsed)} ago` : `in ${formatDuration(-elapsed)}`;
}

function floorTenths(value: number): string {
  return (Math.floor(value * 10) / 10).toFixed(1);
}
