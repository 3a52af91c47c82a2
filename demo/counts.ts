/** A count for each image id. */
export type Counts = ReadonlyMap<string, number>;

/** Adds to the count of one image. */
export function addTo(counts: Map<string, number>, imageId: string, count: number): void {
  counts.set(imageId, (counts.get(imageId) ?? 0) + count);
}

/** Returns the sum of several counts, image by image. */
export function sumOf(parts: readonly Counts[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const part of parts) {
    for (const [imageId, count] of part) addTo(sum, imageId, count);
  }
  return sum;
}

export function totalOf(counts: Counts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
