// Entries that do not belong in a cache directory, under the names that the driver uses.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, lutimesSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { canary } from '../support/canary.mjs';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { needsRoot } from '../support/mounts.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const mknod = (path, ...device) => execFileSync('mknod', [path, ...device]);

/** A symlink whose access time the kernel need not write, so that it could be followed without waiting, too. */
function symlinkCached(to, path) {
  symlinkSync(to, path);
  lutimesSync(path, Date.now() / 1000 + 3600, Date.now() / 1000);
}

/** Entries to put at `path`; `outside` is a canary, `twin` a file outside that is only read and linked. */
export const kinds = {
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
  'a device without a driver': { make: (path) => mknod(path, 'c', '10', '254'), skip: needsRoot },
  'a block device without a driver': { make: (path) => mknod(path, 'b', '240', '77'), skip: needsRoot },
  'a hard link to a file outside': { make: (path, { twin }) => linkSync(twin, path), holds: bytesOf(300, 5) },
};
export const places = ['.', 'incomplete', 'invalid', 'queue'];

/** A driver, what lies outside of its directory, and `set(make, path)`: the directory as new, with the odd entry in its place. */
export async function scene(t) {
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
