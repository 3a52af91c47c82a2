import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import * as xattrCache from '../../dist/index.js';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { refusesArgument } from './conformance/assertions.mjs';

const { CacheError, imageIdFor, incXattr, incXattrSync, LockTimeoutError } = xattrCache;

async function temporaryFile(t) {
  const path = join(await temporaryDirectory(t), 'file');
  await writeFile(path, 'bytes');
  return path;
}

/** The functions in both forms. For the tests, a Sync function behaves like an asynchronous one. */
const forms = {
  asynchronous: { get: xattrCache.getXattr, set: xattrCache.setXattr, inc: xattrCache.incXattr },
  synchronous: {
    get: async (...args) => xattrCache.getXattrSync(...args),
    set: async (...args) => xattrCache.setXattrSync(...args),
    inc: async (...args) => xattrCache.incXattrSync(...args),
  },
};

for (const [form, { get, set, inc }] of Object.entries(forms)) {
  test(`${form} attributes – any value set – are read back byte for byte`, async (t) => {
    const path = await temporaryFile(t);
    const values = [
      ['text', 'text'],
      ['é€\u{1f600}', 'é€\u{1f600}'],
      ['', ''],
      [0, '0'],
      [42, '42'],
      [-1, '-1'],
      [Buffer.from('bytes'), 'bytes'],
      [new Uint8Array([104, 105]).subarray(1), 'i'],
    ];
    for (const [value, expected] of values) {
      assert.equal(await set(path, 'key', value), undefined);
      const got = await get(path, 'key');
      assert(Buffer.isBuffer(got));
      assert.equal(got.toString(), expected);
    }
    const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await set(path, 'key', binary);
    assert.deepEqual(await get(path, 'key'), binary);
    assert.equal(await readFile(path, 'utf8'), 'bytes');
  });

  test(`${form} attributes – a long value – is read whole`, async (t) => {
    const path = await temporaryFile(t);
    for (const length of [255, 256, 257, 1024, 3000]) {
      await set(path, 'key', 'x'.repeat(length));
      assert.equal((await get(path, 'key')).toString(), 'x'.repeat(length));
    }
  });

  test(`${form} attributes – attribute missing – is undefined`, async (t) => {
    const path = await temporaryFile(t);
    await set(path, 'other', 'value');
    assert.equal(await get(path, 'key'), undefined);
    assert.equal(await get(path, 'user.other'), undefined);
  });

  test(`a counter – ${form} increments – starts at 0, grows by the increment`, async (t) => {
    const path = await temporaryFile(t);
    assert.equal(await inc(path, 'hits'), 1);
    assert.equal(await inc(path, 'hits'), 2);
    assert.equal(await inc(path, 'hits', 40), 42);
    assert.equal(await inc(path, 'hits', 0), 42);
    assert.equal(await inc(path, 'hits', -2), 40);
    assert.equal((await get(path, 'hits')).toString(), '40');
    assert.equal(await inc(path, 'other', 7), 7);
  });

  test(`a counter – not a decimal integer, ${form} – counts as 0`, async (t) => {
    const path = await temporaryFile(t);
    const values = [
      '',
      'many',
      '1.5',
      '1e3',
      '0x10',
      '--1',
      ' ',
      '\0',
      '5 apples',
      '9007199254740992',
      `1${'0'.repeat(40)}`,
    ];
    for (const value of values) {
      await set(path, 'hits', value);
      assert.equal(await inc(path, 'hits'), 1, JSON.stringify(value));
    }
    await set(path, 'hits', '9007199254740990');
    assert.equal(await inc(path, 'hits'), Number.MAX_SAFE_INTEGER);
  });

  test(`${form} attributes – file missing – typed error with the system’s error`, async (t) => {
    const path = join(await temporaryDirectory(t), 'missing');
    for (const call of [() => get(path, 'key'), () => set(path, 'key', 'value'), () => inc(path, 'key')]) {
      await assert.rejects(call(), (error) => {
        assert(CacheError.is(error), error.stack);
        assert.match(error.code, /^ERR_(IO|IMAGE_NOT_FOUND)$/);
        assert.equal(Math.abs(error.errno), constants.errno.ENOENT);
        assert.match(error.syscall, /^[a-z0-9]+$/);
        assert.equal(error.path, path);
        assert(error.cause instanceof Error);
        return true;
      });
    }
  });

  test(`${form} attributes – refused by the file system – fail with a typed error`, async (t) => {
    const path = await temporaryFile(t);
    for (const call of [() => set(path, 'key', 'x'.repeat(70_000)), () => set(path, 'k'.repeat(300), 'value')]) {
      await assert.rejects(call(), (error) => {
        assert(CacheError.is(error), error.stack);
        assert(error.errno !== 0 && error.errno !== undefined);
        assert.match(error.syscall, /setxattr$/);
        return true;
      });
    }
  });

  test(`${form} attributes – NUL in the path or key – refused as an argument`, async (t) => {
    const path = await temporaryFile(t);
    const expected = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
    for (const args of [
      [`${path}\0x`, 'key'],
      [path, 'key\0x'],
    ]) {
      await assert.rejects(get(...args), expected);
      await assert.rejects(set(...args, 'value'), expected);
      await assert.rejects(inc(...args), expected);
    }
    assert.equal(await get(path, 'key'), undefined);
  });

  test(`${form} attributes – arguments of a wrong kind – are refused`, async (t) => {
    const path = await temporaryFile(t);
    for (const wrong of [undefined, null, 42, {}]) {
      await refusesArgument(() => get(wrong, 'key'));
      await refusesArgument(() => get(path, wrong));
      await refusesArgument(() => set(wrong, 'key', 'value'));
      await refusesArgument(() => set(path, wrong, 'value'));
      await refusesArgument(() => inc(wrong, 'key'));
      await refusesArgument(() => inc(path, wrong));
    }
    for (const value of [undefined, null, {}, [1]]) await refusesArgument(() => set(path, 'key', value));
    for (const n of ['1', null, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      await refusesArgument(() => inc(path, 'key', n));
    }
    for (const lockTimeoutMs of ['1', null, -1, Number.NaN]) {
      await refusesArgument(() => inc(path, 'key', 1, { lockTimeoutMs }));
    }
    assert.equal(await get(path, 'key'), undefined);
  });

  test(`${form} increments – lock held elsewhere – wait, then fail with a timeout`, async (t) => {
    const path = await temporaryFile(t);
    const release = await lockInProcess(t, path);

    const start = performance.now();
    await assert.rejects(inc(path, 'hits', 1, { lockTimeoutMs: 200 }), (error) => {
      assert(error instanceof LockTimeoutError, error.stack);
      assert.equal(error.code, 'ERR_LOCK_TIMEOUT');
      assert.equal(error.path, path);
      return true;
    });
    const waited = performance.now() - start;
    await assert.rejects(inc(path, 'hits', 1, { lockTimeoutMs: 0 }), LockTimeoutError);
    await release();

    assert(waited > 190 && waited < 900, `${waited} ms`);
    assert.equal(await inc(path, 'hits'), 1);
  });
}

test('increments – 500 concurrent ones – none is lost', async (t) => {
  const path = await temporaryFile(t);
  const values = await Promise.all(Array.from({ length: 500 }, () => incXattr(path, 'hits')));
  assert.deepEqual(new Set(values), new Set(Array.from({ length: 500 }, (_, i) => i + 1)));
  assert.equal(incXattrSync(path, 'hits', 0), 500);
});

test('waits for a lock – many pending – block neither event loop nor thread pool', async (t) => {
  const path = await temporaryFile(t);
  const release = await lockInProcess(t, path);
  const waiting = Array.from({ length: 16 }, () => incXattr(path, 'hits', 1, { lockTimeoutMs: 10_000 }));

  let longestMs = 0;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    await readFile(path);
    await sleep(5);
    longestMs = Math.max(longestMs, performance.now() - start);
  }

  await release();
  await Promise.all(waiting);
  assert(longestMs < 2_000, `${longestMs} ms`); // It is 10,000 while the pool is blocked.
  assert.equal(incXattrSync(path, 'hits', 0), 16);
});

test('imageIdFor() – any text – returns its SHA-256 in hexadecimal', async () => {
  const keys = ['', 'a', 'https://example.org/x?y=1#z', '../x', 'a\0b', 'é', 'e\u0301', 'x'.repeat(100_000)];
  for (const key of keys) assert.equal(imageIdFor(key), createHash('sha256').update(key, 'utf8').digest('hex'));
  assert.equal(new Set(keys.map(imageIdFor)).size, keys.length);
  for (const wrong of [undefined, null, 42, Buffer.from('a')]) await refusesArgument(() => imageIdFor(wrong));
});

test('assertImageId() – text that cannot be an id – is refused', () => {
  const { assertImageId } = xattrCache;
  assertImageId('debian-12');
  for (const wrong of ['', '.hidden', 'a/b', 'queue', 'a'.repeat(256)]) {
    assert.throws(() => assertImageId(wrong), { code: 'ERR_INVALID_IMAGE_ID' }, wrong);
  }
});
