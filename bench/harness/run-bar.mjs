import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { XattrDriver } from '../../dist/index.js';
import { contenders } from './contenders.mjs';
import { runRounds } from './rounds.mjs';
import { runTrial } from './trial.mjs';

/**
 * Runs all cases of a bar. A bar, a case or a contender that cannot be measured here is left out, with a note; so that
 * nothing is compared that was not measured here, a check that needs it answers nothing.
 */
export async function runBar(bar, context) {
  const notes = new Set();
  const raw = {};
  const missing = await bar.missing?.(context);
  if (missing) return { id: bar.id, notes: [`skipped: ${missing}`], trials: raw };
  for (const declared of bar.cases) {
    const benchCase = declared.scalable ? scaledDown(declared, context.mostEntries) : declared;
    if (benchCase !== declared) notes.add(`with ${context.mostEntries.toLocaleString('en')} entries only (--quick)`);
    const leftOut = whyLeftOut(benchCase, context);
    if (leftOut) {
      notes.add(`${benchCase.name}: ${leftOut}`);
      continue;
    }
    const present = benchCase.contenders.filter((name) => {
      const missing = contenders[name].missing(context);
      if (missing) notes.add(`${name}: skipped, ${missing}`);
      return !missing;
    });
    const rounds = Math.min(context.trials, benchCase.rounds ?? context.trials);
    const trials = await runRounds(present, rounds, (name, round) => {
      context.progress(`${bar.id} ${benchCase.name}: round ${round + 1} of ${rounds}, ${name}`);
      return runCaseTrial(bar, benchCase, name, context);
    });
    expectSameAnswers(bar, benchCase, trials);
    raw[benchCase.name] = Object.fromEntries(trials);
  }
  return { id: bar.id, notes: [...notes], trials: raw };
}

function whyLeftOut({ entries, missing }, { mostEntries }) {
  if (entries > mostEntries) return `left out, --quick goes to ${mostEntries.toLocaleString('en')} entries`;
  const reason = missing?.();
  return reason && `skipped, ${reason}`;
}

function scaledDown(benchCase, most) {
  if (benchCase.entries <= most) return benchCase;
  const refill = benchCase.refill && most / 10;
  return { ...benchCase, entries: most, refill, spec: { ...benchCase.spec, entries: most } };
}

/** Walks of the same directory must find the same. */
function expectSameAnswers(bar, { name }, trials) {
  const answers = [...trials].flatMap(([contender, all]) => all.map(({ answer }) => [contender, answer]));
  const [first] = answers;
  for (const [contender, answer] of answers) {
    if (answer === first[1]) continue;
    throw new Error(`${bar.id} ${name}: ${contender} answers ${answer}, ${first[0]} ${first[1]}`);
  }
}

async function runCaseTrial(bar, benchCase, name, context) {
  const { entries, refill, inInvalid } = benchCase;
  const dir = entries ? await directoryOf(benchCase, context) : freshDirectory(context);
  const spec = { ...context.pace, ...benchCase.spec, ...context.override(benchCase.spec), dir };
  if (!entries && contenders[name].isFloor) await prepareForFloor(dir, spec.size);
  await benchCase.prepare?.(dir, context);
  try {
    return await runTrial(commandOf(bar, name, spec, context), context.signal);
  } finally {
    if (!context.signal.aborted) {
      if (refill) await context.filled.refill(entries, refill);
      if (!bar.leavesManyFiles && (!entries || inInvalid)) removeDirectory(dir);
    }
  }
}

export function commandOf(bar, name, spec, context) {
  return contenders[name].command(bar, spec, context);
}

/** The programs in C know the layout, and expect one image. */
export async function prepareForFloor(dir, size = 4096) {
  const driver = await XattrDriver.open({ dir });
  driver.writeImageSync('image', Buffer.alloc(size));
  await driver.close();
}

function directoryOf({ entries, inInvalid }, { filled }) {
  return inInvalid ? filled.asInvalid(entries) : filled.of(entries);
}

let directories = 0;
export function freshDirectory({ dir }) {
  const fresh = join(dir, `trial-${directories++}`);
  mkdirSync(fresh);
  return fresh;
}

/** With rm, which is faster with many files than Node is; and what was written by one trial is not left to the next. */
export function removeDirectory(dir) {
  execFileSync('rm', ['-rf', dir]);
}
