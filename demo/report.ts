import { styleText } from 'node:util';
import Table from 'cli-table3';

import { formatCount, formatPercent, formatThroughput } from '#terminal/format';
import { outputColumns, writeOut } from '#terminal/output';
import { formatSize } from '#terminal/size';
import { wrapText } from '#terminal/wrap-text';
import { type Claim, claimsOf } from './claims.ts';
import type { Summary } from './figures.ts';

/** Prints the figures of a run and the proof, for people. */
export async function printReport(summary: Summary): Promise<void> {
  const parts = [table(summary), ...claimsOf(summary).map(describe), conclusion(summary)];
  await writeOut(`${parts.join('\n\n')}\n`);
}

function table(summary: Summary): string {
  const rows = new Table({
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
    // No line between the rows.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  rows.push(...rowsOf(summary));
  return rows.toString();
}

function rowsOf(summary: Summary): [string, string][] {
  return [
    ['files at the source', formatCount(summary.sourceFiles)],
    ['their size', formatSize(summary.sourceSize)],
    ['processes taking part', `${summary.processes} of ${summary.workers}`],
    ['reads', formatCount(summary.reads)],
    ['reads per second', formatCount(summary.readsPerSecond)],
    ['hits', formatCount(summary.hits)],
    ['misses', formatCount(summary.misses)],
    ['that read along with a fetch', formatCount(summary.followed)],
    ['hit ratio', formatPercent(summary.hitRatio)],
    ['bytes served', formatSize(summary.bytesServed)],
    ['per second', formatThroughput(summary.bytesPerSecond)],
    ['fetches from the source', formatCount(summary.fetches)],
    ['of so many different images', formatCount(summary.imagesFetched)],
    ['that only asked for the rest', formatCount(summary.resumed)],
    ['for each that was needed', summary.redundancy.toFixed(2)],
    ['images cached', formatCount(summary.imagesCached)],
    ['images evicted', formatCount(summary.filesEvicted)],
    ['by the pruner', formatCount(summary.filesPruned)],
    ['during a read', formatCount(summary.evictedDuringReads)],
    ['bytes evicted', formatSize(summary.bytesEvicted)],
    ['size limit', formatSize(summary.maxSize)],
    ['largest size seen', formatSize(summary.largestSize)],
    ['largest size allowed', formatSize(summary.allowedSize)],
    ['fetching processes killed', formatCount(summary.kills)],
    ['their images taken over', formatCount(summary.takeOvers)],
    ['or cleared away', formatCount(summary.cleanedUp)],
    ['hits not counted', formatCount(summary.uncounted)],
    ['lost hits', formatCount(summary.lostHits)],
    ['surplus hits', formatCount(summary.surplusHits)],
    ['wrong bytes', formatCount(summary.wrongBytes)],
  ];
}

function describe({ holds, heading, text }: Claim): string {
  const mark = holds ? paint('green', '✓') : paint('red', '✗');
  return `${mark} ${paint('bold', heading)}\n${wrapText(text, outputColumns(), '  ')}`;
}

function conclusion({ ok, problems }: Summary): string {
  if (ok) return paint('green', 'All is right.');
  return [paint('red', 'Something is wrong:'), ...problems.map((problem) => `  - ${problem}`)].join('\n');
}

/** Plain if stdout is not a terminal, or `NO_COLOR` is set. */
function paint(style: 'green' | 'red' | 'bold', text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
