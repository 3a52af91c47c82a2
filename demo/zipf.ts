import type { Random } from './random.ts';

/**
 * Draws ranks from 0 to `count` − 1, rank r with a probability proportional to 1 / (r + 1)^`exponent`. Images, pages
 * and words have such a popularity: a few are requested all the time, most hardly ever.
 */
export function zipf(count: number, exponent: number, random: Random): () => number {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent;
    upTo[rank] = sum;
  }
  return () => firstAbove(upTo, random() * sum);
}

/** Returns the first index with a value above `target`, or the last index if there is none. */
function firstAbove(ascending: Float64Array, target: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
