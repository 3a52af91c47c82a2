import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf, drain } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { assertAbsent, assertInvalid, refusesArgument } from './conformance/assertions.mjs';

const whole = bytesOf(2_500_000);

test('streams of a driver – one piped into another – copy the image', async (t) => {
  const driver = await openDriver(t);

  await pipeline(
    Readable.from([whole.subarray(0, 1_000_000), whole.subarray(1_000_000)]),
    driver.createWriteStream('a'),
  );
  await pipeline(driver.createReadStream('a'), driver.createWriteStream('b', { expectedSize: whole.length }));

  assert.equal(Buffer.compare(await driver.readImage('b'), whole), 0);
  assert.equal(await driver.getHitCount('a'), 1);
});

test('a read stream – any range – gives its bytes, counts one hit', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', whole);
  const ranges = [
    [undefined, 0, whole.length],
    [{ start: 100_000 }, 100_000, whole.length],
    [{ start: 7, end: 1_000_006 }, 7, 1_000_007],
    [{ end: 0 }, 0, 1],
    [{ start: whole.length }, 0, 0],
  ];

  for (const [i, [range, from, to]] of ranges.entries()) {
    const bytes = await drain(driver.createReadStream('image', range));
    assert.equal(Buffer.compare(bytes, whole.subarray(from, to)), 0, JSON.stringify(range));
    assert.equal(await driver.getHitCount('image'), i + 1);
  }
});

test('a read stream – slow consumer – reads one piece ahead and no more', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', whole);
  const stream = driver.createReadStream('image');
  await once(stream, 'readable');
  const first = stream.read();
  await sleep(20);
  assert.equal(stream.readableLength, first.length);
  stream.destroy();
});

test('a read stream – abandoned before its end – counts no hit', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', whole);

  driver.createReadStream('image').destroy();
  for await (const chunk of driver.createReadStream('image')) {
    assert(chunk.length > 0);
    break;
  }
  const aborted = driver.createReadStream('image', { signal: AbortSignal.abort() });
  const [error] = await once(aborted, 'error');

  assert.equal(error.name, 'AbortError');
  assert.equal(await driver.getHitCount('image'), 0);
});

test('a read stream – image not cached – fails as not found', async (t) => {
  const driver = await openDriver(t);
  await assert.rejects(drain(driver.createReadStream('image')), { code: 'ERR_IMAGE_NOT_FOUND', imageId: 'image' });
});

test('a write stream – ended – publishes its image before it finishes', async (t) => {
  const driver = await openDriver(t);
  await driver.queueImage('image');
  const stream = driver.createWriteStream('image');
  stream.write(whole.subarray(0, 10));
  stream.end(whole.subarray(10));
  assert.equal(driver.isCachedSync('image'), false);

  const seen = await new Promise((resolve) => {
    stream.once('finish', () => resolve([driver.isCachedSync('image'), driver.isQueuedSync('image')]));
  });

  assert.deepEqual(seen, [true, false]);
  assert.equal(Buffer.compare(driver.readImageSync('image'), whole), 0);
});

test('a write stream – ended without a write – publishes an empty image', async (t) => {
  const driver = await openDriver(t);
  const stream = driver.createWriteStream('image');
  stream.end();
  await once(stream, 'finish');
  assert.equal((await driver.readImage('image')).length, 0);
});

test('a write stream – destroyed – is rolled back', async (t) => {
  const driver = await openDriver(t);
  const destroyed = driver.createWriteStream('destroyed');
  await new Promise((resolve) => destroyed.write(whole, resolve));
  assert.equal(await driver.isBeingCached('destroyed'), true);
  destroyed.destroy();
  await once(destroyed, 'close');
  const failed = driver.createWriteStream('failed');
  await new Promise((resolve) => failed.write(whole, resolve));
  failed.destroy(new Error('boom'));
  await assert.rejects(once(failed, 'close'), /boom/);

  await assertAbsent(driver, 'destroyed');
  assert.equal((await driver.getUsage()).invalid, 1);
  await assertAbsent(driver, 'failed');
  await assertInvalid(driver, 'failed', /boom/);
});

