import { type CachedImage, lastUseMs } from 'xattr-cache';
import { formatCount, formatCountOf, formatPercent, formatThroughput } from '#terminal/format';
import { formatSize } from '#terminal/size';
import type { RatesNow } from './rates.ts';
import type { Snapshot } from './snapshot.ts';
import { nameIn } from './source-files.ts';

export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow', text: string) => string;

export interface Line {
  /** Width on the terminal; `text` may hold colors. */
  readonly length: number;
  readonly text: string;
}

const labelWidth = 9;
const gap = '   ';
const widestBar = 40;

/** Draws a run in lines of at most `width` columns. */
export function drawScreen(snapshot: Snapshot, rates: RatesNow, width: number, paint: Paint): Line[] {
  const { elapsedSeconds, seconds, tally, mishaps, hottest, coldest, nowMs } = snapshot;
  const row = (label: string, ...items: string[]) => flow(label, items, width, paint);
  const list = (label: string, images: readonly string[]) =>
    images.flatMap((image, index) => flow(index === 0 ? label : '', [image], width, paint));
  return [
    ...row('demo', `${Math.floor(elapsedSeconds)} s of ${seconds} s`),
    sizeBar(snapshot, width, paint),
    ...row(
      'hits',
      formatPercent(tally.reads === 0 ? 0 : tally.hits / tally.reads),
      `of ${formatCount(tally.reads)} reads`,
    ),
    ...row('now', `${formatCount(rates.reads)} reads/s`, formatThroughput(rates.bytes)),
    ...row(
      'fetched',
      formatCountOf(tally.fetches + mishaps.kills, 'time'),
      formatCountOf(tally.committed, 'image'),
      `${redundancyOf(snapshot).toFixed(2)} × the necessary number`,
      `${formatCount(tally.followed)} read along`,
    ),
    ...row(
      'evicted',
      formatCountOf(tally.filesEvicted, 'image'),
      `${formatCount(tally.evictedDuringReads)} during a read`,
    ),
    ...row(
      'killed',
      formatCountOf(mishaps.kills, 'fetching process', 'fetching processes'),
      formatCountOf(mishaps.takeOvers, 'take-over'),
      `${formatCount(mishaps.cleanedUp)} cleaned up`,
    ),
    ...list(
      'hottest',
      hottest.map((image) => `${hitsOf(image)}  ${nameIn(image.imageId)}`),
    ),
    ...list(
      'coldest',
      coldest.map((image) => `${ageOf(image, nowMs)}  ${nameIn(image.imageId)}`),
    ),
  ];
}

/** A killed fetch makes another one necessary, and a running one will arrive. */
function redundancyOf({ tally, mishaps }: Snapshot): number {
  const needed = tally.committed + tally.fetching + mishaps.kills;
  return (tally.fetches + mishaps.kills) / Math.max(1, needed);
}

function sizeBar({ cacheSize, limit }: Snapshot, width: number, paint: Paint): Line {
  const sizes = `${formatSize(cacheSize)} of ${formatSize(limit)}`;
  const length = Math.max(0, Math.min(widestBar, width - labelWidth - 2 - sizes.length));
  const full = Math.min(length, Math.round((cacheSize / limit) * length));
  const bar = paint(cacheSize > limit ? 'yellow' : 'green', '█'.repeat(full)) + paint('dim', '░'.repeat(length - full));
  return { length: labelWidth + length + 2 + sizes.length, text: `${labelOf('size', paint)}${bar}  ${sizes}` };
}

/** Puts the items one after another, in as many lines as needed. */
function flow(label: string, items: readonly string[], width: number, paint: Paint): Line[] {
  const available = Math.max(1, width - labelWidth);
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    const longer = `${last}${gap}${item}`;
    if (last !== undefined && longer.length <= available) lines[lines.length - 1] = longer;
    else lines.push(shortened(item, available));
  }
  return lines.map((line, index) => ({
    length: labelWidth + line.length,
    text: labelOf(index === 0 ? label : '', paint) + line,
  }));
}

function labelOf(label: string, paint: Paint): string {
  return label === '' ? ' '.repeat(labelWidth) : paint('bold', label) + ' '.repeat(labelWidth - label.length);
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function hitsOf({ hits }: CachedImage): string {
  return formatCountOf(hits, 'hit').padStart(11);
}

function ageOf(image: CachedImage, nowMs: number): string {
  return `${(Math.max(0, nowMs - lastUseMs(image)) / 1000).toFixed(1)} s ago`.padStart(11);
}
