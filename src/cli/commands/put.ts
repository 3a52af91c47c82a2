import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Command } from 'commander';

import { fileError } from '../../terminal/cli-error.ts';
import { formatPercent } from '../../terminal/format.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { pause } from '../../terminal/pause.ts';
import { printableId } from '../../terminal/printable.ts';
import { progressLine } from '../../terminal/progress-line.ts';
import { formatSize } from '../../terminal/size.ts';
import { type CacheOptions, cacheCommand, type DurabilityOptions, durabilityOption } from '../cache-options.ts';
import { asChecksumError } from '../checksum-option.ts';
import { assertImageIds } from '../image-id-arguments.ts';
import { loadPackage } from '../load-package.ts';
import { openCache, openOrMakeDriver, putOnDisk } from '../open-driver.ts';
import { printReport } from '../report.ts';

interface Options extends CacheOptions, DurabilityOptions {
  readonly checksum?: string;
}

/** The bytes to cache. */
interface Source {
  readonly name: string;
  readonly open: () => Readable;
  /** Size in bytes, if it is known. */
  readonly size: number | undefined;
}

const readSize = 1024 * 1024; // bytes

/** Adds `put` to the program. */
export function addPutCommand(program: Command): void {
  cacheCommand(program, 'put', 'Cache a file. Replaces an image that is cached already.')
    .argument('<id>', 'image id')
    .argument('<file>', 'input file; - is stdin')
    .option('--checksum <checksum>', 'expected checksum: sha256-BASE64 (SRI) or md5:HEX')
    .addOption(durabilityOption())
    .action((imageId: string, file: string, options: Options) =>
      interruptible((signal) => put(imageId, file, options, signal)),
    );
}

async function put(imageId: string, file: string, { checksum, ...options }: Options, signal: AbortSignal) {
  await assertImageIds(imageId);
  const source = await sourceOf(file);
  await using driver = await openOrMakeDriver(options);
  const cache = await openCache(driver, { maxSize: Number.MAX_SAFE_INTEGER });

  const progress = progressLine({ quiet: options.json });
  let size = 0;
  const watched = async function* () {
    for await (const chunk of chunksOf(source, signal)) {
      size += chunk.byteLength;
      progress.show(() => describe(imageId, size, source));
      yield chunk;
    }
    // Ctrl-C ends all of `curl … | xattr-cache put ID -`, and the bytes until then are not the whole image.
    await pause(signal);
    await pause(signal);
  };
  try {
    const done = await cache.cacheImage(imageId, watched(), {
      signal,
      replace: true,
      ...(source.size !== undefined && { expectedSize: source.size }),
      ...(checksum !== undefined && { checksum }),
    });
    if (!done) throw await busy(imageId);
  } catch (error) {
    throw asChecksumError(error);
  } finally {
    progress.end();
  }
  await putOnDisk(driver, options);
  await printReport(
    { json: { imageId, size }, text: [`cached ${printableId(imageId)}, ${formatSize(size)}`] },
    options.json,
  );
}

async function busy(imageId: string): Promise<Error> {
  const { ImageBusyError } = await loadPackage();
  return new ImageBusyError(imageId);
}

async function sourceOf(file: string): Promise<Source> {
  if (file === '-') return { name: 'stdin', open: () => process.stdin, size: undefined };
  const found = await stat(file).catch((error: unknown) => {
    throw fileError('read', file, error);
  });
  const open = () => createReadStream(file, { highWaterMark: readSize });
  // A file with size 0 may have any length if it is in /proc, and so may a pipe.
  return { name: file, open, size: found.isFile() && found.size > 0 ? found.size : undefined };
}

async function* chunksOf({ name, open }: Source, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* addAbortSignal(signal, open());
  } catch (error) {
    signal.throwIfAborted();
    throw fileError('read', name, error);
  }
}

function describe(imageId: string, bytes: number, { size }: Source): string {
  const share = size === undefined ? '' : ` of ${formatSize(size)} (${formatPercent(bytes / size)})`;
  return `${formatSize(bytes)}${share}  ${printableId(imageId)}`;
}
