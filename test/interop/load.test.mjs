// Several processes of Glance and several of ours run all operations on one directory, all concurrently.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { defer } from '../support/defer.mjs';
import { isFull } from '../support/scale.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { glanceLoadOn, needsGlance } from './glance-process.mjs';
import { jobs, kinds } from './load-job.mjs';

const seconds = isFull ? 60 : 6;
const processesOfEach = 3;
const ourLoad = new URL('fixtures/our-load.mjs', import.meta.url);

// A process that comes too late for an image, or finds that another has it, says so.
const expectedOfUs = /^(read: ERR_IMAGE_NOT_FOUND|(claim|fail): (ERR_IMAGE_BUSY|ERR_CLAIM_LOST))$/;
// What Glance published over a claim of ours is our token, with Glance's bytes, and locked for as long as our writer lives.
const uncounted = /^(evicted: \w+|locked: contended)$/;
// Glance looks for files by name again and again, and does not expect them to vanish (glance B6, B8); nor does it expect
// that another writer, of which we keep it clear elsewhere, takes incomplete/ID away (B1).
const expectedOfGlance =
  /^((read|evict|list|size|clean|queue) of \w+|(write_contended|fail) of contended|write_clash of clash): ENOENT$/;
// It may publish our next writer's token where it wrote into the last one's: an empty file that we take for no image.
const emptyTokens = /^read of contended: ENODATA$/;
// It asks for the length of a count, then for the count: by then it may be longer, as 10 is than 9.
const longerCounts = /^read of \w+: ERANGE$/;

test('both sides – all operations concurrently – lose no byte, and no hit of ours', {
  skip: needsGlance,
}, async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  defer(t, () => driver.close());
  const seed = Number(process.env.XATTR_CACHE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed ${seed}, ${seconds} s, ${processesOfEach} processes of each side`);

  const { theirs, ours } = await loadOfBoth(t, dir, jobs(processesOfEach, { seed, seconds }));
  const stored = new Map((await driver.getCachedImages()).map(({ imageId, hits }) => [imageId, hits]));

  t.diagnostic(`ours: ${JSON.stringify(ours.done)}, uncounted: ${JSON.stringify(ours.uncounted)}`);
  t.diagnostic(`theirs: ${JSON.stringify(theirs.done)}`);
  t.diagnostic(`errors of ours: ${JSON.stringify(ours.errors)}`);
  t.diagnostic(`errors of theirs: ${JSON.stringify(theirs.errors)}`);
  assert.deepEqual(unexpected(ours.uncounted, [uncounted]), []);
  assert.deepEqual(unexpected(ours.errors, [expectedOfUs]), []);
  assert.deepEqual(unexpected(theirs.errors, [expectedOfGlance, emptyTokens, longerCounts]), []);

  assert.deepEqual(ours.wrong, []);
  const [clashes, wrong] = partition(theirs.wrong, ([imageId]) => imageId.startsWith('clash-'));
  const [empty, torn] = partition(wrong, ([imageId, flaw]) => imageId.startsWith('contended-') && flaw === 'empty');
  t.diagnostic(
    `Glance read ${clashes.length} images that it had spoilt itself, and ${empty.length} empty tokens of ours that it had published`,
  );
  assert.deepEqual(torn, []);

  const lost = Object.fromEntries(kinds.map((kind) => [kind, lostHits(kind, [ours, theirs], stored)]));
  for (const kind of ['ours', 'shared', 'theirs'])
    t.diagnostic(
      `${kind}: ${lost[kind].counted} hits, ${lost[kind].lost} lost, ${lost[kind].evicted} reported by evictions`,
    );
  assert.deepEqual(lost.ours.images, []);
  for (const what of ['images read', 'images evicted', 'claim', 'put', 'fail', 'clean', 'delete']) {
    assert(ours.done[what] > 0, `nothing to be seen: ${what}`);
  }
  assert(lost.ours.evicted > 0 && lost.shared.counted > 0 && lost.theirs.counted > 0, 'nothing to be seen');

  await driver.clean(0);
  assert.deepEqual(readdirSync(`${dir}/incomplete`).concat(readdirSync(`${dir}/invalid`)), []);
});

/** Starts all at one moment, and adds up the accounts of each side. */
async function loadOfBoth(t, dir, listOfJobs) {
  const glances = listOfJobs.map((job) => glanceLoadOn(t, dir, job));
  const children = listOfJobs.map((job) => fork(ourLoad, [dir, JSON.stringify(job)]));
  defer(t, () => {
    for (const child of children) child.kill('SIGKILL');
  });
  await Promise.all([...children.map((child) => once(child, 'message')), ...glances.map(({ ask }) => ask('ready'))]);

  const accounts = glances.map(({ ask }) => ask('go'));
  const ourAccounts = children.map(async (child) => {
    const [[account], [exitCode]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
    assert.equal(exitCode, 0);
    return account;
  });
  for (const child of children) child.send('go');
  const [theirs, ours] = await Promise.all([Promise.all(accounts), Promise.all(ourAccounts)]);
  return { theirs: sum(theirs), ours: sum(ours) };
}

/** Hits that were counted, and are neither on a file nor in the report of an eviction. */
function lostHits(kind, sides, stored) {
  const ids = new Set(sides.flatMap(({ hits, evicted = {} }) => [...Object.keys(hits), ...Object.keys(evicted)]));
  const result = { counted: 0, evicted: 0, lost: 0, images: [] };
  for (const imageId of ids) {
    if (!imageId.startsWith(`${kind}-`)) continue;
    const total = (what) => sides.reduce((n, side) => n + (side[what]?.[imageId] ?? 0), 0);
    const [counted, evicted] = [total('hits'), total('evicted')];
    const lost = counted - evicted - (stored.get(imageId) ?? 0);
    if (lost !== 0) result.images.push({ imageId, counted, evicted, lost });
    result.counted += counted;
    result.evicted += evicted;
    result.lost += lost;
  }
  return result;
}

function unexpected(errors, expected) {
  return Object.entries(errors).filter(([error]) => !expected.some((pattern) => pattern.test(error)));
}

function partition(list, predicate) {
  return [list.filter(predicate), list.filter((item) => !predicate(item))];
}

/** Numbers are added, lists joined, and so on through the objects. */
function sum(accounts) {
  const [first] = accounts;
  if (typeof first === 'number') return accounts.reduce((a, b) => a + b);
  if (Array.isArray(first)) return accounts.flat();
  const keys = new Set(accounts.flatMap((account) => Object.keys(account)));
  const present = (key) => accounts.map((account) => account[key]).filter((value) => value !== undefined);
  return Object.fromEntries([...keys].map((key) => [key, sum(present(key))]));
}
