import { styleText } from 'node:util';

import { Rates } from './rates.ts';
import { drawScreen } from './screen.ts';
import type { Snapshot } from './snapshot.ts';

/** Shows the progress of a run. */
export interface Display {
  /** Shows the state repeatedly, until the returned function is called. */
  follow(look: () => Promise<Snapshot>): () => void;
}

/** For scripts, and if stderr is not a terminal. */
export const silentDisplay: Display = { follow: () => () => {} };

const redrawIntervalMs = 250;

const eraseToEndOfLine = '\u001b[K';
const eraseBelow = '\u001b[J';

/** Shows some lines on a terminal, redraws them in place, and erases them at the end. */
export function liveDisplay(terminal: NodeJS.WriteStream): Display {
  return {
    follow(look) {
      const screen = new Screen(terminal);
      const rates = new Rates();
      let drawing = false;
      const redraw = async () => {
        if (drawing) return;
        drawing = true;
        // A failed snapshot shows nothing: a real failure ends the run by itself.
        const snapshot = await look().catch(() => undefined);
        drawing = false;
        if (snapshot) screen.draw(drawScreen(snapshot, rates.at(snapshot), screen.columns, paint));
      };
      const timer = setInterval(redraw, redrawIntervalMs);
      void redraw();
      return () => {
        clearInterval(timer);
        screen.close();
      };
    },
  };

  /** Plain if `NO_COLOR` is set. */
  function paint(style: 'bold' | 'dim' | 'green' | 'yellow', text: string): string {
    return styleText(style, text, { stream: terminal });
  }
}

/** The part of a terminal that is drawn over. */
class Screen {
  readonly #terminal: NodeJS.WriteStream;
  /** The lengths of the lines on the screen. */
  #drawn: readonly number[] = [];
  #closed = false;

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
  }

  /** Some terminals have no size: 0. A line that reaches the edge might wrap. */
  get columns(): number {
    return (this.#terminal.columns || 80) - 1;
  }

  draw(lines: readonly { readonly length: number; readonly text: string }[]): void {
    if (this.#closed) return;
    const fitting = lines.slice(0, (this.#terminal.rows || 24) - 1);
    const text = fitting.map((line) => line.text + eraseToEndOfLine).join('\n');
    this.#terminal.write(`${this.#home}${text}${eraseBelow}`);
    this.#drawn = fitting.map(({ length }) => length);
  }

  close(): void {
    this.#terminal.write(this.#home + eraseBelow);
    this.#closed = true;
  }

  /** Moves to the start of the first line, also if the terminal has become narrower and the lines wrap now. */
  get #home(): string {
    const columns = this.columns + 1;
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns)), 0);
    return rows > 1 ? `\r\u001b[${rows - 1}A` : '\r';
  }
}
