// Resumed fetches over HTTP after the death of a leader: any answer of the server leads to right bytes or an error.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { collect, openCache } from '../manager/support/caches.mjs';
import { serve } from '../manager/support/http-server.mjs';
import { bytesOf } from '../support/contents.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { startHost } from './support/hosts.mjs';

const size = 200_000;
const bytes = bytesOf(size);
const half = 100_000;
const page = Buffer.from('<html>please log in</html>');

const whole = (response) => response.writeHead(200, { 'content-length': size }).end(bytes);
const part = (response, start, end, total) =>
  response
    .writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${total}`, 'content-length': end - start })
    .end(bytes.subarray(start, end));
const status = (code, headers, body) => (response) => response.writeHead(code, headers).end(body);

/**
 * Returns the outcome of a read whose leader dies at `at`. The leader may know the length. The server answers requests for a
 * part with `rest(response, start)`, and others with the whole image.
 */
async function afterDeath(t, { at = half, expectedSize, rest }) {
  const dir = await temporaryDirectory(t);
  const asked = [];
  const image = (response, request) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    asked.push(start);
    if (start === 0) whole(response);
    else rest(response, start);
  };
  const { url } = await serve(t, { image, page: status(200, { 'content-type': 'text/html' }, page) });
  const download = (_imageId, { offset, signal }) =>
    fetch(`${url}/image`, { signal, headers: offset > 0 ? { range: `bytes=${offset}-` } : {} });
  // Longer than the image, so that the leader can wait after its last byte.
  const leader = await startHost(t, { dir, size: size + 10_000, heldAt: at, expectedSize });
  leader.ask(1).catch(() => {});
  await leader.hear('at', (event) => event.at >= at);
  const cache = await openCache(t, { dir });
  const reading = collect(await cache.getOrFetch('a', download));
  await leader.end();
  const { error, bytes: got } = await reading;
  assert(bytes.subarray(0, got.length).equals(got), 'right bytes');
  if (!error) assert.equal(got.length, size);
  return { asked, code: error?.code, cached: await cache.driver.getImageSize('a') };
}

const done = (...asked) => ({ asked, code: undefined, cached: size });
const right = {
  'the rest': [{ rest: (response, start) => part(response, start, size, size) }, done(half)],
  'the rest, of an unknown length': [{ rest: (response, start) => part(response, start, size, '*') }, done(half, 0)],
  'the rest of a length that the leader knew': [
    { expectedSize: size, rest: (response, start) => part(response, start, size, '*') },
    done(half),
  ],
  'a short part of a known length': [
    { rest: (response, start) => part(response, start, Math.min(start + 40_000, size), size) },
    done(half, 140_000, 180_000),
  ],
  'a short part of an unknown length': [
    { rest: (response, start) => part(response, start, start + 1_000, '*') },
    done(half, 0),
  ],
  'a short part of a length that the leader knew': [
    { expectedSize: size, rest: (response, start) => part(response, start, Math.min(start + 60_000, size), '*') },
    done(half, 160_000),
  ],
  'another part': [{ rest: (response) => part(response, 1, size, size) }, done(half, 0)],
  'a part without Content-Range': [{ rest: status(206, {}, bytes.subarray(half)) }, done(half, 0)],
  'an encoded part': [
    {
      rest: status(
        206,
        { 'content-encoding': 'gzip', 'content-range': `bytes ${half}-${size - 1}/${size}` },
        gzipSync(''),
      ),
    },
    done(half, 0),
  ],
  'the whole image': [{ rest: whole }, done(half)],
  'no content': [{ rest: status(204) }, done(half, 0)],
  'not modified': [{ rest: status(304) }, done(half, 0)],
  'a failed precondition': [{ rest: status(412) }, done(half, 0)],
  'an unsatisfiable range of another length': [
    { rest: status(416, { 'content-range': `bytes */${half + 1}` }) },
    done(half, 0),
  ],
  'an unsatisfiable range': [{ rest: status(416) }, done(half, 0)],
  'that the image ends where the leader died': [
    { at: size, rest: status(416, { 'content-range': `bytes */${size}` }) },
    done(size),
  ],
  'nothing, because it gets no request': [{ at: size, expectedSize: size, rest: status(500) }, done()],
};
for (const [answer, [scene, expected]] of Object.entries(right)) {
  test(`a dead leader – the server answers ${answer} – the image is whole`, async (t) => {
    assert.deepEqual(await afterDeath(t, scene), expected);
  });
}

test('a dead leader that knew the length – redirect to a page of text – is an error', async (t) => {
  const scene = { expectedSize: size, rest: status(302, { location: '/page' }) };
  assert.deepEqual(await afterDeath(t, scene), { asked: [half], code: 'ERR_SIZE_MISMATCH', cached: 0 });
});

test('a dead leader – a short part, then a wrong one – is an error', async (t) => {
  const rest = (response, start) => part(response, start === half ? start : 0, start === half ? half + 5 : size, size);
  assert.deepEqual(await afterDeath(t, { rest }), { asked: [half, half + 5], code: 'ERR_FETCH_FAILED', cached: 0 });
});
