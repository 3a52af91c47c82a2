// Measures this package beside its peers and beside the bare system calls: `npm run bench -- --help`.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { installPeers } from './harness/install.mjs';

const usage = `Usage: npm run bench -- [options]

  --only P3,P4   only these bars: P1 … P10, "fetch" for F1 … F5, "durability" for D1 and D2, or "others" for the rest
  --quick        short trials, two rounds, at most 100,000 entries: to find errors, not to quote
  --trials N     rounds of each comparison (default 5)
  --dir DIR      where to work (default: the system's temporary directory); ext4 is what the bars are for
  --json         one JSON object with everything, on standard output
  --update       write the tables and plots of docs/benchmarks.md from this run
  --from FILE    measure nothing, take what --json printed before
  --help         this text`;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    trials: { type: 'string' },
    dir: { type: 'string' },
    json: { type: 'boolean', default: false },
    from: { type: 'string' },
    update: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (flags.help) {
  console.log(usage);
} else if (flags.trials !== undefined && !(Number(flags.trials) >= 1)) {
  console.error('--trials wants a number, at least 1');
  process.exitCode = 2;
} else if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  console.error('There is no dist/ yet: run npm ci first.');
  process.exitCode = 2;
} else {
  installPeers();
  const { run } = await import('./harness/run.mjs');
  await run(flags).catch((error) => {
    // What was measured is wrong, or cannot be measured: where it happened is of no interest.
    console.error(error.message);
    process.exitCode ||= 1;
  });
}
