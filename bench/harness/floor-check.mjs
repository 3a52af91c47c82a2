import { join } from 'node:path';

import { commandOf, freshDirectory, prepareForFloor, removeDirectory } from './run-bar.mjs';
import { countCalls, difference, perOperation, straceIsThere, trace } from './strace.mjs';

const operations = 40;
const entries = 1_000;

/**
 * Checks that the C program makes the same system calls as ours, as often: once, before the measurement, on a directory of its
 * own. Returns a line of text, or nothing for a bar without a floor.
 */
export async function checkFloor(bar, context) {
  if (!bar.floor?.same || context.floor.missing) return undefined;
  if (!straceIsThere()) return 'not compared with the floor call by call: strace is missing or may not trace';
  context.progress(`${bar.id}: the same system calls as the floor?`);
  const ours = await callsOf(bar, bar.floor.same, context);
  const floor = await callsOf(bar, 'C', context);
  const more = difference(ours, floor);
  const per = bar.cases[0].entries ? `for ${entries.toLocaleString('en')} entries` : 'per operation';
  if (more === '')
    return `${bar.floor.same} makes the system calls of the floor, no more and no less (${describe(floor)} ${per})`;
  return `${bar.floor.same} makes other system calls than the floor, ${per}: ${more}`;
}

function describe(calls) {
  return Object.entries(calls)
    .map(([name, count]) => (count === 1 ? name : `${count} ${name}`))
    .join(', ');
}

async function callsOf(bar, name, context) {
  const [benchCase] = bar.cases;
  const log = join(context.dir, 'strace.log');
  if (benchCase.entries) {
    const dir = await context.filled.of(entries);
    const victims = benchCase.spec.victims ? entries / 10 : 0;
    const spec = { ...benchCase.spec, entries, victims, warmUpRuns: 0, runs: 1, mark: true, dir };
    const calls = countCalls(trace(commandOf(bar, name, spec, context), log));
    if (victims > 0) await context.filled.refill(entries, victims);
    return calls;
  }
  const dir = freshDirectory(context);
  if (name === 'C') await prepareForFloor(dir);
  const spec = { ...context.pace, ...benchCase.spec, operations, dir };
  const calls = perOperation(countCalls(trace(commandOf(bar, name, spec, context), log)), operations);
  removeDirectory(dir);
  return calls;
}