test('a write stream – destroyed before it opened – claims nothing', async (t) => {
  const driver = await openDriver(t);
  const stream = driver.createWriteStream('image');
  stream.destroy();
  await once(stream, 'close');
  await assertAbsent(driver, 'image');
  assert.equal((await driver.getUsage()).incomplete, 0);
});

test('a write stream – its source ends early – is rolled back', async (t) => {
  const driver = await openDriver(t);
  const source = new Readable({ read() {} });
  source.push(whole);
  const stream = driver.createWriteStream('image');
  const piped = pipeline(source, stream);
  const closed = new Promise((resolve) => {
    stream.once('close', resolve);
  });

  setTimeout(() => source.destroy(), 20);

  await assert.rejects(piped, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  await closed;
  await assertAbsent(driver, 'image');
  await assertInvalid(driver, 'image');
});

test('a write stream – aborted – is rolled back', async (t) => {
  const driver = await openDriver(t);
  const controller = new AbortController();
  const stream = driver.createWriteStream('image', { signal: controller.signal });
  await new Promise((resolve) => stream.write(whole, resolve));
  const closed = new Promise((resolve) => {
    stream.once('close', resolve);
  });
  const failed = once(stream, 'error');

  controller.abort();

  const [error] = await failed;
  await closed;
  assert.equal(error.name, 'AbortError');
  await assertAbsent(driver, 'image');
});

test('a write stream – image has a writer – fails as busy, the writer continues', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image');
  await writer.write(bytesOf(100));

  const stream = driver.createWriteStream('image');
  stream.end(whole);
  const [error] = await once(stream, 'error');

  assert.equal(error.code, 'ERR_IMAGE_BUSY');
  await writer.commit();
  assert.deepEqual(await driver.readImage('image'), bytesOf(100));
});

test('a write stream – not its expected size – does not finish', async (t) => {
  const driver = await openDriver(t);
  for (const expectedSize of [whole.length - 1, whole.length + 1]) {
    const stream = driver.createWriteStream('image', { expectedSize });
    let finished = false;
    stream.once('finish', () => {
      finished = true;
    });
    const failure = { code: 'ERR_SIZE_MISMATCH', expected: expectedSize };
    await assert.rejects(pipeline(Readable.from([whole]), stream), failure);
    if (!stream.closed) await once(stream, 'close');
    assert.equal(finished, false);
    await assertAbsent(driver, 'image');
  }
});

test('a write stream – image deleted meanwhile – does not finish', async (t) => {
  const driver = await openDriver(t);
  const stream = driver.createWriteStream('image');
  await new Promise((resolve) => stream.write(whole, resolve));
  await driver.deleteCachedImage('image');
  stream.end();
  const [error] = await once(stream, 'error');
  assert.equal(error.code, 'ERR_CLAIM_LOST');
  if (!stream.closed) await once(stream, 'close');
  await assertAbsent(driver, 'image');
});

test('streams – invalid ids and options – are refused', async (t) => {
  const driver = await openDriver(t);
  for (const open of [(...args) => driver.createReadStream(...args), (...args) => driver.createWriteStream(...args)]) {
    for (const id of ['', '..', 'a/b', 'queue', '\ud800']) {
      await assert.rejects(async () => once(open(id), 'open'), { code: 'ERR_INVALID_IMAGE_ID', imageId: id });
    }
    await refusesArgument(() => once(open(42), 'open'));
    await refusesArgument(() => once(open('image', { signal: 'now' }), 'open'));
  }
  await refusesArgument(() => once(driver.createReadStream('image', { start: -1 }), 'open'));
  await refusesArgument(() => once(driver.createReadStream('image', { start: 2, end: 1 }), 'open'));
  await refusesArgument(() => once(driver.createWriteStream('image', { expectedSize: -1 }), 'open'));
  await assertAbsent(driver, 'image');
});

