import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files read and written by Node; counts nothing, and a reader may see half a file. */
export async function open(dir) {
  return {
    put: (id, bytes) => writeFile(join(dir, id), bytes),
    get: (id) => readFile(join(dir, id)),
    close: () => {},
  };
}
