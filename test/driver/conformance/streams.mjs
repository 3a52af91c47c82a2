import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { bytesOf, drain } from '../../support/contents.mjs';
import { refusesArgument } from './assertions.mjs';

const ranges = [
  [{}, 0, 1000],
  [undefined, 0, 1000],
  [{ start: 0 }, 0, 1000],
  [{ start: 10 }, 10, 1000],
  [{ end: 9 }, 0, 10],
  [{ start: 10, end: 19 }, 10, 20],
  [{ start: 10, end: 10 }, 10, 11],
  [{ start: 0, end: 0 }, 0, 1],
  [{ start: 999 }, 999, 1000],
  [{ start: 999, end: 999 }, 999, 1000],
  [{ start: 990, end: 5000 }, 990, 1000],
  [{ end: Number.MAX_SAFE_INTEGER }, 0, 1000],
  [{ start: 1000 }, 0, 0],
  [{ start: 1000, end: 2000 }, 0, 0],
  [{ start: Number.MAX_SAFE_INTEGER }, 0, 0],
];

/** Streams of an `ImageReader`. */
export function streams({ open }) {
  async function openImage(t, size = 1000) {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(size));
    return driver;
  }

  test('a stream – any range – gives its bytes, end included, counts one hit', async (t) => {
    const driver = await openImage(t);

    for (const [i, [range, from, to]] of ranges.entries()) {
      const reader = await driver.openForRead('image');
      const bytes = await drain(reader.createReadStream(range));

      assert.deepEqual(bytes, bytesOf(1000).subarray(from, to), JSON.stringify(range));
      assert.equal(await driver.getHitCount('image'), i + 1, JSON.stringify(range));
    }
  });

  test('a stream – large image – gives it unchanged', async (t) => {
    const size = 3 * 1_048_576 + 1;
    const driver = await openImage(t, size);

    const reader = await driver.openForRead('image');
    const bytes = await drain(reader.createReadStream());

    assert.equal(Buffer.compare(bytes, bytesOf(size)), 0);
  });

  test('a stream – empty image – is empty, and counts a hit', async (t) => {
    const driver = await openImage(t, 0);
    const reader = await driver.openForRead('image');
    assert.equal((await drain(reader.createReadStream())).length, 0);
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('a stream – iterated to its end – counts a hit', async (t) => {
    const driver = await openImage(t);
    const reader = await driver.openForRead('image');
    const stream = reader.createReadStream();
    const chunks = [];

    for await (const chunk of stream) chunks.push(chunk);
    if (!stream.closed) await once(stream, 'close');

    assert.deepEqual(Buffer.concat(chunks), bytesOf(1000));
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('a stream – at its end – has closed its reader, counts no second hit', async (t) => {
    const driver = await openImage(t);
    const reader = await driver.openForRead('image');
    const stream = reader.createReadStream();
    await drain(stream);

    stream.destroy();
    assert.deepEqual(await reader.close(), { counted: true });
    await reader.abort();

    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('a stream – destroyed before its end – counts no hit', async (t) => {
    const driver = await openImage(t, 3_000_000);

    const untouched = (await driver.openForRead('image')).createReadStream();
    untouched.destroy();
    await once(untouched, 'close');
    const begun = (await driver.openForRead('image')).createReadStream();
    await beginReading(begun);
    begun.destroy();
    if (!begun.closed) await once(begun, 'close');
    const reader = await driver.openForRead('image');
    for await (const _ of reader.createReadStream()) break;

    assert.deepEqual(await reader.close(), { counted: false });
    assert.equal(await driver.getHitCount('image'), 0);
  });

  test('a stream – image deleted meanwhile – continues to its end', async (t) => {
    const driver = await openImage(t, 1_000_000);
    const reader = await driver.openForRead('image');
    const stream = reader.createReadStream();
    const deleted = driver.deleteCachedImage('image');

    const bytes = await drain(stream);
    await deleted;

    assert.equal(Buffer.compare(bytes, bytesOf(1_000_000)), 0);
    assert.equal(await driver.isCached('image'), false);
  });

  test('a stream – aborted – fails as aborted, counts no hit', async (t) => {
    const driver = await openImage(t, 3_000_000);

    const before = (await driver.openForRead('image')).createReadStream({ signal: AbortSignal.abort() });
    const [errorBefore] = await once(before, 'error');
    const controller = new AbortController();
    const during = (await driver.openForRead('image')).createReadStream({ signal: controller.signal });
    await beginReading(during);
    const failed = once(during, 'error');
    controller.abort();
    const [errorDuring] = await failed;
    if (!during.closed) await once(during, 'close');

    assert.equal(errorBefore.name, 'AbortError');
    assert.equal(errorDuring.name, 'AbortError');
    assert.equal(await driver.getHitCount('image'), 0);
  });

  test('a stream – invalid range – is refused', async (t) => {
    const driver = await openImage(t);
    const reader = await driver.openForRead('image');
    const wrong = [
      { start: -1 },
      { end: -1 },
      { start: 5, end: 4 },
      { start: 0.5 },
      { end: Number.NaN },
      { start: '1' },
      { end: {} },
      { signal: 'now' },
      { signal: {} },
    ];

    for (const range of wrong) await refusesArgument(() => reader.createReadStream(range));

    assert.deepEqual(await drain(reader.createReadStream()), bytesOf(1000));
  });
}

/** Reads one byte, and leaves the stream paused. */
async function beginReading(stream) {
  await once(stream, 'readable');
  assert.equal(stream.read(1).length, 1);
}
