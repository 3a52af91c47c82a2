// The position and size that a partial Response gives for its bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fetchedChunks, fetchImage } from '../../dist/fetch/fetch.js';

const asked = 5;

/** Returns the result for a response of five bytes to a request from byte 5 on. */
async function take(headers, status = 206) {
  const answer = () => new Response('56789', { status, headers });
  const { offset, expectedSize } = await fetchImage(answer, 'image', asked, new AbortController().signal);
  return { offset, expectedSize };
}

const understood = {
  'the rest of ten bytes': ['bytes 5-9/10', { offset: 5, expectedSize: 10 }],
  'five of a hundred, which is too few': ['bytes 5-9/100', { offset: 5, expectedSize: 100 }],
};
for (const [what, [range, expected]] of Object.entries(understood)) {
  test(`a partial response – ${what} – is accepted`, async () => {
    assert.deepEqual(await take({ 'content-range': range }), expected);
  });
}

const refused = {
  'of an unknown number of bytes': { 'content-range': 'bytes 5-9/*' },
  'that begins elsewhere': { 'content-range': 'bytes 4-9/10' },
  'that does not say where it begins': {},
  'in other units': { 'content-range': 'pages 5-9/10' },
  'of something compressed': { 'content-range': 'bytes 5-9/10', 'content-encoding': 'gzip' },
};
for (const [what, headers] of Object.entries(refused)) {
  test(`a partial response – ${what} – is refused`, async () => {
    await assert.rejects(take(headers), { code: 'ERR_FETCH_FAILED', imageId: 'image' });
  });
}

test('a whole response – any requested offset – begins at 0', async () => {
  assert.deepEqual(await take({ 'content-length': '5' }, 200), { offset: 0, expectedSize: 5 });
});

test('an answer – of another length than known – is refused before a byte is read', async () => {
  const { signal } = new AbortController();
  const answer = () => new Response('56789', { headers: { 'content-length': '5' } });
  await assert.rejects(fetchImage(answer, 'image', 0, signal, 6), {
    code: 'ERR_SIZE_MISMATCH',
    expected: 6,
    actual: 5,
  });
});

test('a part with fewer bytes than it says – read – is not followed by the next', async () => {
  const { signal } = new AbortController();
  const parts = {
    0: new Response('012', { status: 206, headers: { 'content-range': 'bytes 0-4/10' } }),
    5: new Response('5678901', { status: 206, headers: { 'content-range': 'bytes 5-9/10' } }),
  };
  const source = await fetchImage((_imageId, { offset }) => parts[offset], 'image', 0, signal);
  const chunks = [];
  const reading = async () => {
    for await (const chunk of fetchedChunks(source, 'image', signal)) chunks.push(chunk);
  };
  await assert.rejects(reading(), { code: 'ERR_SIZE_MISMATCH', expected: 5, actual: 3 });
  assert.equal(Buffer.concat(chunks).toString(), '012');
});
