import { mkdtempSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

import { allBars } from '../bars/index.mjs';
import { chooseBars } from './choose-bars.mjs';
import { describeEnvironment } from './environment.mjs';
import { FilledDirectories } from './filled-directories.mjs';
import { buildFloor } from './floor.mjs';
import { checkFloor } from './floor-check.mjs';
import { formatBar, formatEnvironment, formatVerdicts } from './report.mjs';
import { removeDirectory, runBar } from './run-bar.mjs';

/** The whole run. Its directory goes, however it ends. */
export async function run({ only, quick, trials, dir: parent = tmpdir(), json, update }) {
  const bars = chooseBars(allBars, only);
  const dir = mkdtempSync(join(parent, 'xattr-cache-bench-'));
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(name, () => {
      process.exitCode = 128 + constants.signals[name];
      interruption.abort();
    });
  }
  try {
    const environment = describeEnvironment(dir);
    if (environment.fileSystem.type !== 'ext4') {
      progress(`${dir} is on ${environment.fileSystem.type}: the bars are for ext4`);
    }
    const context = makeContext({ dir, quick, trials: Number(trials ?? (quick ? 2 : 5)), signal: interruption.signal });
    const outcomes = [];
    if (!json) console.log(formatEnvironment(environment, context));
    for (const bar of bars) {
      const floorNote = await checkFloor(bar, context);
      const outcome = await runBar(bar, context);
      if (floorNote) outcome.notes.unshift(floorNote);
      outcomes.push(outcome);
      if (!json) console.log(`\n${formatBar(outcome)}`);
    }
    if (json) console.log(JSON.stringify(toJson(environment, context, outcomes)));
    else console.log(`\n${formatVerdicts(outcomes)}`);
    if (update) {
      const { updateDocuments } = await import('./update-documents.mjs');
      await updateDocuments({ environment, context, outcomes });
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    progress('interrupted');
  } finally {
    progress('removing what was made');
    removeDirectory(dir);
  }
}

function makeContext({ dir, quick, trials, signal }) {
  const floor = buildFloor(join(dir, 'floor'));
  return {
    dir,
    quick,
    trials,
    signal,
    floor,
    filled: new FilledDirectories(dir, floor.program('fill')),
    mostEntries: quick ? 100_000 : Number.POSITIVE_INFINITY,
    pace: { warmUpSeconds: quick ? 0.1 : 0.3 },
    override: (spec) => (quick && spec.seconds ? { seconds: 0.1 } : {}),
    progress,
  };
}

function progress(text) {
  console.error(text);
}

function toJson(environment, { quick, trials }, outcomes) {
  return {
    environment,
    quick,
    trials,
    bars: outcomes.map(({ bar, results, raw, notes }) => ({
      id: bar.id,
      title: bar.title,
      unit: bar.unit,
      notes,
      checks: bar.checks.map((check) => ({ text: check.text, ...check.evaluate(results) })),
      trials: raw,
    })),
  };
}
