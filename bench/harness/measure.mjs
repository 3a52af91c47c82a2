import { accessSync } from 'node:fs';

/**
 * Runs an operation again and again, in batches that are each timed as a whole; floor/timing.h and peers/glance_driver.py do it in
 * the same way. `operation(number)` may answer a promise; one that does not is not awaited, so that a call that needs no
 * turn of the event loop is not charged for one.
 *
 * @returns nanoseconds per operation of each batch, and how many operations there were with those of the warm-up
 */
export async function measure(operation, { warmUpSeconds, seconds, batch, operations }) {
  const first = operation(0);
  const runBatch = first instanceof Promise ? awaitBatch : callBatch;
  await first;
  let number = 1;

  if (operations) {
    number += await marked(() => runBatch(operation, number, operations));
    return { batches: [0], operations: number };
  }

  const time = async () => {
    const start = process.hrtime.bigint();
    number += await runBatch(operation, number, batch);
    return Number(process.hrtime.bigint() - start);
  };
  for (let spent = 0; spent < warmUpSeconds * 1e9; ) spent += await time();
  const batches = [];
  for (let spent = 0; spent < seconds * 1e9 || batches.length < 5; ) {
    const took = await time();
    spent += took;
    batches.push(took / batch);
  }
  return { batches, operations: number };
}

/** Between two calls of access(2) that are found in the output of strace. */
export async function marked(run) {
  mark('begin');
  const result = await run();
  mark('end');
  return result;
}

function mark(name) {
  try {
    accessSync(`/xattr-cache-bench/${name}`);
  } catch {
    // It is not there; the attempt is what is looked for.
  }
}

function callBatch(operation, from, count) {
  for (let i = from; i < from + count; i++) operation(i);
  return count;
}

async function awaitBatch(operation, from, count) {
  for (let i = from; i < from + count; i++) await operation(i);
  return count;
}

/** Runs an operation as often as asked after as many warm-ups; milliseconds of each, and the last answer. */
export async function measureRuns(operation, { warmUpRuns, runs, mark: isMarked }) {
  let answer;
  for (let i = 0; i < warmUpRuns; i++) await operation();
  const batches = [];
  const timeRuns = async () => {
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      answer = await operation();
      batches.push(performance.now() - start);
    }
  };
  await (isMarked ? marked(timeRuns) : timeRuns());
  return { batches, answer };
}
