import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { defer } from '../../support/defer.mjs';
import { makeFileSystem } from '../../support/file-systems.mjs';
import { buildDisk } from './build.mjs';

/** The states that a loss of power may leave, see cutdisk.c. */
export const modes = ['none', 'prefix', 'subset'];

const diskMiB = 512;
const sharedMemory = '/dev/shm';

/** A disk whose power can be cut, with a file system of `type` mounted at `live`, until `t` is over. */
export async function startDisk(t, type, options = 'rw') {
  const home = await mkdtemp(join(await scratch(), 'xattr-cache-power-'));
  defer(t, () => rm(home, { recursive: true, force: true }));
  const disk = new CutDisk(home, type, options);
  defer(t, () => disk.stop());
  await disk.start();
  return disk;
}

class CutDisk {
  #type;
  #options;
  #daemon;
  #loop;
  #mounted = [];
  #cuts = 0;

  constructor(home, type, options) {
    this.home = home;
    this.live = join(home, 'live');
    this.#type = type;
    this.#options = options;
  }

  async start() {
    const fuse = join(this.home, 'fuse');
    for (const directory of [fuse, this.live]) await mkdir(directory);
    const program = buildDisk(this.home);
    this.#daemon = spawn(program, [String(diskMiB), fuse], { stdio: ['ignore', 'inherit', 'inherit'], env: plainEnv });
    await appears(join(fuse, 'disk'));
    this.#loop = run('losetup', '--find', '--show', join(fuse, 'disk')).trim();
    makeFileSystem(this.#type, this.#loop);
    this.#mount(this.#loop, this.live, this.#options);
  }

  /**
   * Cuts the power of a copy of the disk after that many more writes to it, and resolves to an image of it for each of
   * the `modes`, all of one instant.
   */
  async cut(writes = 0) {
    this.#cuts += 1;
    const path = join(this.home, `cut-${this.#cuts}`);
    await this.#command(`cut ${writes} ${this.#cuts} ${path}`);
    const images = modes.map((mode) => ({ mode, image: `${path}.${mode}` }));
    for (const { image } of images) await appears(image);
    return images;
  }

  /** Makes the next `count` writes of images fail. */
  async failWrites(count) {
    await this.#command(`fail ${count}`);
  }

  /** Mounts an image of {@link cut}, which replays its journal, calls `look(directory)`, and removes the image. */
  async inspect(image, look) {
    const at = await mkdtemp(join(this.home, 'mount-'));
    this.#mount(image, at, ['loop', ...(this.#type === 'xfs' ? ['nouuid'] : [])].join());
    try {
      return await look(at);
    } finally {
      this.#unmount(at);
      await rm(image);
    }
  }

  /** Unmounts and mounts, so that the kernel reads everything from the disk again. */
  cool() {
    run('umount', this.live);
    run('mount', '-t', this.#type, '-o', this.#options, this.#loop, this.live);
  }

  /** Ends the daemon, even if `start` has failed. */
  async stop() {
    const fuse = join(this.home, 'fuse');
    for (const at of [...this.#mounted.toReversed(), fuse]) tryToRun('umount', '--lazy', at);
    if (this.#loop !== undefined) tryToRun('losetup', '--detach', this.#loop);
    if (this.#daemon === undefined || this.#daemon.exitCode !== null) return;
    const exited = once(this.#daemon, 'exit');
    this.#daemon.kill('SIGKILL');
    await exited;
  }

  #mount(device, at, options) {
    run('mount', '-t', this.#type, '-o', options, device, at);
    this.#mounted.push(at);
  }

  /** Lazily: the driver keeps directories open until they are collected. */
  #unmount(at) {
    run('umount', '--lazy', at);
    this.#mounted.splice(this.#mounted.indexOf(at), 1);
  }

  async #command(line) {
    await writeFile(join(this.home, 'fuse', 'control'), line);
  }
}

const plainEnv = { ...process.env, LD_PRELOAD: '' };

function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', env: plainEnv, stdio: ['ignore', 'pipe', 'pipe'] });
}

function tryToRun(command, ...args) {
  spawnSync(command, args, { env: plainEnv, stdio: 'ignore' });
}

/** Where snapshots fit: in memory, or where temporary files are. */
async function scratch() {
  const { bsize, bavail } = await statfs(sharedMemory).catch(() => ({ bsize: 0, bavail: 0 }));
  return bsize * bavail > 4 * diskMiB * 2 ** 20 ? sharedMemory : tmpdir();
}

async function appears(path) {
  const deadlineMs = performance.now() + 30_000;
  while (!existsSync(path)) {
    if (performance.now() > deadlineMs) throw new Error(`${path} does not appear`);
    await sleep(10);
  }
}
