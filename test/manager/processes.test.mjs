import assert from 'node:assert/strict';
import { test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { ready } from './support/processes.mjs';

const kibibyte = 2 ** 10;
const mebibyte = 2 ** 20;

/** Returns the observations of services that only write, concurrently, and the services' own totals. */
async function observe(t, { processes, lanes, maxSize, imageSize, how = 'cacheImage' }) {
  const dir = await temporaryDirectory(t);
  await openDriver(t, { dir });
  const observer = await ready(t, './observer.mjs', [dir]);
  const volume = (3 * maxSize) / processes;
  const writers = await ready(t, './writing-service.mjs', [dir, maxSize, lanes, volume, imageSize, how], processes);
  const observed = observer.setOff();
  const services = await writers.setOff();
  observer.tell('stop');
  const [seen] = await observed;
  const sum = (key) => services.reduce((total, service) => total + service[key], 0);
  const driver = await openDriver(t, { dir });
  const result = {
    ...seen,
    over: seen.largest - maxSize,
    beingWritten: processes * lanes * imageSize,
    images: sum('images'),
    written: sum('bytes'),
    errors: sum('errors'),
    evictors: services.filter(({ evicted }) => evicted > 0).length,
    atTheEnd: await driver.getCacheSize(),
  };
  t.diagnostic(JSON.stringify({ processes, lanes, maxSize, imageSize, how, ...result }));
  return result;
}

const services = {
  'one process, one call': { processes: 1, lanes: 1, maxSize: 2 * mebibyte, imageSize: 32 * kibibyte },
  'one process, 32 calls': { processes: 1, lanes: 32, maxSize: 4 * mebibyte, imageSize: 32 * kibibyte },
  'four processes, 4 calls': { processes: 4, lanes: 4, maxSize: 4 * mebibyte, imageSize: 16 * kibibyte },
  'four processes, 4 tees': {
    processes: 4,
    lanes: 4,
    maxSize: 4 * mebibyte,
    imageSize: 16 * kibibyte,
    how: 'cachingIterator',
  },
};

for (const [what, service] of Object.entries(services)) {
  test(`${what} – only writes – at most pending bytes above the limit`, async (t) => {
    const { maxSize, processes } = service;
    const { over, beingWritten, looks, written, errors, evictors, largest, atTheEnd } = await observe(t, service);

    assert(over <= beingWritten, `${over} bytes over the limit, where ${beingWritten} were being written`);
    assert(atTheEnd <= maxSize, `${atTheEnd} bytes at the end`);
    assert.equal(errors, 0);
    // Otherwise the test has shown nothing.
    assert(looks > 20, `${looks} looks`);
    assert(written > 2 * maxSize, `${written} bytes written`);
    assert(largest > 0.9 * maxSize);
    assert(evictors >= Math.min(2, processes), `${evictors} processes have evicted`);
  });
}

test('glance B11: prunes – three processes – together remove as much as one', async (t) => {
  const images = 1500;
  const size = 100;
  let waited = 0;
  for (let round = 0; round < 2; round++) {
    const driver = await openDriver(t);
    for (let i = 0; i < images; i++) driver.writeImageSync(`${i}`, Buffer.alloc(size));
    const pruners = await ready(t, './pruner.mjs', [driver.dir, (images * size) / 2], 3);

    const results = await pruners.setOff();

    const gone = results.flatMap(({ imageIds }) => imageIds);
    assert.equal(gone.length, images / 2);
    assert.equal(new Set(gone).size, images / 2);
    assert.equal(
      results.reduce((sum, { filesPruned }) => sum + filesPruned, 0),
      images / 2,
    );
    assert.equal(
      results.reduce((sum, { bytesPruned }) => sum + bytesPruned, 0),
      (images * size) / 2,
    );
    assert.equal(await driver.getCacheSize(), (images * size) / 2);
    const first = results.find(({ filesPruned }) => filesPruned > 0);
    waited += results.filter((one) => one !== first && one.start < first.end && one.end > first.start).length;
  }
  t.diagnostic(`${waited} of 4 prunes met another`);
  assert(waited > 0, 'no two prunes were concurrent');
});
