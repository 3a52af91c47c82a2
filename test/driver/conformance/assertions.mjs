import assert from 'node:assert/strict';

/** That `call` refuses an argument the way Node does. */
export async function refusesArgument(call) {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert(error instanceof TypeError || error instanceof RangeError, `${error?.stack ?? error}`);
      assert.match(String(error.code), /^ERR_(INVALID_ARG|OUT_OF_RANGE)/);
      return true;
    },
  );
}

/** That an action fails as this package's errors do, whichever it is. */
export async function failsTyped(call) {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert(error instanceof Error);
      assert.match(String(error.code), /^ERR_[A-Z_]+$/, `${error.stack}`);
      return true;
    },
  );
}

export async function assertAborted(promise) {
  await assert.rejects(promise, { name: 'AbortError' });
}

/** That nothing of `imageId` is to be seen: not cached, nobody writing it, and it can be cached now. */
export async function assertAbsent(driver, imageId) {
  assert.deepEqual(
    {
      cached: await driver.isCached(imageId),
      beingCached: await driver.isBeingCached(imageId),
      cacheable: await driver.isCacheable(imageId),
      size: await driver.getImageSize(imageId),
      bytes: await driver.readImage(imageId),
    },
    { cached: false, beingCached: false, cacheable: true, size: 0, bytes: undefined },
  );
}

/** That a write of `imageId` failed and left what it had in invalid/, for the reason that `error` matches. */
export async function assertInvalid(driver, imageId, error) {
  const [image, ...others] = (await driver.getInvalidImages()).filter((invalid) => invalid.imageId === imageId);
  assert(image, `${imageId} is not among the invalid images`);
  assert.equal(others.length, 0);
  if (error !== undefined) assert.match(image.error, error);
  return image;
}

export async function imageIds(driver) {
  return (await driver.getCachedImages()).map((image) => image.imageId);
}
