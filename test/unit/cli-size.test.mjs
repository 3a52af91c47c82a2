import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatSize, parseSize } from '../../dist/terminal/size.js';

test('a size – bytes, or binary or decimal units in any case – is parsed', () => {
  const sizes = {
    0: 0,
    1048576: 1048576,
    '12B': 12,
    '500MiB': 500 * 2 ** 20,
    '20GB': 20e9,
    '1.5 GiB': 1.5 * 2 ** 30,
    '10kib': 10240,
    '2KB': 2000,
    '1TB': 1e12,
    '3tib': 3 * 2 ** 40,
    ' 7 ': 7,
    '0.3KB': 300,
  };
  for (const [text, sizeBytes] of Object.entries(sizes)) assert.equal(parseSize(text), sizeBytes, text);
});

test('a size – malformed – is undefined', () => {
  const texts = [
    '',
    ' ',
    '-1',
    '+1',
    'NaN',
    'Infinity',
    '1e400',
    '1e3',
    '0x10',
    '10XB',
    '10Mi',
    '1,5GB',
    '.5GB',
    '5.GB',
  ];
  for (const text of [...texts, 'GB', '1 2', '1GB2', '9007199254740992', '9999999TB']) {
    assert.equal(parseSize(text), undefined, text);
  }
});

test('a size – printed – has a binary unit and three or four digits', () => {
  const printed = new Map([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [10_239, '10.0 KiB'],
    [102_400, '100 KiB'],
    [1024 * 1024 - 1, '1.00 MiB'],
    [1.46 * 2 ** 30, '1.46 GiB'],
    [20 * 2 ** 40, '20.0 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.00 PiB'],
  ]);
  for (const [sizeBytes, text] of printed) assert.equal(formatSize(sizeBytes), text);
});

test('a size – printed, then parsed – is equal within its digits', () => {
  for (let sizeBytes = 1; sizeBytes < 2 ** 49; sizeBytes = Math.ceil(sizeBytes * 1.37)) {
    const readBack = parseSize(formatSize(sizeBytes)) ?? Number.NaN;
    assert.ok(Math.abs(readBack / sizeBytes - 1) < 0.01, `${sizeBytes} became ${readBack}`);
  }
});
