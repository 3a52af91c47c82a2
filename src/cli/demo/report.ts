import { styleText } from 'node:util';
import Table from 'cli-table3';

import { formatCount, formatCountOf, formatPercent, formatThroughput } from '../format.ts';
import { formatSize } from '../size.ts';
import { wrapText } from '../wrap-text.ts';
import type { Summary } from './summary.ts';

/** What a run was, and what it shows, for people. */
export function printReport(summary: Summary): void {
  process.stdout.write(`${[table(summary), ...claims(summary), conclusion(summary)].join('\n\n')}\n`);
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
    ['hits', formatCount(summary.hits)],
    ['misses', formatCount(summary.misses)],
    ['hit ratio', formatPercent(summary.hitRatio)],
    ['bytes served', formatSize(summary.bytesServed)],
    ['per second', formatThroughput(summary.bytesPerSecond)],
    ['images cached', formatCount(summary.imagesCached)],
    ['images evicted', formatCount(summary.filesEvicted)],
    ['bytes evicted', formatSize(summary.bytesEvicted)],
    ['size limit', formatSize(summary.maxSize)],
    ['largest size seen', formatSize(summary.largestSize)],
    ['hits not counted', formatCount(summary.uncounted)],
    ['lost hits', formatCount(summary.lostHits)],
    ['surplus hits', formatCount(summary.surplusHits)],
    ['wrong bytes', formatCount(summary.wrongBytes)],
  ];
}

function claims(summary: Summary): string[] {
  return [
    claim(summary.wrongBytes === 0, 'Never a wrong byte.', accountOfBytes(summary)),
    claim(summary.lostHits === 0 && summary.surplusHits === 0, 'Every hit accounted for.', accountOfHits(summary)),
    claim(summary.filesEvicted > 0 && summary.cacheSize <= summary.maxSize, 'Bounded.', accountOfSize(summary)),
    claim(
      summary.processes > 1,
      'Shared.',
      `${formatCountOf(summary.processes, 'process', 'processes')} read, wrote and evicted in one directory at the ` +
        'same time, with nothing between them but the file system: no server, no index, no messages.',
    ),
  ];
}

function accountOfBytes(summary: Summary): string {
  return (
    `${formatCountOf(summary.hits, 'read')} were answered from the cache, and each byte of them ` +
    `(${formatSize(summary.bytesFromCache)}) was compared with the file it came from. So was, at the end, all that ` +
    `lies in the cache. Bytes that differ: ${formatCount(summary.wrongBytes)}.`
  );
}

function accountOfHits(summary: Summary): string {
  const sentences = [
    `A hit is counted on the image itself. The processes were told of ${formatCount(summary.hitsConfirmed)} hits ` +
      `that they are counted. Found: ${formatCount(summary.hitsOnDisk)} on the images that are still cached (the ` +
      `attribute user.hits), and ${formatCount(summary.hitsEvicted)} in the reports of the evictions, together ` +
      `${formatCount(summary.hitsOnDisk + summary.hitsEvicted)}.`,
  ];
  if (summary.hitsBefore > 0) {
    sentences.push(`${formatCount(summary.hitsBefore)} of these were there before.`);
  }
  if (summary.uncounted > 0) {
    sentences.push(
      `${formatCountOf(summary.uncounted, 'more read was', 'more reads were')} answered in full, and reported as not ` +
        'counted, since the image was evicted while it was being read.',
    );
  }
  sentences.push(`Lost: ${formatCount(summary.lostHits)}; too many: ${formatCount(summary.surplusHits)}.`);
  return sentences.join(' ');
}

function accountOfSize(summary: Summary): string {
  return (
    `All files together are ${formatSize(summary.sourceSize)}; the cache is limited to ` +
    `${formatSize(summary.maxSize)}. When a process had put an image and found the cache beyond that, it evicted ` +
    'what had not been read for longest, while the reading went on: ' +
    `${formatCountOf(summary.filesEvicted, 'image')}. With what several processes had put at the same moment, the ` +
    `cache was seen as large as ${formatSize(summary.largestSize)}; at the end it is ${formatSize(summary.cacheSize)}.`
  );
}

function claim(holds: boolean, heading: string, text: string): string {
  const mark = holds ? paint('green', '✓') : paint('red', '✗');
  return `${mark} ${paint('bold', heading)}\n${wrapText(text, process.stdout.columns, '  ')}`;
}

function conclusion({ ok, problems }: Summary): string {
  if (ok) return paint('green', 'All is right.');
  return [paint('red', 'Something is wrong:'), ...problems.map((problem) => `  - ${problem}`)].join('\n');
}

/** Plain where stdout is no terminal, or `NO_COLOR` is set. */
function paint(style: 'green' | 'red' | 'bold', text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
