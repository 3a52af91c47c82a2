// Design, section 8: die at each call, with a second process that reads the same image. The leader is killed as it enters
// a system call, and this process follows or takes over. Then the follower is killed, and this process leads.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after as afterAll, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ImageCache } from '../../dist/index.js';
import { isFull } from '../support/scale.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { after } from './operations/scenes.mjs';
import { operations } from './operations.mjs';
import { assertSound } from './support/aftermath.mjs';
import { needsStrace } from './support/strace.mjs';
import { sweep } from './support/sweep.mjs';
import { traceOperation } from './support/trace-operation.mjs';
import { TracedHost } from './support/traced-host.mjs';

const sampleSize = 8;
const half = 10;
const operation = operations.find(({ name }) => name === 'fetch, slowly');

describe('a process that shares an image with this one', { skip: needsStrace }, () => {
  let nextVictim;

  afterAll(() => nextVictim?.kill());

  test('a leader – killed at any call – its follower gets every byte', async (t) => {
    const host = new TracedHost();
    const calls = await traceOperation(host, operation);
    await host.kill();
    await sweep(t, deathsAt(calls), sampleSize, async (dir, _operation, point) => {
      const cache = await ImageCache.open({ dir });
      const { died, read } = await withVictim(dir, point, () => readAll(cache, fromSource));
      await cache.close();
      assert.equal(read, String(after));
      // One that dies between its attribute and its rename leaves nothing to take over, nor an image.
      await assertSound(dir, operation, { done: false });
      return died;
    });
  });

  test('a follower – killed at any call – the fetch completes', async (t) => {
    const calls = await traceFollower(await temporaryDirectory(t));
    const outcomes = [];
    await sweep(t, deathsAt(calls), sampleSize, async (dir, _operation, point) => {
      const { cache, reading, finish } = await beginFetch(dir);
      const { died } = await withVictim(dir, point, finish);
      assert.equal(await within(10_000, reading, 'reading'), String(after));
      await cache.close();
      await assertSound(dir, operation, { done: true });
      outcomes.push(died);
      return true; // How often it looks is a matter of time, so that some calls are not made each time.
    });
    const deaths = outcomes.filter((died) => died).length;
    t.diagnostic(`${deaths} deaths`);
    if (isFull) assert(deaths > outcomes.length / 2);
  });

  /** Runs the operation in a process that is killed at the point, or in the end, and `partner` at the same time. */
  async function withVictim(dir, point, partner) {
    const victim = nextVictim ?? new TracedHost();
    nextVictim = new TracedHost(); // Starts meanwhile.
    try {
      await victim.prepare(operation.name, dir);
      const dying = victim.runWithFault(point, 'signal=SIGKILL');
      dying.catch(() => {});
      await sleep(30); // So that it can claim, or follow.
      const [read, { died }] = await within(10_000, Promise.all([partner(), dying]), 'the partner');
      return { died, read };
    } finally {
      await victim.kill();
    }
  }
});

function deathsAt(calls) {
  return [{ operation, points: calls.map((call) => ({ ...call, fault: 'death' })) }];
}

/** The calls of a process that reads along with a fetch of this one. */
async function traceFollower(root) {
  const host = new TracedHost();
  let calls;
  for (const dir of [join(root, 'first'), join(root, 'traced')]) {
    const { cache, reading, finish } = await beginFetch(dir);
    await host.prepare(operation.name, dir);
    const tracing = host.trace(dir);
    await sleep(30);
    finish();
    calls = await tracing;
    await reading;
    await host.finish();
    await cache.close();
  }
  await host.kill();
  return calls.filter(({ ours, thread }) => ours && ['main', 'pool'].includes(thread));
}

/** Fetches in this process to the middle of the image, and the rest when it is told to. */
async function beginFetch(dir) {
  const cache = await ImageCache.open({ dir });
  let finish;
  let reportBegun;
  const held = new Promise((resolve) => {
    finish = resolve;
  });
  const begun = new Promise((resolve) => {
    reportBegun = resolve;
  });
  async function* inTwo() {
    yield after.subarray(0, half);
    reportBegun();
    await held;
    yield after.subarray(half);
  }
  const reading = readAll(cache, () => ({ offset: 0, body: inTwo() }));
  await begun;
  return { cache, reading, finish };
}

function fromSource(_imageId, { offset }) {
  const from = offset === half ? half : 0;
  return { offset: from, body: [after.subarray(from)] };
}

async function readAll(cache, fetch) {
  const chunks = [];
  for await (const chunk of await cache.getOrFetch('a', fetch)) chunks.push(chunk);
  return String(Buffer.concat(chunks));
}
