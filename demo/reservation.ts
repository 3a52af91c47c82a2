import { ImageBusyError, type ImageWriter, type XattrDriver } from 'xattr-cache';
import { CliError } from '#terminal/cli-error';
import { formatCountOf } from '#terminal/format';
import type { SourceFile } from './source-files.ts';

/** An image that is never published. The demo that writes it has the directory to itself. */
const reservedId = 'demo-is-running';

/**
 * Reserves the directory for this demo until it is disposed. Two demos would count each other's hits, and a demo would
 * evict the images of other programs.
 *
 * @throws {@link CliError} if another demo is running in it, or if it holds other images.
 */
export async function reserveDirectory(driver: XattrDriver, sources: readonly SourceFile[]): Promise<AsyncDisposable> {
  const writer = await claim(driver);
  const release = async () => {
    await writer.rollback('the demo has ended');
    // That one, and the leftovers of interrupted demos.
    await driver.clean();
  };
  try {
    await assertOnlyImagesOf(sources, driver);
  } catch (error) {
    await release();
    throw error;
  }
  return { [Symbol.asyncDispose]: release };
}

async function claim(driver: XattrDriver): Promise<ImageWriter> {
  try {
    return await driver.openForWrite(reservedId);
  } catch (error) {
    if (!(error instanceof ImageBusyError)) throw error;
    throw new CliError('ERR_DEMO_DIR', `another demo is running in ${driver.dir}. Name another directory.`);
  }
}

async function assertOnlyImagesOf(sources: readonly SourceFile[], driver: XattrDriver): Promise<void> {
  const own = new Set(sources.map(({ imageId }) => imageId));
  const images = await driver.getCachedImages();
  const foreign = images.filter(({ imageId }) => !own.has(imageId));
  if (foreign.length === 0) return;

  throw new CliError(
    'ERR_DEMO_DIR',
    `${driver.dir} holds ${formatCountOf(foreign.length, 'image')} of another program (${foreign[0]?.imageId}), ` +
      'which the demo would evict. Name a new or an empty directory with --dir DIR.',
  );
}
