const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Parses a size: `1048576`, `500MiB` (× 1,024²), `20GB` (× 1,000³), `1.5 GiB`, in any case. Drops a fraction of a byte.
 *
 * @returns bytes, or `undefined` if the text is no size, or the size exceeds 2⁵³ − 1
 */
export function parseSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = bytesPerUnit[unit.toLowerCase()];
  if (digits === '' || factor === undefined) return undefined;

  const sizeBytes = Math.floor(Number(digits) * factor);
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined;
}

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Formats a size in binary units and three or four digits: `0 B`, `9.87 MiB`, `512 MiB`, `1.46 GiB`. */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  // `value >= 1024` is not enough, since 1,023.5 would be printed as 1024.
  while (Math.round(value) >= 1024 && unit < binaryUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : threeDigits(value)} ${binaryUnits[unit]}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
