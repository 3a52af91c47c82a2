// Roles (see team.mjs) of those who write one image and read it.

import { closeSync, existsSync, openSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { getXattrSync } from '../../../dist/index.js';
import { versionBytes, versionIn } from '../../support/versions.mjs';
import { timed } from './clock.mjs';

const id = 'image';

/** Returns false if another writer has taken the name, which then also believes that it is alone. */
function takeWitness(path) {
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Claims the image repeatedly, and checks whether another writer has it too. */
export async function claim({ driver, name, running, options: { witness } }) {
  const report = { claims: 0, busy: 0, overlaps: 0, lost: 0 };
  for (let i = 0; running(); i++) {
    const writer = await claimOnce(driver, i);
    if (!writer) {
      report.busy += 1;
      await turn();
      continue;
    }
    report.claims += 1;
    if (!takeWitness(witness)) report.overlaps += 1;
    const bytes = versionBytes(id, `${name}-${i}`);
    await writer.write(bytes.subarray(0, 1000));
    await writer.write(bytes.subarray(1000));
    rmSync(witness, { force: true });
    if (i % 5 === 0) await writer.rollback('every now and then');
    else await writer.commit().catch(tolerating('ERR_CLAIM_LOST', () => (report.lost += 1)));
    await readVersion(driver);
  }
  return report;
}

async function claimOnce(driver, i) {
  try {
    return i % 2 === 0 ? await driver.openForWrite(id) : driver.openForWriteSync(id);
  } catch (error) {
    if (error.code !== 'ERR_IMAGE_BUSY') throw error;
    return undefined;
  }
}

/** The control of {@link claim}: looks for the token and then makes it, as if no other process could come in between. */
export async function claimByLooking({ dir, running, options: { witness } }) {
  const token = join(dir, 'incomplete', id);
  const report = { claims: 0, busy: 0, overlaps: 0 };
  while (running()) {
    if (await exists(token)) {
      report.busy += 1;
      continue;
    }
    writeFileSync(token, '');
    report.claims += 1;
    if (!takeWitness(witness)) report.overlaps += 1;
    rmSync(witness, { force: true });
    rmSync(token, { force: true });
  }
  return report;
}

/** Overwrites the image again and again, put whole or claimed, and remembers when. */
export async function overwrite({ driver, name, running }) {
  const puts = [];
  const report = { puts, busy: 0 };
  for (let i = 0; running(); i++) {
    const version = `${name}-${i}`;
    const bytes = versionBytes(id, version);
    try {
      const ways = [
        () => driver.writeImage(id, bytes),
        () => driver.writeImageSync(id, bytes),
        () => stream(driver, bytes),
      ];
      const { start, end } = await timed(ways[i % ways.length]);
      puts.push({ version, start, end });
    } catch (error) {
      if (error.code !== 'ERR_IMAGE_BUSY') throw error;
      report.busy += 1;
    }
  }
  return report;
}

/** The control of {@link overwrite}: in place. */
export async function overwriteInPlace({ dir, name, running }) {
  const puts = [];
  for (let i = 0; running(); i++) {
    const version = `${name}-${i}`;
    writeFileSync(join(dir, id), versionBytes(id, version));
    puts.push({ version });
    await turn();
  }
  return { puts };
}

/** Reads the image again and again, and remembers which versions it has seen and which hits were counted. */
export async function read({ driver, running }) {
  const report = { reads: 0, uncounted: 0, torn: 0, hits: [] };
  for (let i = 0; running(); i++) {
    const reader = i % 2 === 0 ? await driver.openForRead(id) : driver.openForReadSync(id);
    const bytes = Buffer.alloc(reader.size);
    const size = await reader.read(bytes, 0, bytes.length, 0);
    const { counted } = await reader.close();
    report.reads += 1;
    const version = versionOrNothing(bytes.subarray(0, size));
    if (version === undefined) report.torn += 1;
    else if (counted) report.hits.push(version);
    if (!counted) report.uncounted += 1;
    await turn();
  }
  return report;
}

/** Reads it as any program reads a file. */
export async function readFiles({ dir, running }) {
  const report = { reads: 0, torn: 0 };
  while (running()) {
    report.reads += 1;
    if (versionOrNothing(await readFile(join(dir, id))) === undefined) report.torn += 1;
  }
  return report;
}

/** Leaves the remains of writers that were killed, as {@link claim} would find them. */
export async function die({ dir, name, running, options: { plant } }) {
  const { plantDeadWriter } = await import(plant);
  let deaths = 0;
  for (let i = 0; running(); i++) {
    if (plantDeadWriter(dir, id, versionBytes(id, `${name}-${i}`).subarray(0, 500))) deaths += 1;
    await turn();
  }
  return { deaths };
}

export async function reap({ driver, running }) {
  const report = { looks: 0, reaped: 0 };
  while (running()) {
    report.reaped += await driver.reapStalled(0);
    report.looks += 1;
  }
  return report;
}

/** The control of {@link reap}: asks whether the writer is dead, and then removes what stands there by then. */
export async function reapByName({ driver, dir, running }) {
  const token = join(dir, 'incomplete', id);
  const report = { looks: 0, reaped: 0 };
  while (running()) {
    report.looks += 1;
    if (driver.isBeingCachedSync(id) || !existsSync(token)) continue;
    try {
      const [data] = String(getXattrSync(token, 'xattr_cache.writer')).split(' ');
      unlinkSync(join(dir, 'incomplete', data));
      unlinkSync(token);
      report.reaped += 1;
    } catch {
      // Another writer was faster.
    }
    await turn();
  }
  return report;
}

const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

async function stream(driver, bytes) {
  const writer = await driver.openForWrite(id);
  writer.writeSync(bytes.subarray(0, 700));
  await writer.write(bytes.subarray(700));
  await writer.commit();
}

async function readVersion(driver) {
  const bytes = await driver.readImage(id);
  return bytes && versionIn(id, bytes);
}

function versionOrNothing(bytes) {
  try {
    return versionIn(id, bytes);
  } catch {
    return undefined;
  }
}

function tolerating(code, note) {
  return (error) => {
    if (error.code !== code) throw error;
    note();
  };
}
