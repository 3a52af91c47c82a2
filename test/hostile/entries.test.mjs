// A cache directory in which somebody has put what does not belong there, under the names that the driver works with.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, lstatSync, lutimesSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { canary } from '../support/canary.mjs';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { needsRoot } from '../support/mounts.mjs';
import { sampled } from '../support/sample.mjs';
import { seed } from '../support/seed.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { concernsOneImage, operations, outcomeOf, readsBytes, writesBytes, written } from './operations.mjs';

const mknod = (path, ...device) => execFileSync('mknod', [path, ...device]);

/** A symlink whose access time the kernel need not write, so that it could be followed without waiting, too. */
function symlinkCached(to, path) {
  symlinkSync(to, path);
  lutimesSync(path, Date.now() / 1000 + 3600, Date.now() / 1000);
}

/** What is put at `path`; `outside` is a canary, `twin` a file outside that is only read and linked. */
const kinds = {
  'a symlink to a file outside': { make: (path, { outside }) => symlinkCached(outside.file, path) },
  'a symlink to nothing outside': { make: (path, { outside }) => symlinkSync(join(outside.dir, 'new'), path) },
  'a symlink to a directory outside': { make: (path, { outside }) => symlinkCached(outside.dir, path) },
  'a symlink to itself': { make: (path) => symlinkSync(path, path) },
  'a symlink to a fifo': {
    make(path, { spare }) {
      execFileSync('mkfifo', [spare]);
      symlinkSync(spare, path);
    },
  },
  'a fifo': { make: (path) => execFileSync('mkfifo', [path]) },
  'a socket': { make: (path, { listen }) => listen(path) },
  'an empty directory': { make: (path) => mkdirSync(path), stays: true },
  'a directory with files': {
    stays: true,
    make(path) {
      mkdirSync(path);
      writeFileSync(join(path, 'image'), 'inside');
    },
  },
  'a device that reads for ever': { make: (path) => mknod(path, 'c', '1', '5'), skip: needsRoot },
  'a device that nobody drives': { make: (path) => mknod(path, 'c', '10', '254'), skip: needsRoot },
  'a block device that nobody drives': { make: (path) => mknod(path, 'b', '240', '77'), skip: needsRoot },
  'a hard link to a file outside': { make: (path, { twin }) => linkSync(twin, path), holds: bytesOf(300, 5) },
};
const places = ['.', 'incomplete', 'invalid', 'queue'];

async function scene(t) {
  const outside = await canary(t, ['odd', 'image']);
  const elsewhere = await canary(t);
  const driver = await openDriver(t);
  const twin = join(elsewhere.dir, '..', `${driver.dir.split('/').at(-1)}-twin`);
  const spare = `${twin}-spare`;
  defer(t, () => rmSync(twin, { force: true }));
  defer(t, () => rmSync(spare, { force: true }));
  const servers = [];
  const close = async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  };
  defer(t, close);
  const listen = async (path) => {
    const server = createServer().listen(path);
    await once(server, 'listening');
    servers.push(server);
  };

  /** The directory as new, with the odd entry in its place. */
  const set = async (make, path) => {
    await close();
    rmSync(spare, { force: true });
    for (const place of places) rmSync(join(driver.dir, place, 'odd'), { recursive: true, force: true });
    rmSync(join(driver.dir, '.xattr-cache'), { recursive: true, force: true });
    writeFileSync(twin, bytesOf(300, 5));
    driver.writeImageSync('image', bytesOf(100));
    driver.queueImageSync('queued');
    await make(path, { outside, twin, spare, listen });
  };
  return { driver, outside, twin, set };
}

for (const [what, { make, holds, stays = false, skip = false }] of Object.entries(kinds)) {
  test(`${what}, wherever it lies, leads no operation outside, and holds none up`, { skip }, async (t) => {
    const { driver, outside, twin, set } = await scene(t);
    const all = places.flatMap((place) => Object.keys(operations).map((name) => [place, name]));
    const points = sampled(all, 10, ([place, name]) => place === '.' && readsBytes(name));

    for (const [place, name] of points) {
      const point = `${name}, with ${what} in ${place}, seed ${seed}`;
      const path = join(driver.dir, place, 'odd');
      await set(make, path);
      const { ino } = lstatSync(path);

      const { status, value, reason } = await outcomeOf(name, driver, 'odd');

      // One odd entry must not keep all others from being listed, evicted or cleaned up.
      if (!concernsOneImage(name)) assert.equal(status, 'fulfilled', `${point}: ${reason?.stack}`);
      outside.untouched(point);
      assert.deepEqual(readFileSync(twin), bytesOf(300, 5), point);
      if (readsBytes(name) && value !== undefined) {
        assert.equal(place, '.', point);
        assert.deepEqual(value, holds, point);
      }
      if (writesBytes(name) && status === 'fulfilled') {
        assert.deepEqual(await driver.readImage('odd'), written, point);
      }
      if (stays) assert.equal(lstatSync(path).ino, ino, point);
    }

    outside.whole(what);
    t.diagnostic(`${points.length} of ${all.length} points, seed ${seed}`);
  });

  test(`${what} in the pruners' corner leads no eviction outside, and holds none up`, { skip }, async (t) => {
    const { driver, outside, twin, set } = await scene(t);
    for (const inside of [false, true]) {
      const corner = join(driver.dir, '.xattr-cache');
      await set(
        async (path, context) => {
          if (inside) mkdirSync(corner);
          await make(path, context);
        },
        inside ? join(corner, 'lock') : corner,
      );

      for (const name of ['evictTo', 'evictTo, a dry run', 'readImage', 'writeImageSync']) {
        const { status, value } = await outcomeOf(name, driver, 'image');
        if (name === 'evictTo, a dry run') assert.equal(status, 'fulfilled');
        if (name === 'evictTo' && status === 'fulfilled') assert.equal(value.filesEvicted, 1);
        outside.untouched(`${name}, ${inside}`);
      }
      assert.deepEqual(readFileSync(twin), bytesOf(300, 5));
    }
    outside.whole(what);
  });
}
