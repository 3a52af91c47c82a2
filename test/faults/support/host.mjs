// Runs one operation at a time for the process that forked this one and traces it (see traced-host.mjs). What is open is
// compared while the driver is, since a writer that has ended keeps the directory open until it is collected.

import { pbkdf2 } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

import { CacheError, setXattrSync, XattrDriver } from '../../../dist/index.js';
import { operations } from '../operations.mjs';

let scene;
let operation;
let descriptors;

const steps = {
  async prepare({ name, dir }) {
    operation = operations.find((one) => one.name === name);
    scene = { dir, driver: await XattrDriver.open({ dir, ...operation.options }), answer: undefined, error: undefined };
    descriptors = openDescriptors();
    if (operation.before !== undefined) {
      await scene.driver.writeImage('a', operation.before);
      setXattrSync(scene.driver.getImageFilepath('a'), 'hits', operation.hits ?? 0);
    }
    await operation.prepare?.(scene);
  },

  async run() {
    try {
      scene.answer = await operation.run(scene);
    } catch (error) {
      scene.error = error;
    }
  },

  async finish({ excused }) {
    const { error, answer } = scene;
    let complaint;
    try {
      complaint = await operation.finish?.({ ...scene, excused });
    } catch (problem) {
      complaint = `it cannot go on: ${problem.stack}`;
    }
    const leaked = await descriptorsLeft();
    await scene.driver.close();
    scene = undefined;
    const outcome = error === undefined ? { answer } : { error: described(error) };
    return { ...outcome, complaint, leaked };
  },
};

process.on('message', async ({ step, args }) => {
  try {
    process.send({ value: await steps[step](args) });
  } catch (error) {
    process.send({ failure: error.stack });
  }
});
process.on('disconnect', () => process.exit());
process.send({ value: await findPoolThread() });

/** The one that gets to work when the pool has work. */
async function findPoolThread() {
  await stat('/'); // It is made when it is first used.
  const threads = readdirSync('/proc/self/task').map(Number);
  const workedFor = (thread) => Number(readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  const others = threads.filter((thread) => thread !== process.pid);
  const before = new Map(others.map((thread) => [thread, workedFor(thread)]));
  await promisify(pbkdf2)('', '', 20_000, 64, 'sha512');
  const worked = others.map((thread) => ({ thread, time: workedFor(thread) - before.get(thread) }));
  return worked.reduce((most, one) => (one.time > most.time ? one : most)).thread;
}

function described(error) {
  const { name, code, syscall, stack } = error;
  return { name, code, syscall, stack, typed: CacheError.is(error) };
}

function openDescriptors() {
  const open = new Map();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      open.set(fd, readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The listing's own.
    }
  }
  return open;
}

/** Resolves to those that stay open: an image is closed in the pool, after the call that it was opened for. */
async function descriptorsLeft() {
  const deadlineMs = performance.now() + 1000;
  while (newDescriptors().length > 0 && performance.now() < deadlineMs) await setTimeout(5);
  return newDescriptors();
}

function newDescriptors() {
  return [...openDescriptors()].filter(([fd, what]) => descriptors.get(fd) !== what).map(([, what]) => what);
}
