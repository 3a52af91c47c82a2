import { randomInt } from 'node:crypto';

import { isFull } from './scale.mjs';

/** What random choices go by: XATTR_CACHE_TEST_SEED, or another one for each run. Tests say which. */
export const seed = Number(process.env.XATTR_CACHE_TEST_SEED ?? randomInt(2 ** 31));

/** The same numbers between 0 and 1 for the same seed (mulberry32). */
export function randomNumbers(from = seed) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `items` in an order of `random`'s. */
export function shuffled(items, random) {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/** `count` of the items beside those that are `always` among them; at full scale all. */
export function sampled(items, count, always = () => false) {
  if (isFull) return items;
  const others = items.filter((item) => !always(item));
  return [...items.filter(always), ...shuffled(others, randomNumbers()).slice(0, count)];
}
