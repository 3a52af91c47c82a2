import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chunksOf } from '../../dist/streams/source-chunks.js';

const bytes = (text) => new TextEncoder().encode(text);

test('a source – iterable, async iterable or web stream – yields chunks in order', async () => {
  const sources = [
    [bytes('a'), bytes('b')],
    (function* () {
      yield bytes('a');
      yield bytes('b');
    })(),
    (async function* () {
      yield bytes('a');
      yield bytes('b');
    })(),
    new Blob(['ab']).stream(),
  ];
  for (const source of sources) assert.equal(Buffer.concat(await collect(chunksOf(source))).toString(), 'ab');
});

test('a source – consumer stops early – is ended once', async () => {
  const source = watched();
  for await (const _chunk of chunksOf(source)) break;
  assert.equal(source.ended, 1);
});

test('a source – aborted while it hangs – is ended', async () => {
  const abort = new AbortController();
  const source = watched(new Promise(() => {}));
  setTimeout(() => abort.abort(new Error('enough')), 10);
  await assert.rejects(collect(chunksOf(source, abort.signal)), { message: 'enough' });
  assert.equal(source.ended, 1);
});

test('a source – yields a string – is refused and ended', async () => {
  const source = watched(Promise.resolve({ done: false, value: 'text' }));
  await assert.rejects(collect(chunksOf(source)), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.equal(source.ended, 1);
});

test('a source – fails to stop – the first reason is kept', async () => {
  const source = watched(Promise.resolve({ done: false, value: 1 }), () => {
    throw new Error('cannot stop');
  });
  await assert.rejects(collect(chunksOf(source)), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a source – read to its end – is not ended again', async () => {
  const source = watched(Promise.resolve({ done: true, value: undefined }));
  await collect(chunksOf(source));
  assert.equal(source.ended, 0);
});

async function collect(chunks) {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** A source that always returns `next`, and counts how often it was ended. */
function watched(next = Promise.resolve({ done: false, value: bytes('x') }), onReturn = () => {}) {
  return {
    ended: 0,
    next: () => next,
    return() {
      this.ended++;
      onReturn();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
