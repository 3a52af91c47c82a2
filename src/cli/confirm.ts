import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { CliError, cliErrorCode, UsageError } from '../terminal/cli-error.ts';
import { printable } from '../terminal/printable.ts';

/** Checks that the user can be asked. @throws {@link UsageError} if stdin or stderr is not a terminal */
export function assertCanAsk(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return;
  throw new UsageError('--all needs confirmation: pass --yes when stdin or stderr is not a terminal');
}

/** Asks on the terminal, and returns after a yes. @throws {@link CliError} after any other answer */
export async function confirm(question: string, signal: AbortSignal): Promise<void> {
  // `terminal: false`: otherwise readline would handle Ctrl-C itself.
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
