// Misuses that the types prevent: each line below is an error, or tsc calls its expectation unused.  Never run.

import { type CachedImage, getXattr, ImageCache, XattrDriver, type XattrDriverOptions } from '../../dist/index.js';

export async function mistakes(driver: XattrDriver, options: XattrDriverOptions, image: CachedImage): Promise<void> {
  // @ts-expect-error a directory is needed
  new XattrDriver({});
  // @ts-expect-error the options' names are checked
  new XattrDriver({ dir: 'cache', stallTime: 1 });
  // @ts-expect-error seconds are a number
  new XattrDriver({ dir: 'cache', stallTimeSeconds: '1d' });
  // @ts-expect-error an option is not written after the fact
  options.dir = 'elsewhere';
  // @ts-expect-error nor is a driver's directory
  driver.dir = 'elsewhere';
  // @ts-expect-error nor what was found of it
  driver.capabilities.locks = true;
  // @ts-expect-error nor an image's record
  image.hits = 0;
  // @ts-expect-error text has no bytes until it is encoded
  await driver.writeImage('image', 'text');
  // @ts-expect-error bytes that are still to come cannot be written synchronously
  driver.writeImageSync('image', (await driver.openForRead('image')).createReadStream());
  // @ts-expect-error an image that is not cached has no bytes
  (await driver.readImage('image')).length;
  // @ts-expect-error a state is one of four
  driver.getImageFilepath('image', 'lost');
  // @ts-expect-error a manager is opened, never constructed
  new ImageCache({ dir: 'cache' });
  // @ts-expect-error a limit is a number of bytes; only the command line knows units
  await ImageCache.open({ dir: 'cache', maxSize: '20GB' });
  // @ts-expect-error a durability is one of three
  await XattrDriver.open({ dir: 'cache', durability: 'fsync' });
  // @ts-expect-error a directory of which nothing is doubtful needs no recovery
  (await XattrDriver.recover({ dir: 'cache' })).dropped;
  // @ts-expect-error an attribute that is missing has no bytes
  (await getXattr('file', 'note')).length;
}
