import { isDeepStrictEqual } from 'node:util';

import { blocked, emptyState, operations } from './steps.mjs';

/**
 * Explains the results of `calls` (`{ operation, version }`, all begun concurrently) and the state that they left by some
 * order of their steps. Returns 'serial' if the calls one after another explain them, 'interleaved' if only a mixture of
 * their steps does, and nothing if no order does.
 */
export function explain(before, calls, answers, after) {
  const matches = (schedule) => {
    const outcome = play(before, calls, schedule);
    return (
      outcome !== undefined && isDeepStrictEqual(outcome.answers, answers) && isDeepStrictEqual(outcome.seen, after)
    );
  };
  if (search(before, calls, matches, true)) return 'serial';
  if (search(before, calls, matches, false)) return 'interleaved';
  return undefined;
}

/** Returns the part of a state that is visible from outside, once no operation is running. */
export function seen({ image, files, queued, writer }) {
  const { version, hits } = image === 0 ? { version: undefined, hits: 0 } : files[image];
  return { version, hits, queued, writing: writer !== undefined };
}

/** The state of which this is seen. */
export function stateOf({ version, hits, queued }) {
  if (version === undefined) return { ...emptyState(), queued };
  return { ...emptyState(), queued, image: 1, files: [{}, { version, hits, looks: 0 }] };
}

/** Goes through all orders of steps, or of whole calls, until one matches. A schedule is the calls' numbers, step by step. */
function search(before, calls, matches, whole) {
  const extend = (schedule) => {
    const running = runningAfter(before, calls, schedule);
    if (running === undefined) return false;
    if (running.length === 0) return matches(schedule);
    const last = schedule.at(-1);
    const next = whole && running.includes(last) ? [last] : running;
    return next.some((call) => extend([...schedule, call]));
  };
  return extend([]);
}

function runningAfter(before, calls, schedule) {
  const run = start(before, calls);
  for (const call of schedule) if (!step(run, call)) return undefined;
  return calls.map((_, call) => call).filter((call) => !run.done[call]);
}

function play(before, calls, schedule) {
  const run = start(before, calls);
  for (const call of schedule) if (!step(run, call)) return undefined;
  return { answers: run.answers, seen: seen(run.state) };
}

function start(before, calls) {
  const state = structuredClone(before);
  const steps = calls.map(({ operation, version }) => operations[operation](state, version));
  return { state, steps, answers: [], done: [] };
}

/** False if that call cannot go on now. */
function step({ steps, answers, done }, call) {
  try {
    const result = steps[call].next();
    if (result.done) {
      answers[call] = result.value;
      done[call] = true;
    }
    return true;
  } catch (error) {
    if (error !== blocked) throw error;
    return false;
  }
}
