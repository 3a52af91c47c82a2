import { type Command, Option } from 'commander';
import type { CachedImage } from '../../index.ts';
import { lastUseMs } from '../../recency.ts';
import { formatAge, formatCount, formatCountOf } from '../../terminal/format.ts';
import { countOption } from '../../terminal/option-parsers.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printableId } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { type Column, layOutTable } from '../../terminal/table.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

type Order = 'id' | 'size' | 'hits' | 'accessed' | 'modified';

interface Options extends CacheOptions {
  readonly sort: Order;
  readonly reverse?: true;
  readonly limit?: number;
}

/** Sorted in descending order: the largest, most used and most recent images are of interest. */
const figureOf: Readonly<Record<Exclude<Order, 'id'>, (image: CachedImage) => number>> = {
  size: ({ size }) => size,
  hits: ({ hits }) => hits,
  accessed: lastUseMs,
  modified: ({ lastModifiedMs }) => lastModifiedMs,
};

/** Adds `list` to the program. */
export function addListCommand(program: Command): void {
  const orders: Order[] = ['id', 'size', 'hits', 'accessed', 'modified'];
  cacheCommand(program, 'list', 'Show the cached images.')
    .addOption(
      new Option('--sort <order>', 'sort key; numbers and times in descending order').choices(orders).default('id'),
    )
    .option('--reverse', 'reverse the order')
    .option('--limit <n>', 'show at most N images', countOption(0, 999_999_999))
    .action(list);
}

async function list(options: Options): Promise<void> {
  await using driver = await openDriver(options);
  const all = await driver.getCachedImages();
  const images = sorted(all, options).slice(0, options.limit);
  await printReport({ json: { images }, text: layOut(images, all) }, options.json);
}

function sorted(images: CachedImage[], { sort, reverse }: Options): CachedImage[] {
  // The driver returns them ordered by id, and sorting is stable.
  const ordered = sort === 'id' ? images : images.toSorted((a, b) => figureOf[sort](b) - figureOf[sort](a));
  return reverse ? ordered.toReversed() : ordered;
}

function* layOut(images: readonly CachedImage[], all: readonly CachedImage[]): Generator<string, void, void> {
  const nowMs = Date.now();
  const columns: [Column<CachedImage>, ...Column<CachedImage>[]] = [
    { heading: 'id', cell: ({ imageId }) => printableId(imageId) },
    { heading: 'size', cell: ({ size }) => formatSize(size), align: 'right' },
    { heading: 'hits', cell: ({ hits }) => formatCount(hits), align: 'right' },
    { heading: 'accessed', cell: (image) => formatAge(lastUseMs(image), nowMs), align: 'right' },
    { heading: 'modified', cell: ({ lastModifiedMs }) => formatAge(lastModifiedMs, nowMs), align: 'right' },
  ];
  if (images.length > 0) {
    yield* layOutTable(images, columns, outputColumns());
    yield '';
  }
  const size = all.reduce((sum, image) => sum + image.size, 0);
  const shown = images.length < all.length ? `${formatCount(images.length)} of ` : '';
  yield `${shown}${formatCountOf(all.length, 'image')}, ${formatSize(size)}`;
}
