import { clearLine, cursorTo } from 'node:readline';

import { printable } from './printable.ts';
import { shortenInMiddle } from './text-width.ts';

/** Progress of a command on the terminal. */
export interface ProgressLine {
  /** Shows the text. `text` is called only if the line is redrawn now. */
  show(text: () => string): void;
  /** Removes the line from the terminal. */
  end(): void;
}

export const redrawIntervalMs = 100;

/** Time in milliseconds before the first progress. */
const delayMs = 300;

const silent: ProgressLine = { show: () => {}, end: () => {} };

/**
 * Returns a line on the terminal of stderr that is overwritten, and removed at the end. Without a terminal, shows
 * nothing.
 */
export function progressLine({ quiet = false }: { readonly quiet?: boolean | undefined } = {}): ProgressLine {
  const terminal = process.stderr;
  if (quiet || !terminal.isTTY || process.env['TERM'] === 'dumb') return silent;

  let dueMs = performance.now() + delayMs;
  let dirty = false;
  return {
    show(text) {
      const nowMs = performance.now();
      if (nowMs < dueMs) return;
      dueMs = nowMs + redrawIntervalMs;
      dirty = true;
      overwrite(terminal, text());
    },
    end() {
      if (dirty) overwrite(terminal, '');
      dirty = false;
    },
  };
}

function overwrite(terminal: NodeJS.WriteStream, line: string): void {
  cursorTo(terminal, 0);
  // A line that reaches the edge would wrap, and the next one would not overwrite it. Some terminals have no size: 0.
  terminal.write(shortenInMiddle(printable(line), (terminal.columns || 80) - 1));
  clearLine(terminal, 1);
}
