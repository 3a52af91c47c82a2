import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { randomNumbers, seed } from '../../support/seed.mjs';
import { buildMistakes } from './build.mjs';
import { modes, startDisk } from './disk.mjs';
import { spawnInEarlierBoot, spawnUntilOver } from './earlier-boot.mjs';
import { Judge } from './judge.mjs';
import { Tally } from './tally.mjs';

const writer = fileURLToPath(new URL('writer.mjs', import.meta.url));
const writers = 3;
const hourNs = 3_600_000_000_000n;

/** Long enough that names reach the disk, with the journal, before the bytes and the voucher do. */
const checkpointIntervalMs = 6_000;

/**
 * Writes to a cache on a disk of `type` and cuts its power at `instants` random moments, each in all modes. Every
 * snapshot is judged. Resolves to the tally of all, which `t` prints.
 *
 *   mountOptions of the disk
 *   mistake      that the writers make, see mistakes.c
 *   rebooted     whether the snapshots are opened as after a reboot
 *   clockAhead   whether the clock file is an hour ahead of the writers' clock, as if that had been set back
 *   enough       ends early, as soon as it returns true for the tally
 */
export async function cutPower(t, options) {
  const { type, instants, mistake, rebooted = true, clockAhead = false } = options;
  const { mountOptions, enough = () => false } = options;
  const disk = await startDisk(t, type, mountOptions);
  const dir = join(disk.live, 'cache');
  await makeCache(dir, clockAhead);

  const env = mistake === undefined ? process.env : mistaken(disk.home, mistake);
  const spawnWriter = rebooted
    ? (...args) => spawnInEarlierBoot(t, disk.home, ...args)
    : (...args) => spawnUntilOver(t, ...args);
  const running = Array.from({ length: writers }, (_, number) => {
    const cache = { dir, durability: 'checkpoint', checkpointIntervalMs, maxSize: 120e6 };
    const settings = { name: `writer${number}`, number, writesPerSecond: 5, ...cache };
    return spawnWriter([process.execPath, writer, JSON.stringify(settings)], { env });
  });
  await sleep(2 * checkpointIntervalMs);

  const random = randomNumbers();
  const judge = new Judge();
  const tally = new Tally(type);
  for (let instant = 1; instant <= instants && !enough(tally); instant++) {
    await sleep(random() * 1000);
    const cut = moments[instant % moments.length](disk, random);
    if (instant === instants) judge.forget();
    for (const { mode, image } of await cut) {
      tally.add(mode, await disk.inspect(image, (mounted) => judge.judge(join(mounted, 'cache'))));
    }
    const gone = running.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (gone) throw new Error(`a writer has ended: ${gone.child.exitCode ?? gone.child.signalCode}`);
  }
  for (const line of tally.lines(modes)) t.diagnostic(`${line} (seed ${seed})`);
  return tally;
}

async function makeCache(dir, clockAhead) {
  mkdirSync(dir);
  if (clockAhead) {
    mkdirSync(join(dir, '.xattr-cache'));
    const reading = Buffer.alloc(16);
    reading.writeBigInt64LE(BigInt(Date.now()) * 1_000_000n + hourNs);
    writeFileSync(join(dir, '.xattr-cache', 'clock'), reading);
  }
}

function mistaken(home, mistake) {
  return { ...process.env, LD_PRELOAD: buildMistakes(home), POWER_MISTAKE: mistake };
}

/** Another program puts its data on disk, and with it the journal, which has names of images whose bytes it lacks. */
async function commitJournal(directory) {
  const file = await open(join(directory, 'other-program'), 'w');
  await file.writeFile('other data');
  await file.sync();
  await file.close();
}

/** When the power is cut: each starts with the disk as it is, and resolves to the images of a cut. */
const moments = [
  (disk) => disk.cut(),
  async (disk) => {
    await commitJournal(disk.live);
    return await disk.cut();
  },
  async (disk, random) => {
    const cut = disk.cut(1 + Math.floor(random() * 40));
    await commitJournal(disk.live);
    return await cut;
  },
  // Amid a checkpoint, most often.
  (disk, random) => disk.cut(1 + Math.floor(random() * 150)),
];
