import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { bytesOf } from '../../support/contents.mjs';
import { slowly, stepwise } from '../../support/slow-sources.mjs';
import { within } from '../../support/within.mjs';
import { assertAborted, assertAbsent, assertInvalid, refusesArgument } from './assertions.mjs';

const whole = bytesOf(250_000);
const parts = [whole.subarray(0, 100_000), whole.subarray(100_000, 100_000), whole.subarray(100_000)];

const sourcesOfTheWhole = {
  'a Buffer': () => whole,
  'a Uint8Array': () => new Uint8Array(whole),
  'a view into a larger memory': () => {
    const memory = new Uint8Array(whole.length + 20);
    memory.set(whole, 10);
    return memory.subarray(10, 10 + whole.length);
  },
  'an array of chunks': () => parts,
  'a set of chunks': () => new Set(parts),
  'a generator': function* () {
    yield* parts;
  },
  'an async generator': () => slowly(parts),
  'a Readable': () => Readable.from(parts),
  'a ReadableStream': () => ReadableStream.from(parts),
  'the body of a response': () => new Response(whole).body,
  'two thousand small chunks': function* () {
    for (let i = 0; i < 2000; i++) yield whole.subarray(i * 125, (i + 1) * 125);
  },
};

const emptySources = {
  'no bytes': () => new Uint8Array(0),
  'an empty array': () => [],
  'empty chunks': () => [new Uint8Array(0), new Uint8Array(0)],
  'a generator that yields nothing': function* () {},
  'an async generator that yields nothing': () => slowly([]),
  'a ReadableStream that is closed': () => ReadableStream.from([]),
};

const boom = new Error('boom');
const failingSources = {
  'a generator that throws immediately': function* () {
    yield* [];
    throw boom;
  },
  'a generator that throws midway': function* () {
    yield parts[0];
    throw boom;
  },
  'an async generator that throws immediately': () => slowly([], boom),
  'an async generator that throws midway': () => slowly(parts, boom),
  'a Readable that is destroyed': () => {
    const readable = new Readable({ read() {} });
    readable.push(parts[0]);
    setTimeout(() => readable.destroy(boom), 5);
    return readable;
  },
  'a ReadableStream that errors': () => ReadableStream.from(slowly(parts, boom)),
  'an iterable that cannot be started': () => ({
    [Symbol.asyncIterator]() {
      throw boom;
    },
  }),
};

