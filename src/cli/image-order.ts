import type { CachedImage } from '../index.ts';

/** An image with the time of its last use. */
export interface Row {
  readonly image: CachedImage;
  readonly accessedMs: number;
}

export type Order = 'id' | 'size' | 'hits' | 'accessed' | 'modified';

/** The choices of `--sort`. */
export const orders: readonly Order[] = ['id', 'size', 'hits', 'accessed', 'modified'];

/** Sorted in descending order: the largest, most used and most recent images are of interest. */
const figureOf: Readonly<Record<Exclude<Order, 'id'>, (row: Row) => number>> = {
  size: ({ image }) => image.size,
  hits: ({ image }) => image.hits,
  accessed: ({ accessedMs }) => accessedMs,
  modified: ({ image }) => image.lastModifiedMs,
};

/** Sorts rows that are in the order of their ids. */
export function sortRows(rows: readonly Row[], sort: Order, reverse = false): readonly Row[] {
  // Sorting is stable.
  const ordered = sort === 'id' ? rows : rows.toSorted(byFigure(sort));
  return reverse ? ordered.toReversed() : ordered;
}

/** Returns the order of {@link sortRows} for rows that come in any order, if all have {@link hasOwnBytes}. */
export function rowOrder(sort: Order, reverse = false): (a: Row, b: Row) => number {
  const compareFigures = sort === 'id' ? () => 0 : byFigure(sort);
  const compare = (a: Row, b: Row) => compareFigures(a, b) || compareBytes(a.image.imageId, b.image.imageId);
  return reverse ? (a, b) => compare(b, a) : compare;
}

/** Returns false if the name of the file may have other bytes than the id: those that are not UTF-8 are replaced. */
export function hasOwnBytes({ imageId }: CachedImage): boolean {
  return !imageId.includes('\ufffd');
}

function byFigure(sort: Exclude<Order, 'id'>): (a: Row, b: Row) => number {
  const figure = figureOf[sort];
  return (a, b) => figure(b) - figure(a);
}

/** Compares the bytes of two texts in UTF-8, in which code points have their own order. */
function compareBytes(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const difference = rankOf(a.charCodeAt(i)) - rankOf(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for the code points above all others. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
