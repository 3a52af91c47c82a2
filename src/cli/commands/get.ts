import type { Command } from 'commander';

import type { ImageReader } from '../../index.ts';
import { CliError, UsageError } from '../../terminal/cli-error.ts';
import { exitCode } from '../../terminal/exit-code.ts';
import { describeFailure } from '../../terminal/failure.ts';
import { formatPercent } from '../../terminal/format.ts';
import { interruptible, untilAborted } from '../../terminal/interruption.ts';
import { printError, writeOut } from '../../terminal/output.ts';
import { printableId, printableJson } from '../../terminal/printable.ts';
import { type ProgressLine, progressLine } from '../../terminal/progress-line.ts';
import { formatSize } from '../../terminal/size.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { openDestination } from '../destination.ts';
import { assertImageIds } from '../image-id-arguments.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

const readSize = 1024 * 1024; // bytes

/** Adds `get` to the program. */
export function addGetCommand(program: Command): void {
  cacheCommand(program, 'get', 'Read an image, and count a hit once all of it was read.')
    .argument('<id>', 'image id')
    .argument('[file]', 'output file (default: stdout if it is not a terminal; - forces stdout)')
    .action((imageId: string, file: string | undefined, options: CacheOptions) =>
      interruptible((signal) => get(imageId, file, options, signal)),
    );
}

async function get(imageId: string, file: string | undefined, options: CacheOptions, signal: AbortSignal) {
  await assertImageIds(imageId);
  if (file === undefined && process.stdout.isTTY) {
    throw new UsageError('the image would go to the terminal: pass a FILE, or - to print it all the same');
  }
  const toStdout = file === undefined || file === '-';
  await using driver = await openDriver(options);
  await using reader = await driver.openForRead(imageId);
  if (toStdout) await printImage(reader, options, signal);
  else await saveImage(reader, file, options, signal);
}

/** Writes the image to stdout. The object of `--json` goes to stderr. */
async function printImage(reader: ImageReader, { json }: CacheOptions, signal: AbortSignal): Promise<void> {
  const { imageId, size } = reader;
  const progress = progressLine({ quiet: json || process.stdout.isTTY });
  try {
    // A consumer that has stopped reading has not read the image.
    const whole = await copy(reader, writeOut, progress, signal);
    const counted = whole && (await countHit(reader));
    if (json) process.stderr.write(`${printableJson({ imageId, size, counted })}\n`);
  } catch (error) {
    if (!json || signal.aborted) throw error;
    process.exitCode = exitCode.failed;
    process.stderr.write(`${printableJson({ error: describeFailure(error) })}\n`);
  }
}

async function saveImage(
  reader: ImageReader,
  file: string,
  { json }: CacheOptions,
  signal: AbortSignal,
): Promise<void> {
  const { imageId, size } = reader;
  const opening = openDestination(file);
  const destination = await untilAborted(opening, signal).catch((error: unknown) => {
    // It may still be opened: a fifo that no process reads opens late, or never.
    opening.then((opened) => opened.discard()).catch(() => {});
    throw error;
  });
  try {
    await copy(reader, (bytes) => destination.write(bytes), progressLine({ quiet: json }), signal);
    await destination.commit();
  } catch (error) {
    await destination.discard();
    throw error;
  }
  const counted = await countHit(reader);
  const text = [`wrote ${printableId(imageId)}, ${formatSize(size)}`];
  await printReport({ json: { imageId, size, counted }, text }, json);
}

/** Returns false if `write` reports that the consumer has stopped reading. */
async function copy(
  reader: ImageReader,
  write: (bytes: Uint8Array) => Promise<boolean>,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<boolean> {
  const { imageId, size } = reader;
  const buffer = Buffer.allocUnsafe(Math.min(readSize, size));
  try {
    for (let position = 0; position < size; ) {
      signal.throwIfAborted();
      const read = await reader.read(buffer, 0, Math.min(buffer.length, size - position), position);
      if (read === 0) throw new CliError('ERR_IO', `image ${printableId(imageId)} was cut short while it was read`);
      if (!(await untilAborted(write(buffer.subarray(0, read)), signal))) return false;
      position += read;
      progress.show(() => `${formatSize(position)} of ${formatSize(size)} (${formatPercent(position / size)})`);
    }
    return true;
  } finally {
    progress.end();
  }
}

async function countHit(reader: ImageReader): Promise<boolean> {
  const { counted } = await reader.close();
  if (!counted) printError('note: the image is whole, but its hit could not be counted');
  return counted;
}
