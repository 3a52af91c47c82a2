import { mkdtempSync, readFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

import { allBars } from '../bars/index.mjs';
import { chooseBars } from './choose-bars.mjs';
import { describeEnvironment } from './environment.mjs';
import { FilledDirectories } from './filled-directories.mjs';
import { buildFloor } from './floor.mjs';
import { checkFloor } from './floor-check.mjs';
import { outcomesOf } from './record.mjs';
import { formatBar, formatEnvironment, formatVerdicts } from './report.mjs';
import { removeDirectory, runBar } from './run-bar.mjs';

/** Measures, or takes what was measured before, and reports it. */
export async function run(flags) {
  const record = flags.from ? JSON.parse(readFileSync(flags.from, 'utf8')) : await measureAll(flags);
  if (!record) return;
  if (flags.json) console.log(JSON.stringify(record));
  else console.log(`\n${formatVerdicts(outcomesOf(record, allBars))}`);
  if (flags.update) {
    const { updateDocuments } = await import('./update-documents.mjs');
    await updateDocuments(record, allBars);
  }
}

/** The record of a whole run; nothing if it was interrupted. Its directory goes, however it ends. */
async function measureAll({ only, quick, trials = quick ? 2 : 5, dir: parent = tmpdir(), json }) {
  const bars = chooseBars(allBars, only);
  const dir = mkdtempSync(join(parent, 'xattr-cache-bench-'));
  const signal = interruption();
  try {
    const context = makeContext({ dir, quick, trials: Number(trials), signal });
    const record = { environment: describeEnvironment(dir), quick, trials: context.trials, bars: [] };
    const { type } = record.environment.fileSystem;
    if (type !== 'ext4') progress(`${dir} is on ${type}: the bars are for ext4`);
    if (!json) console.log(formatEnvironment(record));

    for (const bar of bars) {
      const floorNote = await checkFloor(bar, context);
      const measured = await runBar(bar, context);
      if (floorNote) measured.notes.unshift(floorNote);
      record.bars.push(measured);
      if (!json) console.log(`\n${formatBar(outcomesOf(record, allBars).at(-1))}`);
    }
    return record;
  } catch (error) {
    if (!signal.aborted) throw error;
    progress('interrupted');
    return undefined;
  } finally {
    progress('removing what was made');
    removeDirectory(dir);
  }
}

function interruption() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(name, () => {
      process.exitCode = 128 + constants.signals[name];
      controller.abort();
    });
  }
  return controller.signal;
}

function makeContext({ dir, quick, trials, signal }) {
  const floor = buildFloor(join(dir, 'floor'));
  return {
    dir,
    trials,
    signal,
    floor,
    filled: new FilledDirectories(dir, floor, signal),
    mostEntries: quick ? 100_000 : Number.POSITIVE_INFINITY,
    pace: { warmUpSeconds: quick ? 0.1 : 0.3 },
    override: (spec) => (quick && spec.seconds ? { seconds: 0.1 } : {}),
    progress,
  };
}

function progress(text) {
  console.error(text);
}
