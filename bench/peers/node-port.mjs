import { lstat, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getAttribute, setAttribute } from 'fs-xattr';

const statsAtOnce = 64;

/**
 * Glance's driver as one would write it for Node without an addon of one's own: the same files, directories and attributes.
 * It has no lock, so hits of concurrent readers are lost, and no claim; it records no access but what relatime does. Both
 * make it faster than a port that keeps the promises of this package could be.
 */
export async function open(dir) {
  for (const part of ['', 'incomplete', 'invalid', 'queue']) await mkdir(join(dir, part), { recursive: true });
  const pathOf = (id) => join(dir, id);
  const hits = async (id) => Number(await getAttribute(pathOf(id), 'user.hits'));
  const increment = async (id) => setAttribute(pathOf(id), 'user.hits', String((await hits(id)) + 1));
  const stats = () => statImages(dir);

  return {
    countsExactly: false,
    put: async (id, bytes) => {
      const path = join(dir, 'incomplete', id);
      await writeFile(path, bytes);
      await setAttribute(path, 'user.hits', '0');
      await rename(path, pathOf(id));
    },
    get: async (id) => {
      const bytes = await readFile(pathOf(id));
      await increment(id);
      return bytes;
    },
    increment,
    hits,
    size: async () => (await stats()).reduce((sum, { size }) => sum + size, 0),
    list: async () => {
      const images = await stats();
      return mapSome(images, async (image) => ({ ...image, hits: await hits(image.id) }));
    },
    prune: async (targetSize) => {
      const images = (await stats()).sort((a, b) => a.accessedMs - b.accessedMs);
      let size = images.reduce((sum, image) => sum + image.size, 0);
      let count = 0;
      while (size > targetSize) {
        await unlink(pathOf(images[count].id));
        size -= images[count++].size;
      }
      return count;
    },
    close: () => {},
  };
}

async function statImages(dir) {
  const entries = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isFile());
  return mapSome(entries, async ({ name }) => {
    const { size, atimeMs } = await lstat(join(dir, name));
    return { id: name, size, accessedMs: atimeMs };
  });
}

/** As many concurrently as keep the pool busy. */
async function mapSome(items, map) {
  const results = [];
  for (let i = 0; i < items.length; i += statsAtOnce) {
    results.push(...(await Promise.all(items.slice(i, i + statsAtOnce).map(map))));
  }
  return results;
}
