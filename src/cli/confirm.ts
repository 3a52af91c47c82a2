import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { CliError, cliErrorCode, UsageError } from '../terminal/cli-error.ts';
import { printable } from '../terminal/printable.ts';

/** @throws {@link UsageError} if there is nobody to ask */
export function assertCanAsk(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return;
  throw new UsageError('--all needs a yes, and there is no terminal to ask at: give --yes');
}

/** Goes on only if somebody at the terminal says yes. @throws {@link CliError} for any other answer */
export async function confirm(question: string, signal: AbortSignal): Promise<void> {
  // `terminal: false`: else readline would take Ctrl-C for itself.
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write(`${printable(question)} [y/N] `);
  try {
    const ended = once(lines, 'close', { signal }).then(() => ['']);
    const [answer] = await Promise.race([once(lines, 'line', { signal }), ended]);
    if (!/^y(es)?$/i.test(String(answer).trim())) throw new CliError(cliErrorCode.declined, 'nothing was done');
  } finally {
    lines.close();
    process.stdin.pause();
  }
}
