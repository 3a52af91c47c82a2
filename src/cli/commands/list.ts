import { type Command, Option } from 'commander';
import type { CachedImage } from '../../index.ts';
import { formatAge, formatCount, formatCountOf } from '../../terminal/format.ts';
import { countOption } from '../../terminal/option-parsers.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printableId } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { type Column, layOutTable } from '../../terminal/table.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { loadPackage } from '../load-package.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

type Order = 'id' | 'size' | 'hits' | 'accessed' | 'modified';

interface Options extends CacheOptions {
  readonly sort: Order;
  readonly reverse?: true;
  readonly limit?: number;
}

/** An image with the time of its last use. */
interface Row {
  readonly image: CachedImage;
  readonly accessedMs: number;
}

/** Sorted in descending order: the largest, most used and most recent images are of interest. */
const figureOf: Readonly<Record<Exclude<Order, 'id'>, (row: Row) => number>> = {
  size: ({ image }) => image.size,
  hits: ({ image }) => image.hits,
  accessed: ({ accessedMs }) => accessedMs,
  modified: ({ image }) => image.lastModifiedMs,
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
  const { lastUseMs } = await loadPackage();
  const all = (await driver.getCachedImages()).map((image) => ({ image, accessedMs: lastUseMs(image) }));
  const rows = sorted(all, options).slice(0, options.limit);
  await printReport({ json: { images: rows.map(({ image }) => image) }, text: layOut(rows, all) }, options.json);
}

function sorted(rows: Row[], { sort, reverse }: Options): Row[] {
  // The driver returns them ordered by id, and sorting is stable.
  const ordered = sort === 'id' ? rows : rows.toSorted((a, b) => figureOf[sort](b) - figureOf[sort](a));
  return reverse ? ordered.toReversed() : ordered;
}

function* layOut(rows: readonly Row[], all: readonly Row[]): Generator<string, void, void> {
  const nowMs = Date.now();
  const columns: [Column<Row>, ...Column<Row>[]] = [
    { heading: 'id', cell: ({ image }) => printableId(image.imageId) },
    { heading: 'size', cell: ({ image }) => formatSize(image.size), align: 'right' },
    { heading: 'hits', cell: ({ image }) => formatCount(image.hits), align: 'right' },
    { heading: 'accessed', cell: ({ accessedMs }) => formatAge(accessedMs, nowMs), align: 'right' },
    { heading: 'modified', cell: ({ image }) => formatAge(image.lastModifiedMs, nowMs), align: 'right' },
  ];
  if (rows.length > 0) {
    yield* layOutTable(rows, columns, outputColumns());
    yield '';
  }
  const size = all.reduce((sum, { image }) => sum + image.size, 0);
  const shown = rows.length < all.length ? `${formatCount(rows.length)} of ` : '';
  yield `${shown}${formatCountOf(all.length, 'image')}, ${formatSize(size)}`;
}
