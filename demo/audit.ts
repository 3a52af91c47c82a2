import { closeSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

import { getXattr, type XattrDriver } from 'xattr-cache';
import { type Compared, Comparison, readFully } from './comparison.ts';
import { type Buffers, createBuffers } from './serve.ts';
import type { SourceFile } from './source-files.ts';

/** The content of a cache directory, read without the cache: its files and their attributes. */
export interface Audit {
  readonly images: number;
  readonly size: number;
  /** The value of `user.hits` on each image. */
  readonly hits: ReadonlyMap<string, number>;
  /** Bytes in which the images differ from their sources. */
  readonly wrongBytes: number;
  readonly firstWrong: string | undefined;
}

/** Reads the whole directory. No process may work in it meanwhile. */
export async function audit(driver: XattrDriver, sources: readonly SourceFile[]): Promise<Audit> {
  const byId = new Map(sources.map((source) => [source.imageId, source]));
  const buffers = createBuffers();
  const hits = new Map<string, number>();
  let size = 0;
  let wrongBytes = 0;
  let firstWrong: string | undefined;

  for (const imageId of await listImages(driver.dir)) {
    const path = driver.getImageFilepath(imageId);
    hits.set(imageId, Number((await getXattr(path, 'hits'))?.toString()) || 0);
    const source = byId.get(imageId);
    if (source === undefined) continue;

    const found = compareFile(path, source, buffers);
    size += found.bytes;
    wrongBytes += found.wrongBytes;
    if (found.firstWrongAt !== undefined) firstWrong ??= `${imageId}, byte ${found.firstWrongAt}`;
  }
  return { images: hits.size, size, hits, wrongBytes, firstWrong };
}

async function listImages(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => entry.name);
}

function compareFile(path: string, source: SourceFile, { served, expected }: Buffers): Compared {
  using comparison = new Comparison(source, expected);
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const length = readFully(fd, served, served.length, comparison.position);
      if (length === 0) break;
      comparison.add(served.subarray(0, length));
    }
    return comparison.result();
  } finally {
    closeSync(fd);
  }
}
