import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Comparison } from '../../dist/demo/comparison.js';
import { chooseLargest, findSourceFiles } from '../../dist/demo/source-files.js';

let dir;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'xattr-cache-cli-'));
});
after(() => rmSync(dir, { recursive: true }));

const MiB = 1024 * 1024;
const notAborted = new AbortController().signal;

function filesOf(sizes) {
  return sizes.map((size, index) => ({ path: `/f${index}`, size, lastModifiedMs: 0 }));
}

test('the sources – bounds on count and size – are the largest files that fit', () => {
  const chosen = chooseLargest(filesOf(Array.from({ length: 1000 }, (_, i) => 4096 + i)), 256 * MiB);
  assert.equal(chosen.length, 400);
  assert.equal(chosen[0].size, 4096 + 999);

  const bounded = chooseLargest(filesOf(new Array(100).fill(MiB)), 20 * MiB);
  assert.equal(bounded.length, 20);
});

test('the sources – a file too large a share of all – is left out', () => {
  const sizes = [100 * MiB, 9 * MiB, ...new Array(40).fill(MiB)];
  const chosen = chooseLargest(filesOf(sizes), 256 * MiB);
  assert.deepEqual(new Set(chosen.map(({ size }) => size)), new Set([MiB]));
  assert.deepEqual(chooseLargest(filesOf([MiB, MiB]), 256 * MiB), []);
});

test('the sources – share of one file – at most a 32nd, with few files an eighth', () => {
  const many = chooseLargest(filesOf([3 * MiB, 2 * MiB, ...new Array(60).fill(MiB)]), 256 * MiB);
  assert.equal(many.length, 60);
  const few = chooseLargest(filesOf([3 * MiB, 2 * MiB, ...new Array(15).fill(MiB)]), 256 * MiB);
  assert.equal(few.length, 16);
});

test('the sources – few files fill the bound – others are chosen too', () => {
  const sizes = [200, 120, 90, 50, 5].map((size) => size * MiB);
  const chosen = chooseLargest(filesOf([...sizes, ...new Array(300).fill(MiB)]), 256 * MiB);
  assert.equal(chosen[0].size, 5 * MiB);
  assert.equal(chosen.length, 252);
});

test('the sources – equal files, links, small files – one of equals, none of the rest', async () => {
  for (let i = 0; i < 10; i++) writeFileSync(join(dir, `big ${i}\n.bin`), Buffer.alloc(8192, i));
  writeFileSync(join(dir, '.hidden.bin'), Buffer.alloc(8192, 77));
  writeFileSync(join(dir, 'small'), 'x');
  symlinkSync(join(dir, 'big 0\n.bin'), join(dir, 'link'));
  const files = await findSourceFiles(dir, 256 * MiB, notAborted);
  assert.equal(files.length, 11);
  for (const { imageId } of files) assert.match(imageId, /^[0-9a-f]{16}-[\w.]+$/);

  writeFileSync(join(dir, 'big 0\n.bin'), Buffer.alloc(8192, 99));
  const later = await findSourceFiles(dir, 256 * MiB, notAborted);
  const ids = new Set(files.map(({ imageId }) => imageId));
  assert.equal(later.filter(({ imageId }) => !ids.has(imageId)).length, 1);
});

test('the sources – too few files – the error says what to do', async () => {
  const empty = mkdtempSync(join(dir, 'empty-'));
  await assert.rejects(findSourceFiles(empty, MiB, notAborted), { code: 'ERR_DEMO_SOURCE', message: /--source/ });
  await assert.rejects(findSourceFiles(join(dir, 'nowhere'), MiB, notAborted), {
    code: 'ERR_DEMO_SOURCE',
    message: /ENOENT.*--source/,
  });
});

/** Compares a file with what was served, chunk by chunk. */
function compare(path, served, lastModifiedMs = 1_000_000) {
  const size = readFileSync(path).length;
  const comparison = new Comparison({ imageId: 'x', path, size, lastModifiedMs }, Buffer.alloc(4));
  try {
    for (let at = 0; at < served.length; at += 4) comparison.add(Buffer.from(served.slice(at, at + 4)));
    return comparison.result();
  } finally {
    comparison[Symbol.dispose]();
  }
}

test('a comparison – different, missing, surplus bytes – counts all, names the first', () => {
  const path = join(dir, 'source');
  writeFileSync(path, 'abcdefghij');
  utimesSync(path, 1000, 1000);
  assert.deepEqual(compare(path, 'abcdefghij'), { bytes: 10, wrongBytes: 0, firstWrongAt: undefined });
  assert.deepEqual(compare(path, 'abcdXfghiX'), { bytes: 10, wrongBytes: 2, firstWrongAt: 4 });
  assert.deepEqual(compare(path, 'abcdefg'), { bytes: 7, wrongBytes: 3, firstWrongAt: 7 });
  assert.deepEqual(compare(path, 'abcdefghijklm'), { bytes: 13, wrongBytes: 3, firstWrongAt: 10 });
  assert.deepEqual(compare(path, ''), { bytes: 0, wrongBytes: 10, firstWrongAt: 0 });
});

test('a comparison – the source changed meanwhile – reports no wrong bytes', () => {
  const path = join(dir, 'changed');
  writeFileSync(path, 'new content');
  assert.throws(() => compare(path, 'old content', 5), /was changed while the demo ran/);
});
