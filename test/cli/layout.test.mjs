// The parts of the output: durations, ids, tables.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { formatAge, formatDuration } from '../../dist/terminal/format.js';
import { jsonLines } from '../../dist/terminal/output.js';
import { printable, printableId, printableJson } from '../../dist/terminal/printable.js';
import { layOutFacts, layOutTable } from '../../dist/terminal/table.js';
import { breakAnywhere, shortenInMiddle, textWidth } from '../../dist/terminal/text-width.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

suite('a duration – as text – is short and never too large', () => {
  test('a duration – any length – has its largest unit, rounded down', () => {
    const spans = new Map([
      [0, '0 s'],
      [59.9 * second, '59 s'],
      [minute, '1 min'],
      [3.99 * minute, '3 min'],
      [hour - 1, '59 min'],
      [23.9 * hour, '23 h'],
      [2 * day, '2 d'],
      [365 * day, '365 d'],
      [1.59 * 365.25 * day, '1.5 y'],
      [1e9 * 365.25 * day, '1,000,000,000 y'],
    ]);
    for (const [span, text] of spans) assert.equal(formatDuration(span), text);
  });

  test('an age – in the future or unknown – is “in 2 d” or “never”', () => {
    const now = 1e12;
    assert.equal(formatAge(now - 3 * minute, now), '3 min ago');
    assert.equal(formatAge(now - 999, now), 'now');
    assert.equal(formatAge(now + 999, now), 'now');
    assert.equal(formatAge(now + 2 * day, now), 'in 2 d');
    assert.equal(formatAge(0, now), 'never');
  });
});

suite('text – any characters – fits a terminal', () => {
  test('the width of a text – wide and combining characters – is that on a terminal', () => {
    assert.deepEqual(['', 'abc', 'é', 'e\u0301', '漢字', '🙂'].map(textWidth), [0, 3, 1, 1, 4, 2]);
  });

  test('text – too wide – is shortened in the middle, between whole characters', () => {
    assert.equal(shortenInMiddle('abcdefghij', 10), 'abcdefghij');
    assert.equal(shortenInMiddle('abcdefghij', 9), 'abcd…ghij');
    assert.equal(shortenInMiddle('abcdefghij', 4), 'ab…j');
    assert.equal(shortenInMiddle('abcdefghij', 1), '…');
    assert.equal(shortenInMiddle('漢字漢字漢字', 8), '漢字…字');
    assert.equal(shortenInMiddle('e\u0301'.repeat(5), 4), 'e\u0301e\u0301…e\u0301');
    for (let width = 1; width < 15; width++) assert(textWidth(shortenInMiddle('漢a🙂bé漢字🙂x', width)) <= width);
  });

  test('text – too wide – is broken into lines without a loss', () => {
    assert.deepEqual(breakAnywhere('abcdefg', 3), ['abc', 'def', 'g']);
    assert.deepEqual(breakAnywhere('漢字漢', 5), ['漢字', '漢']);
    assert.deepEqual(breakAnywhere('漢字', 1), ['漢', '字']);
    assert.deepEqual(breakAnywhere('', 5), ['']);
  });

  test('text – control characters – is shown escaped', () => {
    assert.equal(printable('plain “ü” 漢 \\n'), 'plain “ü” 漢 \\n');
    assert.equal(printable('a\n\r\t\0\x1b\x7f\x9b\u2028\u202e'), 'a\\n\\r\\t\\x00\\x1b\\x7f\\u009b\\u2028\\u202e');
    assert.equal(printableId('it’s\\plain'), 'it’s\\plain');
    assert.equal(printableId("a\n'\\"), "$'a\\n\\'\\\\'");
    assert.equal(printableId("$'a'"), "$'$\\'a\\''");
    for (const value of ['a\u009b\u2028\u202e\n', { '\u009b': ['\u2066'] }]) {
      const json = printableJson(value);
      assert.doesNotMatch(json, /[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
      assert.deepEqual(JSON.parse(json), value);
    }
  });
});

test('an object – printed as JSON – has one line for each element of a list', () => {
  const objects = [
    {},
    { list: [] },
    { a: 1, none: undefined, list: [{ b: [1, 2] }, 'c'], last: null },
    { list: [1], nested: { list: [1] } },
  ];
  for (const value of objects) {
    assert.deepEqual(JSON.parse([...jsonLines(value)].join('\n')), JSON.parse(JSON.stringify(value)));
  }
  assert.deepEqual(
    [...jsonLines(objects[2])],
    ['{', '  "a": 1,', '  "list": [', '    {"b":[1,2]},', '    "c"', '  ],', '  "last": null', '}'],
  );
});

suite('a table – any width – fits it', () => {
  const columns = [
    { heading: 'id', cell: ({ id }) => id },
    { heading: 'n', cell: ({ n }) => String(n), align: 'right' },
    { heading: 'note', cell: () => 'so so' },
  ];
  const rows = [
    { id: 'first', n: 1 },
    { id: 'a-second-with-a-long-name', n: 1_000 },
  ];
  const layOut = (width) => [...layOutTable(rows, columns, width)];

  test('a table – wide enough terminal – is as wide as its cells', () => {
    assert.deepEqual(layOut(undefined), [
      'id                            n  note',
      'first                         1  so so',
      'a-second-with-a-long-name  1000  so so',
    ]);
    assert.deepEqual(layOut(38), layOut(undefined));
  });

  test('a table – ids too long – shortens them, with a note', () => {
    assert.deepEqual(layOut(30).slice(0, 3), [
      'id                    n  note',
      'first                 1  so so',
      'a-second…ong-name  1000  so so',
    ]);
    assert.match(layOut(30)[3], /shortened/);
  });

  test('a table – too narrow for ids – becomes paragraphs', () => {
    assert.deepEqual(layOut(20), [
      'first',
      '  n 1, note so so',
      'a-second-with-a-long',
      '-name',
      '  n 1000, note so so',
    ]);
  });

  test('a table – 100,000 rows – is laid out in linear time', () => {
    const many = Array.from({ length: 100_000 }, (_, n) => ({ id: `image-${n}`, n }));
    let lines = 0;
    const startMs = performance.now();
    for (const _line of layOutTable(many, columns, 80)) lines++;
    assert.equal(lines, 100_001);
    assert(performance.now() - startMs < 10_000); // It takes 0.2 s; quadratic time would take minutes.
  });

  test('a table of facts – value too long – continues below the value', () => {
    const facts = [
      ['size', '10 B of 20 B (50.0 %)'],
      ['directory', '/var/cache/images-of-all-kinds'],
    ];
    assert.deepEqual(
      [...layOutFacts(facts, 28)],
      ['size       10 B of 20 B', '           (50.0 %)', 'directory  /var/cache/images', '           -of-all-kinds'],
    );
  });
});
