import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { withoutPrefix } from '../terminal/failure.ts';
import { printableMessage } from '../terminal/printable.ts';
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
import { addRecoverCommand } from './commands/recover.ts';
import { addStatsCommand } from './commands/stats.ts';
import { addSyncCommand } from './commands/sync.ts';
import { addVerifyCommand } from './commands/verify.ts';

const epilogue = `
Exit codes: 0 done; 1 failed, or done in part; 2 wrong usage, including impossible
ids; 130 after Ctrl-C. With --json, stdout is one object, with the key "error" if
and only if the exit code is 1 or 2. docs/command-line.md describes the objects.`;

/** Returns the program with all commands. With `quiet`, commander prints no errors: the caller reports them. */
export function createProgram({ quiet }: { readonly quiet: boolean }): Command {
  const manifest = JSON.parse(readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8'));
  const program = new Command('xattr-cache')
    .description('A disk cache for large immutable blobs, shared by any number of processes.')
    .version(manifest.version)
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', epilogue);
  program.configureOutput({
    outputError: (text, write) => write(`xattr-cache: ${printableMessage(withoutPrefix(text))}`),
  });
  if (quiet) program.configureOutput({ writeErr: () => {} });
  takeOptionsBefore(program);

  program.commandsGroup('Inspect:');
  addListCommand(program);
  addStatsCommand(program);
  addErrorsCommand(program);
  program.commandsGroup('Images:');
  addPutCommand(program);
  addGetCommand(program);
  addDeleteCommand(program);
  program.commandsGroup('Prefetching:');
  addQueueCommands(program);
  addPrefetchCommand(program);
  program.commandsGroup('Maintenance:');
  addPruneCommand(program);
  addCleanCommand(program);
  addVerifyCommand(program);
  addSyncCommand(program);
  addRecoverCommand(program);
  return program;
}
