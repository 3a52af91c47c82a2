import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { expectEqual } from '../../harness/contents.mjs';

const mebibyte = 1024 * 1024;

/** Milliseconds to get a local file to a consumer and into another file, after as much has been done once to warm up. */
export async function run(peer, { size, pieceSize, readBack }) {
  const source = join(peer.dir, '..', 'copied');
  fill(source, size);
  const times = [];
  for (let run = 0; run < 2; run++) {
    const start = performance.now();
    const consumed = await peer.copy(source, `image-${run}`, { pieceSize, readBack });
    times.push(performance.now() - start);
    if (consumed !== undefined) expectEqual(consumed, size, 'bytes consumed');
    expectEqual(statSync(join(peer.dir, `image-${run}`)).size, size, 'bytes written');
    rmSync(join(peer.dir, `image-${run}`));
  }
  return { batches: [times[1]] };
}

/** Once in a run: it stays in the page cache. */
function fill(path, size) {
  if (statSync(path, { throwIfNoEntry: false })?.size === size) return;
  const block = randomFillSync(Buffer.alloc(mebibyte));
  const fd = openSync(path, 'w');
  for (let at = 0; at < size; at += block.length) writeSync(fd, block);
  closeSync(fd);
}
