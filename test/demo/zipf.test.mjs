import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom, shuffled } from '../../dist/demo/random.js';
import { zipf } from '../../dist/demo/zipf.js';

/** How often each rank is drawn. */
function histogram(count, exponent, draws, seed = 1) {
  const counts = new Array(count).fill(0);
  const next = zipf(count, exponent, seededRandom(seed));
  for (let i = 0; i < draws; i++) counts[next()] += 1;
  return counts;
}

test('the draw – exponent 1 – draws rank r in proportion to 1 / (r + 1)', () => {
  const count = 50;
  const draws = 200_000;
  const harmonic = Array.from({ length: count }, (_, rank) => 1 / (rank + 1)).reduce((a, b) => a + b);
  const chiSquare = histogram(count, 1, draws)
    .map((observed, rank) => [observed, draws / (rank + 1) / harmonic])
    .reduce((sum, [observed, expected]) => sum + (observed - expected) ** 2 / expected, 0);
  // 49 degrees of freedom: a right generator is beyond 85 once in a thousand seeds, and this seed is fixed.
  assert.ok(chiSquare < 85, `chi² = ${chiSquare}`);
});

test('the draw – exponent 0 or larger – draws all alike, or favours the first', () => {
  const even = histogram(10, 0, 100_000);
  assert.ok(Math.max(...even) / Math.min(...even) < 1.1, `${even}`);
  assert.ok(histogram(10, 2, 10_000)[0] > histogram(10, 1, 10_000)[0]);
});

test('the draw – few ranks, extreme random numbers – is every rank, nothing else', () => {
  assert.deepEqual(new Set(Array.from({ length: 20 }, zipf(1, 1, seededRandom(7)))), new Set([0]));
  assert.equal(zipf(5, 1, () => 0)(), 0);
  assert.equal(zipf(5, 1, () => 1 - 2 ** -53)(), 4);
});

test('the draw – same or other seed – gives the same or another sequence', () => {
  assert.deepEqual(histogram(100, 1, 1000, 3), histogram(100, 1, 1000, 3));
  assert.notDeepEqual(histogram(100, 1, 1000, 3), histogram(100, 1, 1000, 4));
});

test('the draw – neighbouring seeds – gives unrelated sequences', () => {
  const [a, b] = [seededRandom(10), seededRandom(11)];
  const pairs = Array.from({ length: 10_000 }, () => [a() - 0.5, b() - 0.5]);
  const correlation = pairs.reduce((sum, [x, y]) => sum + x * y, 0) / pairs.length / (1 / 12);
  assert.ok(Math.abs(correlation) < 0.05, `correlation ${correlation}`);
});

test('a shuffle – any list – loses nothing and leaves the original unchanged', () => {
  const items = Object.freeze(Array.from({ length: 100 }, (_, i) => i));
  const mixed = shuffled(items, seededRandom(5));
  assert.notDeepEqual(mixed, items);
  assert.deepEqual(
    mixed.toSorted((a, b) => a - b),
    items,
  );
});
