import { clearLine, cursorTo } from 'node:readline';

import { printable } from './printable.ts';
import { shortenInMiddle } from './text-width.ts';

/** Shows how far a command is. */
export interface ProgressLine {
  /** Asks for the text only if it is to be shown now. */
  show(text: () => string): void;
  /** Takes it off the terminal. */
  end(): void;
}

const redrawIntervalMs = 100;

/** What is done sooner needs no progress. */
const delayMs = 300;

const silent: ProgressLine = { show: () => {}, end: () => {} };

/** One line on the terminal that stderr is, overwritten as it goes and gone at the end; nothing where it is none. */
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
