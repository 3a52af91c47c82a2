import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatCount, formatCountOf, formatPercent, formatThroughput } from '../../dist/terminal/format.js';
import { wrapText } from '../../dist/terminal/wrap-text.js';

test('numbers – with nouns – are grouped, and the nouns agree', () => {
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatCountOf(1, 'hit'), '1 hit');
  assert.equal(formatCountOf(1000, 'hit'), '1,000 hits');
  assert.equal(formatCountOf(0, 'process', 'processes'), '0 processes');
});

test('a share – almost all, or almost nothing – is never printed as 100 % or 0 %', () => {
  assert.equal(formatPercent(0), '0.0 %');
  assert.equal(formatPercent(1e-9), '0.1 %');
  assert.equal(formatPercent(0.7128), '71.3 %');
  assert.equal(formatPercent(0.99999), '99.9 %');
  assert.equal(formatPercent(1), '100.0 %');
});

test('throughput – any rate – is in megabytes per second', () => {
  assert.equal(formatThroughput(1_234_567_890), '1,235 MB/s');
});

test('text – wrapped – breaks between words, and a long word stays whole', () => {
  assert.equal(wrapText('one two three', 9, '  '), '  one two\n  three');
  assert.equal(wrapText('extraordinarily so', 8, ''), 'extraordinarily\nso');
  assert.equal(wrapText('x '.repeat(80).trim(), undefined, ''), wrapText('x '.repeat(80).trim(), 100, ''));
  assert.equal(wrapText('a b', 0, ''), 'a b');
});
