// Times the walks of a large cache, beside Glance's own driver on the same directory:
//
//   node bench/walks.mjs [--entries 100000] [--trials 5]
//
// Fills a temporary directory with small images, then takes the median of some trials of each operation, contenders in
// turn. Glance takes part where Debian's python3-glance and python3-xattr are installed.

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { XattrDriver } from '../dist/index.js';

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '100000' }, trials: { type: 'string', default: '5' } },
});
const entries = Number(values.entries);
const trials = Number(values.trials);
const victims = entries / 10;
const size = 100;

const glanceScript = new URL('./glance_walks.py', import.meta.url).pathname;

const dir = await mkdtemp(join(tmpdir(), 'xattr-cache-bench-'));
try {
  const driver = await XattrDriver.open({ dir });
  console.log(`${cpus().length} cores, Node ${process.version}, ${driver.capabilities.fileSystem}, ${entries} images`);
  await fill(driver, entries);

  const ours = { getCacheSize: [], getCachedImages: [] };
  const glance = { get_cache_size: [], get_cached_images: [] };
  for (let trial = 0; trial < trials; trial++) {
    ours.getCacheSize.push(await time(() => driver.getCacheSize()));
    ours.getCachedImages.push(await time(() => driver.getCachedImages()));
    for (const [name, ms] of Object.entries(timeGlance())) glance[name].push(ms);
  }
  report('getCacheSize', ours.getCacheSize, glance.get_cache_size);
  report('getCachedImages', ours.getCachedImages, glance.get_cached_images);
  report(`evictTo, ${victims} victims`, await timeEvictions(driver), []);
  await driver.close();
} finally {
  await rm(dir, { recursive: true });
}

async function fill(driver, count) {
  for (let i = 0; i < count; i++) driver.writeImageSync(`image-${String(i).padStart(8, '0')}`, Buffer.alloc(size, i));
}

async function timeEvictions(driver) {
  const times = [];
  for (let trial = 0; trial < trials; trial++) {
    let evicted;
    times.push(
      await time(async () => {
        evicted = await driver.evictTo((entries - victims) * size);
      }),
    );
    if (evicted.filesEvicted !== victims) throw new Error(`${evicted.filesEvicted} images went instead of ${victims}`);
    for (const { imageId } of evicted.images) driver.writeImageSync(imageId, Buffer.alloc(size));
  }
  return times;
}

async function time(operation) {
  const start = performance.now();
  await operation();
  return performance.now() - start;
}

/** One trial in a process of its own; milliseconds by method, nothing where Glance is not installed. */
function timeGlance() {
  const { status, stdout } = spawnSync('/usr/bin/python3', [glanceScript, dir], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : {};
}

function report(name, ours, theirs) {
  const [us, them] = [median(ours), median(theirs)];
  const spread = `${Math.min(...ours).toFixed(0)}–${Math.max(...ours).toFixed(0)}`;
  const beside = them === undefined ? '' : `, Glance ${them.toFixed(0)} ms: ${(them / us).toFixed(1)} × as long`;
  console.log(`${name}: ${us.toFixed(0)} ms (${spread})${beside}`);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
