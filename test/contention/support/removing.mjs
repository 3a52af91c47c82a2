// Roles (see team.mjs) of those who commit images, and of those who delete and evict them at the same moment. In a round
// everybody is after the image of that round, at the moment that who commits has appointed, or a little later.

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { versionBytes } from '../../support/versions.mjs';
import { appoint, meet, now, timed } from './clock.mjs';

/** The images of the rounds. */
function* imagesOf({ options: { rounds, pair } }) {
  for (let round = 0; round < rounds; round++) yield `${pair}-${round}`;
}

/** Claims each image, writes it, and commits at the moment. Over an image that is there already, if told so. */
export async function commit(team) {
  const { driver, options } = team;
  const commits = [];
  for (const imageId of imagesOf(team)) {
    if (options.replace) driver.writeImageSync(imageId, versionBytes(imageId, 'old'));
    const claiming = now();
    const writer = driver.openForWriteSync(imageId);
    const claimed = now();
    writer.writeSync(versionBytes(imageId, 'new'));
    appoint(options.meetings, imageId);
    const { start, end, value } = await timed(() => outcomeOf(() => writer.commitSync()));
    commits.push({ imageId, claiming, claimed, start, end, outcome: value });
  }
  return { commits };
}

export async function remove(team) {
  return { removals: await removals(team, (imageId) => team.driver.deleteCachedImageSync(imageId)) };
}

/** The control of {@link remove}: the image alone, and not the bytes that are about to become it. */
export async function removeFile(team) {
  return { removals: await removals(team, (imageId) => rmSync(join(team.dir, imageId), { force: true })) };
}

async function removals(team, action) {
  const done = [];
  for (const imageId of imagesOf(team)) {
    meet(team.options.meetings, imageId);
    done.push({ imageId, ...(await timed(() => action(imageId))) });
  }
  return done;
}

/** Evicts everything at each moment. */
export async function evict(team) {
  const evictions = [];
  for (const imageId of imagesOf(team)) {
    meet(team.options.meetings, imageId);
    const { start, end, value } = await timed(() => team.driver.evictTo(0));
    evictions.push({ start, end, images: value.images });
  }
  return { evictions };
}

/** The control of {@link evict}: removes by name what a look found, without another. */
export async function evictByName(team) {
  const evictions = [];
  for (const imageId of imagesOf(team)) {
    meet(team.options.meetings, imageId);
    const start = now();
    const images = await team.driver.getCachedImages();
    const gone = images.filter(({ imageId }) => removedFile(join(team.dir, imageId)));
    evictions.push({ start, end: now(), images: gone });
  }
  return { evictions };
}

function removedFile(path) {
  if (!statSync(path, { throwIfNoEntry: false })) return false;
  rmSync(path, { force: true });
  return true;
}

async function outcomeOf(action) {
  try {
    await action();
    return 'committed';
  } catch (error) {
    return error.code;
  }
}
