import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { getXattrSync, ImageCache, setXattrSync, XattrDriver } from '../../dist/index.js';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const attribute = 'xattr_cache.checkpoint';
const otherBoot = '0f0e0d0c-0b0a-4908-8706-050403020100';

/** The text of the attribute that vouches for what is on disk; undefined if there is none. See native/core/voucher.h. */
export function voucherOf(dir) {
  return getXattrSync(join(dir, '.xattr-cache'), attribute)?.toString();
}

/** Gives the directory a checkpoint as a later version would write it, or as any text. */
export function setVoucher(dir, text) {
  setXattrSync(join(dir, '.xattr-cache'), attribute, text);
}

/** Makes the last checkpoint one of another boot, which covers times up to `untilNs`. */
export function pretendBoot(dir, untilNs) {
  setVoucher(dir, `1 ${otherBoot} ${untilNs}`);
}

/**
 * A cache after a loss of power: of its images, `old` was written before the last checkpoint, and `young` after it.
 * `digested` are images that were cached with a checksum, after it, too. The driver that wrote them is closed.
 */
export async function lostPower(t, { old = {}, young = {}, digested = {}, ...place }) {
  const dir = await temporaryDirectory(t, place);
  const driver = await XattrDriver.open({ dir, durability: 'none' });
  const cache = await ImageCache.open({ driver });
  for (const [imageId, bytes] of Object.entries(old)) await driver.writeImage(imageId, bytes);
  const times = Object.keys(old).map((imageId) => statSync(join(dir, imageId), { bigint: true }).mtimeNs);
  const untilNs = times.sort((a, b) => (a < b ? -1 : 1)).at(-1) ?? 1n;
  await sleep(20); // The time of birth is that of the kernel's last tick.
  for (const [imageId, bytes] of Object.entries(young)) await driver.writeImage(imageId, bytes);
  for (const [imageId, bytes] of Object.entries(digested)) {
    const hex = createHash('sha256').update(bytes).digest('hex');
    await cache.cacheImage(imageId, [bytes], { checksum: { algorithm: 'sha256', hex } });
  }
  await driver.close();
  pretendBoot(dir, untilNs);
  return { dir, untilNs };
}
