import assert from 'node:assert/strict';
import { test } from 'node:test';

import { balanceFetches } from '../../dist/demo/fetch-ledger.js';
import { balanceHits } from '../../dist/demo/hit-ledger.js';
import { emptyTally, sumOfTallies } from '../../dist/demo/tally.js';
import { findProblems } from '../../dist/demo/verdict.js';

function balance({ confirmed = {}, before = {}, after = {}, evicted = {} }) {
  const map = (counts) => new Map(Object.entries(counts));
  return balanceHits({
    confirmed: map(confirmed),
    onDiskBefore: map(before),
    onDiskAfter: map(after),
    evicted: map(evicted),
  });
}

test('the ledger – hits on disk and in eviction reports – sums to those confirmed', () => {
  assert.deepEqual(balance({ confirmed: { a: 5, b: 2 }, after: { a: 3 }, evicted: { a: 2, b: 2 } }), {
    confirmed: 7,
    before: 0,
    onDisk: 3,
    evicted: 4,
    lost: 0,
    surplus: 0,
  });
});

test('the ledger – hits of earlier runs – expects them, also of evicted images', () => {
  const { lost, surplus } = balance({
    before: { a: 10, b: 4 },
    confirmed: { a: 1 },
    after: { a: 11 },
    evicted: { b: 4 },
  });
  assert.deepEqual([lost, surplus], [0, 0]);
});

test('the ledger – one hit lost, one surplus on another image – counts both', () => {
  const { lost, surplus } = balance({ confirmed: { a: 3, b: 3 }, after: { a: 2, b: 4 } });
  assert.deepEqual([lost, surplus], [1, 1]);
});

test('the ledger – unread image; image gone without report – hits surplus; hits lost', () => {
  const { lost, surplus } = balance({ confirmed: { gone: 6 }, evicted: { unknown: 2 } });
  assert.deepEqual([lost, surplus], [6, 2]);
});

function balanceOf({ fetches = {}, killed = {}, evictions = {}, before = [], after = [] }) {
  const map = (counts) => new Map(Object.entries(counts));
  return balanceFetches({
    fetches: map(fetches),
    killed: map(killed),
    evictions: map(evictions),
    cachedBefore: new Set(before),
    cachedAfter: new Set(after),
  });
}

test('the ledger – fetches – expects one per arrival and one per killed fetcher', () => {
  const balance = balanceOf({
    fetches: { there: 1, evicted: 2, back: 3, killed: 2 },
    evictions: { evicted: 2, back: 2, old: 1 },
    killed: { killed: 1 },
    before: ['old', 'kept'],
    after: ['there', 'back', 'killed', 'kept'],
  });
  assert.deepEqual(balance, { fetches: 8, images: 4, arrivals: 7, killed: 1, redundant: 0, unexplained: 0 });
});

test('the ledger – surplus fetch, another image’s odd arrival – counts both', () => {
  const { redundant, unexplained } = balanceOf({ fetches: { a: 3 }, evictions: { b: 1 }, after: ['a'] });
  assert.deepEqual([redundant, unexplained], [2, 1]);
});

test('the ledger – several tallies – adds them up', () => {
  const sum = sumOfTallies([
    { ...emptyTally(), reads: 2, bytesAtOnce: 9 },
    { ...emptyTally(), reads: 3, bytesAtOnce: 7 },
  ]);
  assert.deepEqual(sum, { ...emptyTally(), reads: 5, bytesAtOnce: 16 });
  assert.deepEqual(sumOfTallies([]), emptyTally());
});

test('a run – wrong byte, hit or limit, or no evidence – is wrong', () => {
  const good = {
    hits: 5,
    wrongBytes: 0,
    lostHits: 0,
    surplusHits: 0,
    redundantFetches: 0,
    unexplainedArrivals: 0,
    followed: 1,
    errors: 0,
    cacheSize: 10,
    maxSize: 10,
    largestSize: 12,
    allowedSize: 12,
    filesEvicted: 1,
    evictedDuringReads: 1,
    kills: 3,
    takeOvers: 2,
    cleanedUp: 1,
    processes: 2,
    workers: 2,
  };
  assert.deepEqual(findProblems(good, {}), []);
  const firsts = { firstWrong: 'some-image, byte 7', firstError: 'commit: no space' };
  const faults = [
    [{ wrongBytes: 1 }, /1 byte .* differed .*some-image, byte 7/],
    [{ lostHits: 2 }, /2 hits lost/],
    [{ surplusHits: 1 }, /1 hit too many/],
    [{ redundantFetches: 2 }, /2 fetches without need/],
    [{ unexplainedArrivals: 1 }, /1 image came into the cache from elsewhere than the source/],
    [{ followed: 0 }, /no fetch was followed/],
    [{ cacheSize: 11 }, /larger than its limit/],
    [{ largestSize: 13 }, /grew too large: 13 B, where 12 B/],
    [{ kills: 4 }, /1 image of killed processes: no other process/],
    [{ errors: 2 }, /2 errors of its own .*commit: no space/],
    [{ hits: 0 }, /no read was a hit/],
    [{ filesEvicted: 0 }, /no image was evicted: /],
    [{ takeOvers: 0, cleanedUp: 3 }, /no fetch of a killed process was taken over/],
    [{ evictedDuringReads: 0 }, /no image was evicted in the middle of a read/],
    [{ processes: 1 }, /only 1 process of 2/],
  ];
  for (const [fault, message] of faults) {
    const problems = findProblems({ ...good, ...fault }, firsts);
    assert.equal(problems.length, 1);
    assert.match(problems[0], message);
  }
});
