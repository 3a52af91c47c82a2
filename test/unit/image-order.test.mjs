// The order of a list with --limit, which comes from a scan without order, is the one without --limit.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FirstInOrder } from '../../dist/cli/first-in-order.js';
import { hasOwnBytes, orders, rowOrder, sortRows } from '../../dist/cli/image-order.js';
import { randomNumbers, seed } from '../support/seed.mjs';

const random = randomNumbers();
const few = (n) => Math.floor(random() * n);

const fromIds = (ids) =>
  ids.map((imageId) => ({
    accessedMs: few(4),
    image: { imageId, size: few(3), hits: few(3), lastModifiedMs: few(4) / 2 },
  }));

/** Texts of all lengths in UTF-8, some the beginning of another. */
const letters = ['a', 'b', 'é', '\uffff', '\ue000', '漢', '😀', '\u{10ffff}'];
const ids = [
  ...new Set(Array.from({ length: 200 }, () => Array.from({ length: 1 + few(3) }, () => letters[few(8)]).join(''))),
];

function byBytes(a, b) {
  return Buffer.compare(Buffer.from(a.image.imageId), Buffer.from(b.image.imageId));
}

function shuffled(rows) {
  return rows
    .map((row) => ({ row, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

test('the first rows – any order, direction and number, with ties – are those of all', (t) => {
  t.diagnostic(`seed ${seed}`);
  const rows = fromIds(ids);
  for (const sort of orders) {
    for (const reverse of [false, true]) {
      const all = sortRows(rows.toSorted(byBytes), sort, reverse);
      for (const limit of [0, 1, 2, 7, rows.length - 1, rows.length, rows.length + 1, 999_999_999]) {
        const first = new FirstInOrder(limit, rowOrder(sort, reverse));
        for (const row of shuffled(rows)) first.add(row);
        assert.deepEqual(first.toArray(), all.slice(0, limit), `${sort} ${reverse} ${limit}`);
      }
    }
  }
});

test('the first rows – each better than all before – are kept', () => {
  const first = new FirstInOrder(3, (a, b) => b - a);
  for (let n = 0; n < 1_000; n++) first.add(n);
  assert.deepEqual(first.toArray(), [999, 998, 997]);
});

test('an id – of a name that may not be UTF-8 – does not tell its bytes', () => {
  assert.equal(hasOwnBytes({ imageId: Buffer.from([0x61, 0xff]).toString() }), false);
  assert(fromIds(ids).every(({ image }) => hasOwnBytes(image)));
});
