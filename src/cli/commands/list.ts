import { type Command, Option } from 'commander';
import type { XattrDriver } from '../../index.ts';
import { formatAge, formatCount, formatCountOf } from '../../terminal/format.ts';
import { interruptible, untilAborted } from '../../terminal/interruption.ts';
import { countOption } from '../../terminal/option-parsers.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printableId } from '../../terminal/printable.ts';
import { progressLine } from '../../terminal/progress-line.ts';
import { formatSize } from '../../terminal/size.ts';
import { type Column, layOutTable } from '../../terminal/table.ts';
import { showWaiting } from '../../terminal/waiting-line.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { FirstInOrder } from '../first-in-order.ts';
import { hasOwnBytes, type Order, orders, type Row, rowOrder, sortRows } from '../image-order.ts';
import { loadPackage } from '../load-package.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

interface Options extends CacheOptions {
  readonly sort: Order;
  readonly reverse?: true;
  readonly limit?: number;
}

/** The images to show, and the sums of all. */
interface Listing {
  readonly rows: readonly Row[];
  readonly images: number;
  readonly size: number;
}

/** Adds `list` to the program. */
export function addListCommand(program: Command): void {
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
  // The output is not part of it: Ctrl-C ends a command that waits for a pager.
  const listing = await interruptible((signal) => read(driver, options, signal));
  await printReport({ json: { images: listing.rows.map(({ image }) => image) }, text: layOut(listing) }, options.json);
}

async function read(driver: XattrDriver, options: Options, signal: AbortSignal): Promise<Listing> {
  const { limit } = options;
  const first = limit === undefined ? undefined : await readFirst(driver, limit, options, signal);
  return first ?? readAll(driver, options, signal);
}

/** Has memory for the images to show only. Returns undefined if their order is not known without a list of all. */
async function readFirst(
  driver: XattrDriver,
  limit: number,
  { sort, reverse, json }: Options,
  signal: AbortSignal,
): Promise<Listing | undefined> {
  const { lastUseMs } = await loadPackage();
  const progress = progressLine({ quiet: json });
  const first = new FirstInOrder(limit, rowOrder(sort, reverse));
  let images = 0;
  let size = 0;
  try {
    for await (const batch of driver.cachedImages()) {
      signal.throwIfAborted();
      for (const image of batch) {
        if (!hasOwnBytes(image)) return undefined;
        first.add({ image, accessedMs: lastUseMs(image) });
        images += 1;
        size += image.size;
      }
      progress.show(() => `${formatCountOf(images, 'image')}  ${formatSize(size)}`);
    }
  } finally {
    progress.end();
  }
  return { rows: first.toArray(), images, size };
}

async function readAll(
  driver: XattrDriver,
  { sort, reverse, limit, json }: Options,
  signal: AbortSignal,
): Promise<Listing> {
  const { lastUseMs } = await loadPackage();
  const reading = untilAborted(driver.getCachedImages(), signal);
  const images = await showWaiting(reading, 'reading the images', { quiet: json });
  const rows = images.map((image) => ({ image, accessedMs: lastUseMs(image) }));
  const size = images.reduce((sum, image) => sum + image.size, 0);
  return { rows: sortRows(rows, sort, reverse).slice(0, limit), images: images.length, size };
}

function* layOut({ rows, images, size }: Listing): Generator<string, void, void> {
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
  const shown = rows.length < images ? `${formatCount(rows.length)} of ` : '';
  yield `${shown}${formatCountOf(images, 'image')}, ${formatSize(size)}`;
}
