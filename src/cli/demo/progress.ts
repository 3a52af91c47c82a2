import { clearLine, cursorTo } from 'node:readline';

import { formatCount, formatPercent, formatThroughput } from '../format.ts';
import { formatSize } from '../size.ts';
import type { Tally } from './tally.ts';

/** How it stands just now. */
export interface Snapshot {
  readonly tally: Readonly<Tally>;
  /** Bytes in the cache. */
  readonly cacheSize: number;
  readonly limit: number;
}

/** Shows how a run goes. */
export interface ProgressDisplay {
  /** Asks for the state again and again and shows it, until the returned function is called. */
  follow(look: () => Promise<Snapshot>): () => void;
}

/** For scripts, and where stderr is no terminal. */
export const silentProgress: ProgressDisplay = { follow: () => () => {} };

const redrawIntervalMs = 250;

/** One line on a terminal, overwritten as it goes and gone at the end. */
export function progressLine(terminal: NodeJS.WriteStream): ProgressDisplay {
  return {
    follow(look) {
      const startedMs = performance.now();
      let stopped = false;
      const timer = setInterval(async () => {
        // A look that fails shows nothing; whatever is wrong ends the run by itself.
        const snapshot = await look().catch(() => undefined);
        if (snapshot && !stopped) overwrite(terminal, describe(snapshot, (performance.now() - startedMs) / 1000));
      }, redrawIntervalMs);
      return () => {
        stopped = true;
        clearInterval(timer);
        overwrite(terminal, '');
      };
    },
  };
}

function describe({ tally, cacheSize, limit }: Snapshot, seconds: number): string {
  const bytesServed = tally.bytesFromCache + tally.bytesFromSource;
  return [
    `${seconds.toFixed(0)} s`,
    `${formatCount(tally.reads)} reads`,
    `${formatPercent(tally.reads === 0 ? 0 : tally.hits / tally.reads)} hits`,
    formatThroughput(bytesServed / seconds),
    `${formatSize(cacheSize)} of ${formatSize(limit)}`,
    `${formatCount(tally.filesEvicted)} evicted`,
  ].join('  ');
}

function overwrite(terminal: NodeJS.WriteStream, line: string): void {
  cursorTo(terminal, 0);
  // A line that reaches the edge would wrap, and the next one would not overwrite it. Some terminals have no size: 0.
  terminal.write(line.slice(0, (terminal.columns || 80) - 1));
  clearLine(terminal, 1);
}
