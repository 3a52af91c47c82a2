import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { defer } from './defer.mjs';
import { needsMount } from './mounts.mjs';

/** How each is made, and the smallest size that its mkfs takes without being told to. */
const makers = {
  ext4: { size: '64M', mkfs: ['mkfs.ext4', '-q', '-F'] },
  xfs: { size: '300M', mkfs: ['mkfs.xfs', '-q', '-f'] },
  btrfs: { size: '109M', mkfs: ['mkfs.btrfs', '-q', '-f'] },
};
const units = { M: 1_048_576 };

/**
 * Mounts a file system of its own: `type` on a loop device, made with `mkfs` added to the usual arguments; a `tmpfs`; an
 * `overlay`, whose layers lie on an ext4; or a `fuse`, which is another view of one. `remount(options)` mounts it otherwise, `cool()` takes what is in it out of memory,
 * `check()` has it unmounted, checked and mounted again.
 */
export async function mountFileSystem({ type, size, mkfs = [], options = 'rw' }) {
  if (type === 'overlay') return await mountOverlay();
  if (type === 'fuse') return await mountFuse();
  const home = await mkdtemp(join(tmpdir(), 'xattr-cache-fs-'));
  const dir = join(home, 'mount');
  await mkdir(dir);
  const image = join(home, 'image');
  const mount = () => {
    if (type === 'tmpfs') execFileSync('mount', ['-t', type, '-o', options, 'xattr-cache-test', dir]);
    else execFileSync('mount', ['-t', type, '-o', `loop,${options}`, image, dir]);
  };
  if (type !== 'tmpfs') await makeImage(image, type, size, mkfs);
  mount();
  return {
    dir,
    remount: (changed) => execFileSync('mount', ['-o', `remount,${changed}`, dir]),
    cool() {
      execFileSync('umount', [dir]);
      mount();
    },
    check() {
      execFileSync('umount', [dir]);
      // 1: it was repaired.
      const { status, stdout } = spawnSync(`fsck.${type}`, ['-f', '-y', image], { encoding: 'utf8' });
      if (status > 1) throw new Error(`fsck ended with ${status}: ${stdout}`);
      mount();
    },
    async unmount() {
      execFileSync('umount', ['--lazy', dir]);
      await rm(home, { recursive: true });
    },
  };
}

async function makeImage(image, type, size = makers[type].size, added = []) {
  await writeFile(image, '');
  await truncate(image, Number.parseInt(size, 10) * units[size.at(-1)]);
  makeFileSystem(type, image, added);
}

/** Makes a file system on a device or in a file. */
export function makeFileSystem(type, device, added = []) {
  const [command, ...usual] = makers[type].mkfs;
  // A sanitizer that is preloaded finds leaks in other people's programs, too.
  execFileSync(command, [...usual, ...added, device], { stdio: 'ignore', env: { ...process.env, LD_PRELOAD: '' } });
}

async function mountOverlay() {
  const base = await mountFileSystem({ type: 'ext4' });
  const [lower, upper, work, dir] = ['lower', 'upper', 'work', 'mount'].map((name) => join(base.dir, name));
  for (const layer of [lower, upper, work, dir]) await mkdir(layer);
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', '-o', layers, 'xattr-cache-test', dir]);
  const unmount = async () => {
    execFileSync('umount', ['--lazy', dir]);
    await base.unmount();
  };
  return { dir, unmount };
}

/** Which caches no attributes: with those of a moment ago an eviction would leave what was just written. */
async function mountFuse() {
  const base = await mountFileSystem({ type: 'ext4' });
  const [source, dir] = ['source', 'mount'].map((name) => join(base.dir, name));
  for (const directory of [source, dir]) await mkdir(directory);
  execFileSync('bindfs', ['-o', 'attr_timeout=0', source, dir], { env: { ...process.env, LD_PRELOAD: '' } });
  const unmount = async () => {
    execFileSync('umount', ['--lazy', dir]);
    await base.unmount();
  };
  return { dir, unmount };
}

/** The `skip` of a test on such a file system: false, or the reason. */
export function needsFileSystem({ type }) {
  if (needsMount) return needsMount;
  if (type === 'tmpfs') return false;
  if (!isKnown(type)) return `needs a kernel with ${type}`;
  if (type === 'overlay') return needsFileSystem({ type: 'ext4' });
  if (type === 'fuse') return spawnSync('bindfs', ['-V']).error ? 'needs bindfs' : needsFileSystem({ type: 'ext4' });
  const [command] = makers[type].mkfs;
  if (spawnSync(command, ['-V']).error) return `needs ${command}`;
  return existsSync('/dev/loop-control') ? false : 'needs loop devices';
}

function isKnown(type) {
  if (readFileSync('/proc/filesystems', 'utf8').split(/\s+/).includes(type)) return true;
  return spawnSync('modprobe', ['--quiet', type]).status === 0;
}

/** The same until `t` is over. */
export async function mountUntilOver(t, kind) {
  const mounted = await mountFileSystem(kind);
  defer(t, () => mounted.unmount());
  return mounted;
}

/** The same for the suite in which this is called; to be used by its tests only. */
export function mountForSuite(kind) {
  const mounted = {};
  before(async () => Object.assign(mounted, await mountFileSystem(kind)));
  after(() => mounted.unmount?.());
  return mounted;
}
