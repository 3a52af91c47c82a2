import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Rates } from '../../dist/demo/rates.js';
import { drawScreen } from '../../dist/demo/screen.js';
import { emptyTally } from '../../dist/demo/tally.js';

const nowMs = 1_700_000_000_000;
const plain = (_style, text) => text;

function image(name, hits, lastAccessedMs) {
  return { imageId: `0123456789abcdef-${name}`, size: 1, hits, lastAccessedMs, lastModifiedMs: 0 };
}

const snapshot = {
  elapsedSeconds: 4.9,
  seconds: 8,
  tally: {
    ...emptyTally(),
    reads: 200_000,
    hits: 150_000,
    followed: 17,
    fetches: 12_350,
    committed: 12_346,
    fetching: 4,
    filesEvicted: 12_345,
    evictedDuringReads: 321,
  },
  mishaps: { kills: 12, takeOvers: 8, cleanedUp: 4, slowestTakeOverMs: 9, invalidReaped: 0 },
  cacheSize: 3 * 1024 ** 2,
  limit: 4 * 1024 ** 2,
  hottest: [image('a-file-with-a-very-long-name-indeed.js', 1_234, nowMs), image('b.js', 1, nowMs)],
  coldest: [image('c.js', 0, nowMs - 1_500)],
  nowMs,
};

function draw(width, changes = {}, paint = plain) {
  return drawScreen({ ...snapshot, ...changes }, { reads: 4_321, bytes: 98.7e6 }, width, paint);
}

test('the screen – wide terminal – shows everything', () => {
  assert.deepEqual(
    draw(99).map(({ text }) => text),
    [
      'demo     4 s of 8 s',
      `size     ${'█'.repeat(30)}${'░'.repeat(10)}  3.00 MiB of 4.00 MiB`,
      'hits     75.0 %   of 200,000 reads',
      'now      4,321 reads/s   99 MB/s',
      'fetched  12,362 times   12,346 images   1.00 × the necessary number   17 read along',
      'evicted  12,345 images   321 during a read',
      'killed   12 fetching processes   8 take-overs   4 cleaned up',
      'hottest   1,234 hits  a-file-with-a-very-long-name-indeed.js',
      '               1 hit  b.js',
      'coldest    1.5 s ago  c.js',
    ],
  );
});

test('the screen – 40 columns – shows everything, and no line is longer', () => {
  const lines = draw(39);
  for (const { text, length } of lines) {
    assert.equal(text.length, length);
    assert.ok(length <= 39, text);
  }
  const all = lines.map(({ text }) => text).join('\n');
  const parts = [
    '75.0 %',
    '4,321 reads/s',
    '99 MB/s',
    '█░',
    '12,346 images',
    '1.00 × the necessary',
    '12,345 images',
    '321 during',
    '8 take-overs',
    '1,234 hits  a-f',
  ];
  for (const part of parts) assert.ok(all.includes(part), `${part} in\n${all}`);
});

test('the screen – colors – do not count as width', () => {
  const colored = draw(39, {}, (style, text) => `<${style}>${text}</>`);
  assert.deepEqual(
    colored.map(({ text }) => text.replace(/<.*?>/g, '').length),
    draw(39).map(({ length }) => length),
  );
});

test('the screen – cache beyond its limit – fills the bar in another color', () => {
  const styles = new Map();
  draw(80, { cacheSize: 9 * 1024 ** 2 }, (style, text) => styles.set(style, text) && text);
  assert.equal(styles.get('yellow'), '█'.repeat(40));
  assert.equal(styles.get('green'), undefined);
});

test('the screen – nothing to show yet – is drawn too', () => {
  const lines = draw(80, { tally: emptyTally(), cacheSize: 0, hottest: [], coldest: [] });
  assert.match(lines[2].text, /0\.0 % {3}of 0 reads/);
  assert.match(lines[1].text, /^size {5}░{40} {2}0 B of 4\.00 MiB$/);
});

test('the screen – rates – are those of the last second', () => {
  const rates = new Rates();
  const at = (elapsedSeconds, reads) =>
    rates.at({ elapsedSeconds, tally: { ...emptyTally(), reads, bytesFromCache: reads * 10 } });
  assert.deepEqual(at(0, 0), { reads: 0, bytes: 0 });
  assert.deepEqual(at(0.5, 100), { reads: 200, bytes: 2000 });
  assert.deepEqual(at(1, 100), { reads: 100, bytes: 1000 });
  assert.deepEqual(at(2, 400), { reads: 300, bytes: 3000 });
});