test('a ReadableStream – image busy – is locked by the call, then released', async (t) => {
  const driver = await openDriver(t);
  const source = ReadableStream.from([whole]);
  const writer = await driver.openForWrite('image');

  const refused = driver.writeImage('image', source);
  const lockedAtOnce = source.locked;
  await assert.rejects(refused, { code: 'ERR_IMAGE_BUSY' });
  await writer.rollback();

  assert.deepEqual([lockedAtOnce, source.locked], [true, false]);
  await driver.writeImage('image', source);
  assert.equal(Buffer.compare(await driver.readImage('image'), whole), 0);
});

test('a write stream – its options change after the check – is not affected', async (t) => {
  const driver = await openDriver(t);
  let looks = 0;
  const options = {
    get signal() {
      looks += 1;
      return looks === 1 ? undefined : 'no signal';
    },
  };
  const stream = driver.createWriteStream('image', options);
  stream.end('bytes');
  await finished(stream);
  assert.equal(String(await driver.readImage('image')), 'bytes');
});

test('streams – object that only resembles a signal – are refused synchronously', async (t) => {
  const driver = await openDriver(t);
  const options = { signal: Object.create(AbortSignal.prototype) };
  const unhandled = t.mock.fn();
  process.on('uncaughtException', unhandled);
  defer(t, () => process.off('uncaughtException', unhandled));

  assert.throws(() => driver.createReadStream('missing', options), TypeError);
  assert.throws(() => driver.createWriteStream('image', options), TypeError);
  await sleep(20);

  assert.equal(unhandled.mock.callCount(), 0);
});

test('a Readable – fails before it is read – fails its own write only', async (t) => {
  const driver = await openDriver(t);
  const unhandled = t.mock.fn();
  process.on('uncaughtException', unhandled);
  defer(t, () => process.off('uncaughtException', unhandled));
  const boom = new Error('boom');
  const source = new Readable({ read() {} });

  const written = driver.writeImage('image', source);
  source.destroy(boom);

  await assert.rejects(written, (error) => error === boom);
  assert.equal(unhandled.mock.callCount(), 0);
  await assertAbsent(driver, 'image');
});

test('streams – twenty cached images – yield to the event loop', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', Buffer.alloc(64 * 1024 * 1024));
  let longestMs = 0;
  let last = performance.now();
  const look = () => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(look, 1);

  const started = performance.now();
  await Promise.all(Array.from({ length: 20 }, () => count(driver.createReadStream('image'))));
  const tookMs = performance.now() - started;
  look();
  clearInterval(timer);

  // On an idle machine it is about 5 ms.
  assert.ok(longestMs < tookMs / 4, `the loop was blocked for ${longestMs} of ${tookMs} ms`);
});

async function count(stream) {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

test('a write stream – written to too fast – writes one chunk at a time, asks to wait', async (t) => {
  const driver = await openDriver(t);
  const chunk = bytesOf(100_000);
  let ahead = 0;
  let most = 0;
  const openForWrite = driver.openForWrite.bind(driver);
  // Each write ends some turns later, as on a slow disk.
  driver.openForWrite = async (...args) => {
    const writer = await openForWrite(...args);
    const write = writer.write.bind(writer);
    writer.write = async (bytes) => {
      most = Math.max(most, ++ahead);
      await sleep(5);
      await write(bytes);
      ahead--;
    };
    return writer;
  };
  const stream = driver.createWriteStream('image');
  assert.equal(stream.write(chunk), false);
  for (let i = 1; i < 5; i++) assert.equal(stream.write(chunk), false);
  assert.equal(stream.writableLength, 5 * chunk.length);

  let given = 0;
  const source = function* () {
    for (; given < 20; given++) {
      assert.ok(stream.writableLength <= 6 * chunk.length, `${stream.writableLength} bytes are waiting`);
      yield chunk;
    }
  };
  await pipeline(Readable.from(source()), stream);
  assert.equal(most, 1);
  assert.equal(await driver.getImageSize('image'), 25 * chunk.length);
});
