import assert from 'node:assert/strict';

/** Asserts that `call` refuses an argument as Node does. */
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

/** Asserts that a call fails with any typed error. */
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

/** Asserts that nothing of `imageId` is visible: it is not cached, has no writer, and can be cached now. */
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

/** Asserts that a write of `imageId` failed and left its bytes in invalid/, with a reason that `error` matches. */
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
