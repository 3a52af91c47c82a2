import { copyFileSync, linkSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { getXattrSync } from '../../../dist/index.js';

export const before = Buffer.from('old contents');
export const after = Buffer.from('new contents, and more of them');

/** Errnos after which a file is passed over; a token that may not be opened is taken for a foreign writer's. */
export const gone = ['ENOENT', 'ESTALE'];
export const goneOrForeign = [...gone, 'EACCES'];

/** The writer of "a" has all of `after` in its file. */
export function claimAndWrite(scene) {
  scene.writer = scene.driver.openForWriteSync('a');
  scene.writer.writeSync(after.subarray(0, 10));
  scene.writer.writeSync(after.subarray(10));
}

/** As it lies there when the process of a writer of `imageId` has died: a marked token, with no lock, and half the data. */
export function leaveDeadWriter({ dir, driver }, imageId = 'a') {
  const writer = driver.openForWriteSync(imageId);
  writer.writeSync(after.subarray(0, 10));
  const token = join(dir, 'incomplete', imageId);
  const [privateName] = getXattrSync(token, 'xattr_cache.writer').toString().split(' ');
  const data = join(dir, 'incomplete', privateName);
  linkSync(token, join(dir, '.token'));
  copyFileSync(data, join(dir, '.data'));
  writer.rollbackSync('dead');
  rmSync(join(dir, 'invalid', imageId));
  renameSync(join(dir, '.data'), data);
  renameSync(join(dir, '.token'), token);
}

export async function leaveInvalid({ dir }, imageId) {
  await writeFile(join(dir, 'invalid', imageId), 'half');
}
