// Roles (see team.mjs) of those who read small images and count their hits, and of those who evict them meanwhile.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { versionBytes, versionIn } from '../../support/versions.mjs';
import { timed } from './clock.mjs';

export const imageIds = ['a', 'b', 'c', 'd'];

/** Reads images, and counts the hits that were counted. */
export async function hit({ driver, running }) {
  const report = { hits: 0, evicted: 0, misses: 0 };
  for (let i = 0; running(); i++) {
    const imageId = imageIds[i % imageIds.length];
    const reader = await driver.openForRead(imageId).catch(() => undefined);
    if (reader) {
      const bytes = Buffer.alloc(reader.size);
      await reader.read(bytes, 0, bytes.length, 0);
      versionIn(imageId, bytes);
      const { counted } = i % 3 === 0 ? reader.closeSync() : await reader.close();
      report[counted ? 'hits' : 'evicted'] += 1;
    } else report.misses += 1;
    if (i % 50 === 0) await turn();
  }
  return report;
}

/** Evicts everything, again and again, and puts it back. It alone puts, so that no image is overwritten. */
export async function evictAndRefill({ driver, running }) {
  const report = { reported: 0, evictions: 0 };
  for (let version = 1; running(); version++) {
    const { images } = await driver.evictTo(0);
    for (const { imageId, hits } of images) {
      report.reported += hits;
      report.evictions += 1;
      await driver.writeImage(imageId, versionBytes(imageId, version));
    }
  }
  return report;
}

/** The control: reads the hits, and then removes the file, as if no hit could come in between. */
export async function removeAndRefill({ driver, dir, running }) {
  const report = { reported: 0, evictions: 0 };
  for (let version = 1; running(); version++) {
    for (const imageId of imageIds) {
      report.reported += await driver.getHitCount(imageId);
      rmSync(join(dir, imageId));
      report.evictions += 1;
      await driver.writeImage(imageId, versionBytes(imageId, version));
    }
  }
  return report;
}

/** Reads one image after another, wherever there is one. */
export async function readAll({ driver, running, options: { images } }) {
  let hits = 0;
  for (let i = 0; running(); i = (i + 7) % images) {
    if (driver.readImageSync(`${i}`)) hits += 1;
    if (i % 5 === 0) await turn();
  }
  return { hits };
}

/** Prunes once. */
export async function prune({ driver, options: { target } }) {
  const { start, end, value } = await timed(() => driver.evictTo(target));
  return { start, end, files: value.filesEvicted, bytes: value.bytesEvicted, images: value.images };
}

/** The control: lists, and removes the coldest until enough is freed. What has gone already frees nothing. */
export async function pruneAlone({ driver, dir, options: { target } }) {
  const images = [];
  const { start, end } = await timed(async () => {
    const listed = await driver.getCachedImages();
    listed.sort((a, b) => a.lastAccessedMs - b.lastAccessedMs);
    let excess = listed.reduce((total, { size }) => total + size, 0) - target;
    for (const image of listed) {
      if (excess <= 0) break;
      if (!removed(join(dir, image.imageId))) continue;
      excess -= image.size;
      images.push(image);
      await turn();
    }
  });
  return { start, end, files: images.length, bytes: images.reduce((total, { size }) => total + size, 0), images };
}

function removed(path) {
  try {
    readFileSync(path);
    rmSync(path);
    return true;
  } catch {
    return false;
  }
}
