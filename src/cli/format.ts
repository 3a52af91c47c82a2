const wholeNumbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1234567` as `1,234,567`. */
export function formatCount(count: number): string {
  return wholeNumbers.format(count);
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
