/** True if all cases run, and not only a sample: npm run test:full. */
export const isFull = process.env.XATTR_CACHE_TEST_SCALE === 'full';
