/** Formats `1234567` as `1,234,567`. `Intl.NumberFormat` would take 20 ms of each command to load. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a count with its noun: `1 hit`, `2 hits`, `1,000 hits`. */
export function formatCountOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** Formats a ratio from 0 to 1 as `71.3 %`. Never rounds up to 100 % or down to 0 %. */
export function formatPercent(ratio: number): string {
  const tenths = Math.round(ratio * 1000);
  if (tenths === 1000 && ratio < 1) return '99.9 %';
  if (tenths === 0 && ratio > 0) return '0.1 %';
  return `${(tenths / 10).toFixed(1)} %`;
}

/** Formats a rate in megabytes (10⁶) per second, the unit of disks and networks. */
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

/** Formats a duration in its largest unit: `45 s`, `3 min`, `5 h`, `2 d`, `1.5 y`. Never rounds up. */
export function formatDuration(milliseconds: number): string {
  const [name, length] = unitsOfTime.find((unit) => milliseconds >= unit[1]) ?? ['s', 1_000];
  const count = Math.floor(milliseconds / length);
  return name === 'y' && count < 10 ? `${floorTenths(milliseconds / length)} y` : `${formatCount(count)} ${name}`;
}

/** Formats the age of a time: `3 min ago`, `now`, `in 2 d` if a clock is wrong, and `never` for the epoch itself. */
export function formatAge(timeMs: number, nowMs: number): string {
  if (timeMs === 0) return 'never';
  const elapsed = nowMs - timeMs;
  if (Math.abs(elapsed) < 1_000) return 'now';
  return elapsed > 0 ? `${formatDuration(elapsed)} ago` : `in ${formatDuration(-elapsed)}`;
}

/** The local time of day, `12:03`; with the date, `2026-03-01 12:03`, if that was more than half a day ago. */
export function formatTime(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  const two = (number: number) => String(number).padStart(2, '0');
  const ofDay = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (Math.abs(nowMs - timeMs) < 43_200_000) return ofDay;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${ofDay}`;
}

function floorTenths(value: number): string {
  return (Math.floor(value * 10) / 10).toFixed(1);
}
