import assert from 'node:assert/strict';
import { test } from 'node:test';

import { collect, openCache } from '../manager/support/caches.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { startHost } from './support/hosts.mjs';
import { origin } from './support/origin.mjs';

test('one fetch – 1,000 concurrent callers in 4 processes – serves, counts them all', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir });
  const hosts = await Promise.all(Array.from({ length: 4 }, () => startHost(t, { dir, heldAt: 0 })));
  const asking = hosts.map((host) => host.ask(250));
  await Promise.all(hosts.map(({ hear }) => hear('asked')));
  for (const host of hosts) host.release();
  const answers = await Promise.all(asking);

  const results = answers.flatMap(({ results }) => results);
  assert.deepEqual(new Set(results), new Set(['right']));
  assert.equal(results.length, 1_000);
  const fetches = answers.flatMap(({ fetches }) => fetches);
  t.diagnostic(`fetches for 1,000 requests: ${fetches.length}`);
  assert.deepEqual(fetches, [0]);
  assert.equal(answers.flatMap(({ sources }) => sources).filter((source) => source === 'fetch').length, 1);
  assert.equal(await cache.driver.getHitCount('a'), 1_000);
});

test('one fetch – two directories (the control) – is two fetches', async (t) => {
  const hosts = await Promise.all(
    Array.from({ length: 2 }, async () => startHost(t, { dir: await temporaryDirectory(t) })),
  );
  const answers = await Promise.all(hosts.map((host) => host.ask(10)));
  assert.equal(answers.flatMap(({ fetches }) => fetches).length, 2);
});

const failures = {
  'its source': [{ failsWith: 'connection reset' }, 'FetchFailedError ERR_FETCH_FAILED', true],
  'a wrong length': [{ expectedSize: 200_001 }, 'SizeMismatchError ERR_SIZE_MISMATCH', false],
  'a wrong checksum': [
    { checksum: { algorithm: 'md5', hex: '00'.repeat(16) } },
    'ChecksumMismatchError ERR_CHECKSUM_MISMATCH',
    false,
  ],
};

for (const [failure, [settings, error, hasRemote]] of Object.entries(failures)) {
  test(`a fetch – fails for ${failure} – fails for all readers, also in other processes`, async (t) => {
    const dir = await temporaryDirectory(t);
    const leader = await startHost(t, { dir, heldAt: 0, ...settings });
    const leading = leader.ask(3);
    await leader.hear('asked');
    const follower = await startHost(t, { dir, ...settings });
    const following = follower.ask(3);
    await follower.hear('asked');
    leader.release();
    const [led, followed] = await Promise.all([leading, following]);

    const suffix = (remote) => (hasRemote ? ` ${remote}` : '');
    assert.deepEqual(led.results, Array(3).fill(error + suffix(false)));
    assert.deepEqual(followed.results, Array(3).fill(error + suffix(true)));
    assert.deepEqual(followed.fetches, []);
    assert.deepEqual(followed.sources, Array(3).fill('follow'));

    const cache = await openCache(t, { dir });
    assert.equal(await cache.driver.isCached('a'), false);
    const [{ error: recorded }] = await cache.driver.getInvalidImages();
    assert(recorded.startsWith(error.split(' ')[1]), recorded);
    const { fetch, bytes } = origin();
    assert((await collect(await cache.getOrFetch('a', fetch))).bytes.equals(bytes));
  });
}
