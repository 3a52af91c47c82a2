import { randomInt } from 'node:crypto';

/** The seed of all random choices: XATTR_CACHE_TEST_SEED, or another one each time. Tests print it. */
export const seed = Number(process.env.XATTR_CACHE_TEST_SEED ?? randomInt(2 ** 31));

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(from = seed) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
