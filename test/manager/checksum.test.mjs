import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { openCache } from './support/caches.mjs';
import { untouched } from './support/sources.mjs';

const bytes = bytesOf(100_000);
const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000)];
const sri = (algorithm, of = bytes) => `${algorithm}-${createHash(algorithm).update(of).digest('base64')}`;
const hex = (algorithm, of = bytes) => ({ algorithm, hex: createHash(algorithm).update(of).digest('hex') });

const text = (algorithm, of = bytes) => `${algorithm}:${hex(algorithm, of).hex}`;

const right = {
  'sha1 in SRI': sri('sha1'),
  'sha256 in SRI': sri('sha256'),
  'sha384 in SRI': sri('sha384'),
  'sha512 in SRI': sri('sha512'),
  'SRI with options': `${sri('sha256')}?ct=application/octet-stream`,
  'two of one algorithm, the second right': `${sri('sha256', 'else')} ${sri('sha256')}`,
  'two of one algorithm, the first right': `${sri('sha256')}\n  ${sri('sha256', 'else')}`,
  'a right sha512, a wrong sha256': `${sri('sha256', 'else')} ${sri('sha512')}`,
  'an unknown algorithm beside a right one': `sha9-AAAA ${sri('sha256')}`,
  'md5 in hex': hex('md5'),
  'md5 in capitals': { algorithm: 'md5', hex: hex('md5').hex.toUpperCase() },
  'an algorithm in capitals': { ...hex('sha256'), algorithm: 'SHA256' },
  'sha512 in hex': hex('sha512'),
  'md5 in hex, as text': text('md5'),
  'sha512-256 in hex, as text': text('sha512-256'),
  'text in capitals': text('sha256').toUpperCase(),
  'sha3-256 in hex': hex('sha3-256'),
};
const wrong = {
  'a sha256 of other bytes': sri('sha256', 'else'),
  'two sha256 of other bytes': `${sri('sha256', 'a')} ${sri('sha256', 'b')}`,
  'a wrong sha512, a right sha256': `${sri('sha256')} ${sri('sha512', 'else')}`,
  'an md5 of other bytes': hex('md5', 'else'),
  'an md5 of other bytes, as text': text('md5', 'else'),
  'the sha256 of all bytes but the last': sri('sha256', bytes.subarray(0, -1)),
};
const senseless = {
  'an empty text': '',
  'a text without a digest': 'nonsense',
  'a digest without an algorithm': sri('sha256').slice(7),
  'an algorithm without a digest': 'sha256-',
  'a truncated digest': sri('sha256').slice(0, 30),
  'a digest not in base64': 'sha256-!!!',
  'an unknown SRI algorithm': 'sha9-AAAA',
  'an unknown algorithm': { algorithm: 'sha9', hex: 'aa' },
  'truncated hex': { algorithm: 'md5', hex: hex('md5').hex.slice(0, 31) },
  'hex of another algorithm': { algorithm: 'md5', hex: hex('sha256').hex },
  'text instead of hex': { algorithm: 'md5', hex: 'z'.repeat(32) },
  'no hex': { algorithm: 'md5', hex: '' },
  'a text without hex': 'md5:',
  'a text with truncated hex': text('md5').slice(0, -1),
  'a text with hex of another algorithm': `md5:${hex('sha256').hex}`,
  'a text with other characters than hex': `md5:${'z'.repeat(32)}`,
  'a text with an unknown algorithm': 'rot13:ffff',
  'a text without an algorithm': ':ffff',
  'two texts': `${text('md5')} ${text('md5')}`,
};

for (const [what, checksum] of Object.entries(right)) {
  test(`a checksum – ${what} – lets the image be cached`, async (t) => {
    const cache = await openCache(t);
    assert.equal(await cache.cacheImage('image', chunks, { checksum }), true);
    assert.equal(Buffer.compare(await cache.driver.readImage('image'), bytes), 0);
  });
}

for (const [what, checksum] of Object.entries(wrong)) {
  test(`a checksum – ${what} – is a mismatch`, async (t) => {
    const cache = await openCache(t);
    await assert.rejects(cache.cacheImage('image', chunks, { checksum }), { code: 'ERR_CHECKSUM_MISMATCH' });
    assert.equal(await cache.driver.isCacheable('image'), true);
  });
}

test('a mismatch – SRI, hex or text – reports both digests in that form', async (t) => {
  const cache = await openCache(t);
  const errorOf = (checksum) => cache.cacheImage('image', chunks, { checksum }).catch((error) => error);

  const { expected, actual } = await errorOf(sri('sha384', 'else'));
  assert.deepEqual([expected, actual], [sri('sha384', 'else'), sri('sha384')]);

  const inHex = await errorOf({ algorithm: 'md5', hex: hex('md5', 'else').hex.toUpperCase() });
  assert.deepEqual([inHex.expected, inHex.actual], [hex('md5', 'else').hex, hex('md5').hex]);

  const asText = await errorOf(text('md5', 'else').toUpperCase());
  assert.deepEqual([asText.expected, asText.actual], [text('md5', 'else'), text('md5')]);
});

for (const [what, checksum] of Object.entries(senseless)) {
  test(`a checksum – ${what} – is refused, the source unread`, async (t) => {
    const cache = await openCache(t);
    const source = untouched();
    const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
    await assert.rejects(cache.cacheImage('image', source, { checksum }), refused);
    await assert.rejects(cache.cachingIterator('image', source, { checksum }).next(), refused);
    await assert.rejects(
      cache.getOrFetch('image', () => source, { checksum }),
      refused,
    );
    assert.equal(source.touched, false);
    assert.deepEqual((await cache.driver.getUsage()).invalid, 0);
  });
}

test('a checksum – wrong type – is refused', async (t) => {
  const cache = await openCache(t);
  for (const checksum of [null, 7, true, {}, { algorithm: 'md5' }, { algorithm: 1, hex: '' }, [], Buffer.alloc(16)]) {
    const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    await assert.rejects(cache.cacheImage('image', chunks, { checksum }), refused);
  }
});
