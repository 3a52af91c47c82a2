import type { Command } from 'commander';

import type { InvalidImage } from '../../index.ts';
import { formatAge, formatCountOf } from '../../terminal/format.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printable, printableId } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { breakAnywhere, breakLines } from '../../terminal/text-width.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

const indent = '  ';

/** Adds `errors` to the program. */
export function addErrorsCommand(program: Command): void {
  cacheCommand(program, 'errors', 'List the failed writes in invalid/ with their reasons, the latest first.').action(
    errors,
  );
}

async function errors(options: CacheOptions): Promise<void> {
  await using driver = await openDriver(options);
  const images = await driver.getInvalidImages();
  await printReport({ json: { images }, text: layOut(images) }, options.json);
}

/** Lays out each failed write as a paragraph, since a reason is too long for a column. */
function* layOut(images: readonly InvalidImage[]): Generator<string, void, void> {
  const nowMs = Date.now();
  const width = outputColumns() ?? Number.POSITIVE_INFINITY;
  for (const { imageId, size, error, lastModifiedMs } of images) {
    yield* breakAnywhere(printableId(imageId), width);
    yield* indented(`${formatSize(size)}, ${formatAge(lastModifiedMs, nowMs)}`, width);
    yield* indented(printable(error) || 'no reason recorded', width);
  }
  if (images.length > 0) yield '';
  yield formatCountOf(images.length, 'failed write');
}

function indented(text: string, width: number): string[] {
  return breakLines(text, width - indent.length).map((line) => indent + line);
}
