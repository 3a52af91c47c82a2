// The position and size that a partial Response gives for its bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fetchImage } from '../../dist/fetch.js';

const asked = 5;

/** What is made of an answer of five bytes to a request from byte 5 on. */
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
  'of a number of bytes that nobody knows': { 'content-range': 'bytes 5-9/*' },
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
