const none = () => new Uint8Array(0);

/** Every method of a driver that takes an image id. */
export const callsWithId = {
  getHitCount: (driver, id) => driver.getHitCount(id),
  getImageSize: (driver, id) => driver.getImageSize(id),
  isCached: (driver, id) => driver.isCached(id),
  isBeingCached: (driver, id) => driver.isBeingCached(id),
  isCacheable: (driver, id) => driver.isCacheable(id),
  isQueued: (driver, id) => driver.isQueued(id),
  deleteCachedImage: (driver, id) => driver.deleteCachedImage(id),
  queueImage: (driver, id) => driver.queueImage(id),
  deleteQueuedImage: (driver, id) => driver.deleteQueuedImage(id),
  openForRead: (driver, id) => driver.openForRead(id),
  readImage: (driver, id) => driver.readImage(id),
  openForWrite: (driver, id) => driver.openForWrite(id),
  writeImage: (driver, id) => driver.writeImage(id, none()),
};

/** Every method of a driver except `configure` and `close`, with valid arguments. */
export const calls = {
  ...Object.fromEntries(Object.entries(callsWithId).map(([name, call]) => [name, (driver) => call(driver, 'image')])),
  getCacheSize: (driver) => driver.getCacheSize(),
  getCachedImages: (driver) => driver.getCachedImages(),
  cachedImages: async (driver) => await driver.cachedImages()[Symbol.asyncIterator]().next(),
  getLeastRecentlyAccessed: (driver) => driver.getLeastRecentlyAccessed(),
  deleteAllCachedImages: (driver) => driver.deleteAllCachedImages(),
  evictTo: (driver) => driver.evictTo(0),
  getQueuedImages: (driver) => driver.getQueuedImages(),
  deleteAllQueuedImages: (driver) => driver.deleteAllQueuedImages(),
  getInvalidImages: (driver) => driver.getInvalidImages(),
  getUsage: (driver) => driver.getUsage(),
  reapInvalid: (driver) => driver.reapInvalid(),
  reapStalled: (driver) => driver.reapStalled(),
  clean: (driver) => driver.clean(),
};