/** `writeImage`. */
export function sources({ open }) {
  for (const [what, source] of Object.entries(sourcesOfTheWhole)) {
    test(`${what} – written – is stored whole`, async (t) => {
      const driver = await open(t);
      await driver.writeImage('image', source(), { expectedSize: whole.length });

      assert.equal(Buffer.compare(await driver.readImage('image'), whole), 0);
      assert.equal(await driver.isBeingCached('image'), false);
      const { incomplete, invalid } = await driver.getUsage();
      assert.deepEqual({ incomplete, invalid }, { incomplete: 0, invalid: 0 });
    });
  }

  for (const [what, source] of Object.entries(emptySources)) {
    test(`${what} – written – is an empty image`, async (t) => {
      const driver = await open(t);
      await driver.writeImage('image', source());

      assert.equal(await driver.isCached('image'), true);
      assert.equal((await driver.readImage('image')).length, 0);
      assert.equal(await driver.getHitCount('image'), 1);
      assert.equal((await driver.getCachedImages()).length, 1);
    });
  }

  for (const [what, source] of Object.entries(failingSources)) {
    test(`${what} – written – fails with its error`, async (t) => {
      const driver = await open(t);
      await driver.queueImage('image');

      await assert.rejects(driver.writeImage('image', source()), (error) => error === boom);

      await assertAbsent(driver, 'image');
      assert.equal(await driver.isQueued('image'), true);
      assert.equal((await driver.getUsage()).incomplete, 0);
    });
  }

  test('a failed source – after some chunks – leaves them in invalid/ with the reason', async (t) => {
    const driver = await open(t);
    await assert.rejects(driver.writeImage('image', slowly(parts, boom)), (error) => error === boom);
    const image = await assertInvalid(driver, 'image', /boom/);
    assert.equal(image.size, whole.length);
  });

  test('a source – throws a value that is no Error – rejects with that value', async (t) => {
    const driver = await open(t);
    for (const thrown of ['text', undefined, null, 7]) {
      const [{ status, reason }] = await Promise.allSettled([driver.writeImage('image', slowly(parts, thrown, true))]);
      assert.deepEqual({ status, reason }, { status: 'rejected', reason: thrown });
      await assertAbsent(driver, 'image');
    }
  });

  test('a source – yields anything but bytes – is refused and closed, caches nothing', async (t) => {
    const driver = await open(t);
    let closed = 0;
    async function* yielding(value) {
      try {
        yield parts[0];
        yield value;
      } finally {
        closed += 1;
      }
    }

    const values = ['text', 1, null, undefined, [1, 2], {}];
    for (const value of values) {
      await refusesArgument(() => driver.writeImage('image', yielding(value)));
      await assertAbsent(driver, 'image');
    }
    await refusesArgument(() => driver.writeImage('image', [parts[0], 'text']));
    await assertAbsent(driver, 'image');

    assert.equal(closed, values.length);
  });

  test('writeImage() – not a source – is refused, claims nothing', async (t) => {
    const driver = await open(t);
    for (const source of ['text', '', 42, true, null, undefined, {}, () => whole, Promise.resolve(whole)]) {
      await refusesArgument(() => driver.writeImage('image', source));
    }
    await assertAbsent(driver, 'image');
    assert.deepEqual(await driver.getInvalidImages(), []);
  });

  test('a source – not its expected size – is not published', async (t) => {
    const driver = await open(t);
    for (const source of [() => whole, () => parts, () => slowly(parts), () => ReadableStream.from(parts)]) {
      for (const expectedSize of [whole.length + 1, whole.length - 1, 0]) {
        const write = driver.writeImage('image', source(), { expectedSize });
        await assert.rejects(write, { code: 'ERR_SIZE_MISMATCH', imageId: 'image', expected: expectedSize });
        await assertAbsent(driver, 'image');
      }
    }
  });

  test('writeImage() – waiting for its source – holds the claim', async (t) => {
    const driver = await open(t);
    const { source, next, end } = stepwise();
    const write = driver.writeImage('image', source);
    await next(parts[0]);

    assert.equal(await driver.isBeingCached('image'), true);
    let touched = false;
    async function* second() {
      touched = true;
      yield parts[0];
    }
    await assert.rejects(driver.writeImage('image', second()), { code: 'ERR_IMAGE_BUSY', imageId: 'image' });
    assert.equal(touched, false);
    await end();

    await write;
    assert.deepEqual(await driver.readImage('image'), parts[0]);
  });

  test('a put – beside a live writer – needs no claim, the last write wins', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(300, 1));

    await driver.writeImage('image', bytesOf(200, 2));
    assert.deepEqual(await driver.readImage('image'), bytesOf(200, 2));
    assert.equal(await driver.isBeingCached('image'), true);

    await writer.commit();
    assert.deepEqual(await driver.readImage('image'), bytesOf(300, 1));
    await driver.writeImage('image', bytesOf(100, 3));
    assert.deepEqual(await driver.readImage('image'), bytesOf(100, 3));
  });

  test('puts – twenty concurrent ones – leave one whole image', async (t) => {
    const driver = await open(t);
    const numbers = Array.from({ length: 20 }, (_, i) => i);

    await Promise.all(numbers.map((i) => driver.writeImage('image', bytesOf(100_000 + i, i))));

    const bytes = await driver.readImage('image');
    assert.equal(Buffer.compare(bytes, bytesOf(bytes.length, bytes.length - 100_000)), 0);
    assert.equal(await driver.getCacheSize(), bytes.length);
    const { incomplete, invalid } = await driver.getUsage();
    assert.deepEqual({ incomplete, invalid }, { incomplete: 0, invalid: 0 });
  });

  test('writeImage() – aborted before it begins – leaves nothing', async (t) => {
    const driver = await open(t);
    const signal = AbortSignal.abort();
    for (const source of [whole, parts, slowly(parts)]) {
      await assertAborted(driver.writeImage('image', source, { signal }));
    }
    await assertAbsent(driver, 'image');
    assert.deepEqual(await driver.getInvalidImages(), []);
  });

  test('writeImage() – aborted, source silent – fails immediately', { timeout: 5000 }, async (t) => {
    const driver = await open(t);
    const controller = new AbortController();
    const { source, next } = stepwise();
    const write = driver.writeImage('image', source, { signal: controller.signal });
    await next(parts[0]);

    controller.abort();

    await assertAborted(write);
    await assertAbsent(driver, 'image');
    assert.deepEqual(await driver.getInvalidImages(), []);
  });

  test('a stream – its write is aborted – is destroyed', { timeout: 5000 }, async (t) => {
    const driver = await open(t);
    const controller = new AbortController();
    const readable = new Readable({ read() {} });
    readable.push(parts[0]);
    const closed = once(readable, 'close');
    const write = driver.writeImage('image', readable, { signal: controller.signal });
    await setImmediate();

    controller.abort();

    await assertAborted(write);
    await within(1000, closed, 'the end of the stream');
    await assertAbsent(driver, 'image');
  });

  test('an image – deleted while waiting for its source – does not appear', async (t) => {
    const driver = await open(t);
    const { source, next, end } = stepwise();
    const write = driver.writeImage('image', source);
    await next(parts[0]);
    await driver.deleteCachedImage('image');
    const lost = assert.rejects(write, { code: 'ERR_CLAIM_LOST', imageId: 'image' });
    await end();

    await lost;
    await assertAbsent(driver, 'image');
  });
}
