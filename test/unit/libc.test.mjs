import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { libcOf, ownLibc } from '../../dist/native/libc.js';

/** The beginning of an executable: an ELF-64 header, one program header and what it refers to. */
function executable({ interpreter, type = 3, count = 1 }) {
  const head = Buffer.alloc(256);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(count, 56);
  head.writeUInt32LE(type, 64);
  head.writeBigUInt64LE(128n, 64 + 8);
  head.writeBigUInt64LE(BigInt(interpreter.length + 1), 64 + 32);
  head.write(`${interpreter}\0`, 128);
  return head;
}

test('the C library – executable with a loader – is detected from the loader', () => {
  for (const [interpreter, libc] of [
    ['/lib/ld-musl-x86_64.so.1', 'musl'],
    ['/lib/ld-musl-aarch64.so.1', 'musl'],
    ['/lib64/ld-linux-x86-64.so.2', 'glibc'],
    ['/lib/ld-linux-aarch64.so.1', 'glibc'],
    ['/nix/store/abc-glibc-2.39/lib/ld-linux-x86-64.so.2', 'glibc'],
    ['/nix/store/abc-musl-1.2.5/lib/ld-musl-x86_64.so.1', 'musl'],
  ]) {
    assert.equal(libcOf(executable({ interpreter })), libc, interpreter);
  }
});

test('the C library – executable that does not name one – is unknown', () => {
  const interpreter = '/lib/ld-musl-x86_64.so.1';
  const foreign = { '32 bits': [4, 1], 'big-endian': [5, 2], 'not ELF': [0, 0x23] };
  for (const [what, [at, byte]] of Object.entries(foreign)) {
    const head = executable({ interpreter });
    head[at] = byte;
    assert.equal(libcOf(head), undefined, what);
  }
  assert.equal(libcOf(executable({ interpreter, type: 1 })), undefined, 'statically linked');
  assert.equal(libcOf(executable({ interpreter, type: 1, count: 9 })), undefined, 'headers beyond what was read');
  assert.equal(libcOf(executable({ interpreter }).subarray(0, 100)), undefined, 'cut within the header');
  assert.equal(libcOf(executable({ interpreter }).subarray(0, 128)), undefined, 'cut before the name');
  assert.equal(libcOf(Buffer.alloc(0)), undefined, 'empty');
});

test('the C library – of this process – is detected', { skip: process.platform !== 'linux' && 'needs Linux' }, () => {
  const musl = readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  assert.equal(ownLibc(), musl ? 'musl' : 'glibc');
});

test('the C library – no /proc – is unknown', () => {
  assert.equal(ownLibc('/no such file'), undefined);
});
