// Several processes, each with several threads, that all begin at one moment.

import { fork } from 'node:child_process';
import { once } from 'node:events';

import { defer } from '../../support/defer.mjs';
import { isFull } from '../../support/scale.mjs';
import { now } from './clock.mjs';

const member = new URL('./member.mjs', import.meta.url);

/** How long those work that work for a time. */
export const teamMs = isFull ? 15_000 : 400;

const mostRounds = 20;

/** How often those meet who appoint moments to meet at. */
export const meetings = isFull ? 3_000 : 60;

/**
 * Runs a team over the cache in `dir`, and resolves to what each thread reports. `processes` is a list of processes, each
 * a list of threads, each `[role, options]`: the role is a function that `roles` exports, the URL of a module.
 */
export async function runTeam(t, dir, roles, processes) {
  const children = processes.map((threads, process) => {
    const child = fork(member, { serialization: 'advanced' });
    const exited = once(child, 'exit');
    defer(t, async () => {
      child.kill('SIGKILL');
      await exited;
    });
    const spare = { dir, roles: String(roles), teamMs, process };
    child.send(threads.map(([role, options = {}], thread) => ({ ...spare, role, options, thread })));
    return { child, exited };
  });
  const answers = () => Promise.all(children.map(answer));
  await answers(); // ready
  const start = now() + 20;
  const reports = answers();
  for (const { child } of children) child.send(start);
  return (await reports).flat();
}

/**
 * Runs `round` until it has met what it is there for, since a round without contention shows nothing.
 * `round` answers whether it did.
 */
export async function untilMet(round, what) {
  for (let rounds = 1; rounds <= mostRounds; rounds++) if (await round()) return;
  throw new Error(`${what} did not happen in ${mostRounds} rounds: the test shows nothing`);
}

export const sum = (reports, key) => reports.reduce((total, report) => total + (report[key] ?? 0), 0);

export const all = (reports, key) => reports.flatMap((report) => report[key] ?? []);

/** `count` processes of `threads` threads, all in one role. */
export const crowd = (role, options, count = 2, threads = 2) =>
  Array.from({ length: count }, () => Array.from({ length: threads }, () => [role, options]));

async function answer({ child, exited }) {
  const died = exited.then(([code, signal]) => {
    throw new Error(`a process of the team ended with ${code ?? signal} before it was done`);
  });
  died.catch(() => {});
  const [message] = await Promise.race([once(child, 'message'), died]);
  return message;
}
