import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { withoutSecrets } from '../reason.ts';
import { printableLines } from '../terminal/printable.ts';
import { takeOptionsBefore } from './cache-options.ts';
import { addCleanCommand } from './commands/clean.ts';
import { addDeleteCommand } from './commands/delete.ts';
import { addErrorsCommand } from './commands/errors.ts';
import { addGetCommand } from './commands/get.ts';
import { addListCommand } from './commands/list.ts';
import { addPrefetchCommand } from './commands/prefetch.ts';
import { addPruneCommand } from './commands/prune.ts';
import { addPutCommand } from './commands/put.ts';
import { addQueueCommands } from './commands/queue.ts';
import { addStatsCommand } from './commands/stats.ts';
import { addVerifyCommand } from './commands/verify.ts';

const epilogue = `
Exit codes: 0 done; 1 failed, or done in part (it says which); 2 wrong usage, an
id that cannot be one included; 130 after Ctrl-C. With --json stdout is one object,
with the key "error" if the exit code is 1 or 2, and only then.
docs/command-line.md describes the objects.`;

/** All commands. With `quiet`, commander leaves it to us to say what is wrong. */
export function createProgram({ quiet }: { readonly quiet: boolean }): Command {
  const manifest = JSON.parse(readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8'));
  const program = new Command('xattr-cache')
    .description('A disk cache for large immutable blobs, shared by any number of processes.')
    .version(manifest.version)
    .exitOverride()
    .showHelpAfterError('(--help says what there is)')
    .addHelpText('after', epilogue);
  program.configureOutput({ outputError: (text, write) => write(printableLines(withoutSecrets(text))) });
  if (quiet) program.configureOutput({ writeErr: () => {} });
  takeOptionsBefore(program);

  program.commandsGroup('Look into it:');
  addListCommand(program);
  addStatsCommand(program);
  addErrorsCommand(program);
  program.commandsGroup('Images:');
  addPutCommand(program);
  addGetCommand(program);
  addDeleteCommand(program);
  program.commandsGroup('Fetch what will be wanted:');
  addQueueCommands(program);
  addPrefetchCommand(program);
  program.commandsGroup('Keep it tidy:');
  addPruneCommand(program);
  addCleanCommand(program);
  addVerifyCommand(program);
  return program;
}
