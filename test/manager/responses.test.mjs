// prefetch() from a real server, with Node's own fetch().

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { bytesOf } from '../support/contents.mjs';
import { within } from '../support/within.mjs';
import { collect, openCache } from './support/caches.mjs';
import { serve } from './support/http-server.mjs';

const image = bytesOf(300_000);
const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const send = (status, headers, body) => (response) => response.writeHead(status, headers).end(body);

const good = {
  length: send(200, { 'content-length': image.length }, image),
  chunked: (response) => {
    response.write(image.subarray(0, 1000));
    response.end(image.subarray(1000));
  },
  redirect: (response) => response.writeHead(302, { location: '/length' }).end(),
  'not-authoritative': send(203, {}, image),
  'in-drips': async (response) => {
    for (let i = 0; i < 10; i++) {
      response.write(image.subarray(i * 30_000, (i + 1) * 30_000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    response.end();
  },
};
const status = { missing: 404, forbidden: 403, broken: 500, 'no-content': 204, part: 206, 'not-modified': 304 };
const refused = Object.fromEntries(
  Object.entries(status).map(([path, code]) => [path, send(code, {}, [204, 304].includes(code) ? undefined : image)]),
);
const zipped = gzipSync(image);
const encoded = {
  gzip: send(200, { 'content-encoding': 'gzip' }, zipped),
  'gzip-with-length': send(200, { 'content-encoding': 'gzip', 'content-length': zipped.length }, zipped),
  // Node's fetch() decodes this one without an error.
  'gzip-cut': send(200, { 'content-encoding': 'gzip' }, zipped.subarray(0, -20)),
  'brotli-cut': send(200, { 'content-encoding': 'br' }, brotliCompressSync(image, fast).subarray(0, -20)),
  'gzip-midway': (response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.write(zipped.subarray(0, 100_000), () => response.socket.destroy());
  },
  'gzip-part': send(206, { 'content-encoding': 'gzip', 'content-range': `bytes 0-${zipped.length - 1}/*` }, zipped),
  'in-capitals': send(200, { 'content-encoding': ' GZIP ' }, zipped),
};
const cutOff = {
  'before-the-headers': (response) => response.socket.destroy(),
  midway: (response) => {
    response.writeHead(200, { 'content-length': image.length });
    response.write(image.subarray(0, 100_000), () => response.socket.destroy());
  },
  'midway-chunked': (response) => response.write(image.subarray(0, 100_000), () => response.socket.destroy()),
  truncated: (response) => {
    response.writeHead(200, { 'content-length': image.length + 1, connection: 'close' });
    response.write(image, () => response.socket.end());
  },
};

async function prefetch(t, paths, { server, ...options } = {}) {
  const { url, closed } = server ?? (await serve(t, { ...good, ...refused, ...cutOff }));
  const cache = await openCache(t, { maxSize: 5_000_000 });
  for (const path of paths) await cache.queueImage(path);
  const result = await cache.prefetch((path, { signal }) => fetch(`${url}/${path}`, { signal }), options);
  return { cache, closed, ...result };
}

test('responses – complete, of every kind – are cached whole', async (t) => {
  const { cache, cached, failed } = await prefetch(t, Object.keys(good));
  assert.deepEqual(failed, new Map());
  assert.deepEqual([...cached].sort(), Object.keys(good).sort());
  for (const path of cached) assert.equal(Buffer.compare(await cache.driver.readImage(path), image), 0, path);
});

test('a response – not the image – fails with its status, its connection is closed', async (t) => {
  const { cache, closed, cached, failed } = await prefetch(t, [...Object.keys(refused), 'length']);
  assert.deepEqual(cached, ['length']);
  for (const [path, code] of Object.entries(status)) {
    const error = failed.get(path);
    assert.deepEqual([error.name, error.code, error.status], ['FetchFailedError', 'ERR_FETCH_FAILED', code]);
    assert.deepEqual([error.imageId, error.remote], [path, false]);
    assert.equal(await cache.driver.isQueued(path), true);
    await within(5000, closed(path), `the end of ${path}`);
  }
  assert.equal((await cache.driver.getUsage()).invalid, 0);
});

test('an encoded response – whole or cut short – is refused, its connection is closed', async (t) => {
  const server = await serve(t, { ...encoded, length: good.length });
  const { cache, cached, failed } = await prefetch(t, [...Object.keys(encoded), 'length'], { server });
  assert.deepEqual(cached, ['length']);
  for (const path of Object.keys(encoded)) {
    const { code, message } = failed.get(path);
    assert.equal(code, 'ERR_FETCH_FAILED', path);
    assert.match(message, /with content-encoding (gzip|br): accept-encoding: identity was not sent, or not obeyed$/);
    assert.equal(await cache.driver.isCacheable(path), true);
    await within(5000, server.closed(path), `the end of ${path}`);
  }
});

test('getOrFetch() – gzip body that ends early – fails, and caches nothing', async (t) => {
  const { url } = await serve(t, encoded);
  const decoded = await fetch(`${url}/gzip-cut`).then(async (response) => (await response.arrayBuffer()).byteLength);
  assert(decoded < image.length, 'fetch() itself shows no error');
  const cache = await openCache(t);
  const { error } = await collect(await cache.getOrFetch('gzip-cut', (path) => fetch(`${url}/${path}`)));
  assert.equal(error?.code, 'ERR_FETCH_FAILED');
  assert.equal(await cache.driver.isCached('gzip-cut'), false);
});

test('a response – encoding is identity – is cached', async (t) => {
  const server = await serve(t, { plain: send(200, { 'content-encoding': 'identity' }, image) });
  const { cached } = await prefetch(t, ['plain'], { server });
  assert.deepEqual(cached, ['plain']);
});

test('an encoded response – not the image – fails with its status', async (t) => {
  const server = await serve(t, { missing: send(404, { 'content-encoding': 'gzip' }, gzipSync('none')) });
  const { failed } = await prefetch(t, ['missing'], { server });
  assert.equal(failed.get('missing').status, 404);
  assert.doesNotMatch(failed.get('missing').message, /encoding/);
});

test('a response – cut off – is not cached, its error has the cause', async (t) => {
  const { cache, cached, failed } = await prefetch(t, [...Object.keys(cutOff), 'length']);
  assert.deepEqual(cached, ['length']);
  for (const path of Object.keys(cutOff)) {
    const error = failed.get(path);
    assert.equal(error.code, 'ERR_FETCH_FAILED', path);
    assert(error.cause instanceof Error);
    assert.equal(error.status, undefined);
    assert.equal(await cache.driver.isCacheable(path), true);
    assert.equal(await cache.driver.isQueued(path), true);
  }
  const reasons = (await cache.driver.getInvalidImages()).map(({ error }) => error);
  assert.notEqual(reasons.length, 0);
  for (const reason of reasons) assert.match(reason, /^ERR_FETCH_FAILED/);
});

test('a response – without an end – is cut off once it is larger than the cache', async (t) => {
  const server = await serve(t, {
    endless: (response) => {
      response.on('drain', () => response.write(image));
      response.write(image);
    },
  });
  const { failed, closed } = await prefetch(t, ['endless'], { server });
  assert.equal(failed.get('endless').code, 'ERR_NO_SPACE');
  await within(5000, closed('endless'), 'the end of the connection');
});

test('a response – that stalls – can be aborted', async (t) => {
  const server = await serve(t, { slow: (response) => response.write(image) });
  const controller = new AbortController();
  const prefetching = prefetch(t, ['slow'], {
    server,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(within(5000, prefetching, 'prefetch()'), { name: 'AbortError' });
  await within(5000, server.closed('slow'), 'the end of the connection');
});

const made = (body, init = {}) => new Response(body, init);

test('a content length – valid or not – is checked if it is valid', async (t) => {
  const cache = await openCache(t, { maxSize: 1_000_000 });
  const bytes = bytesOf(1000);
  const answers = {
    right: made(bytes, { headers: { 'content-length': '1000' } }),
    short: made(bytes, { headers: { 'content-length': '1001' } }),
    long: made(bytes, { headers: { 'content-length': '999' } }),
    senseless: made(bytes, { headers: { 'content-length': '1e3' } }),
    twice: made(bytes, { headers: { 'content-length': '1000, 1000' } }),
    immense: made(bytes, { headers: { 'content-length': '9'.repeat(30) } }),
    empty: made(null, { headers: { 'content-length': '0' } }),
    'empty, but should not be': made(null, { headers: { 'content-length': '1000' } }),
  };
  for (const id of Object.keys(answers)) await cache.queueImage(id);

  const { cached, failed } = await cache.prefetch((id) => answers[id]);

  assert.deepEqual([...cached].sort(), ['empty', 'immense', 'right', 'senseless', 'twice']);
  assert.deepEqual([...failed].map(([id, { code, expected, actual }]) => [id, code, expected, actual]).sort(), [
    ['empty, but should not be', 'ERR_SIZE_MISMATCH', 1000, 0],
    ['long', 'ERR_SIZE_MISMATCH', 999, 1000],
    ['short', 'ERR_SIZE_MISMATCH', 1001, 1000],
  ]);
});

test('a response – read before, locked, or an error – fails', async (t) => {
  const cache = await openCache(t);
  const read = made('bytes');
  await read.text();
  const locked = made('bytes');
  locked.body.getReader();
  const lockedRefusal = made('bytes', { status: 500 });
  lockedRefusal.body.getReader();
  const answers = { read, locked, lockedRefusal, error: Response.error() };
  for (const id of Object.keys(answers)) await cache.queueImage(id);
  const { cached, failed } = await cache.prefetch((id) => answers[id]);
  assert.deepEqual(cached, []);
  assert.deepEqual(
    [...failed.values()].map(({ code }) => code),
    Array(4).fill('ERR_FETCH_FAILED'),
  );
  assert.deepEqual([failed.get('error').status, failed.get('lockedRefusal').status], [0, 500]);
});

test('a response – of another fetch() – is treated the same', async (t) => {
  const cache = await openCache(t);
  const headers = new Headers({ 'content-length': '2' });
  const answers = {
    good: { ok: true, status: 200, statusText: 'OK', headers, body: [Buffer.from('ab')] },
    bad: { ok: false, status: 404, statusText: 'Not Found', headers, body: [Buffer.from('ab')] },
  };
  for (const id of Object.keys(answers)) await cache.queueImage(id);
  const { cached, failed } = await cache.prefetch((id) => answers[id]);
  assert.deepEqual(cached, ['good']);
  assert.equal(failed.get('bad').status, 404);
});
