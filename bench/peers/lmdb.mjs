import { open as openDatabase } from 'lmdb';

/** A memory-mapped store; counts nothing and marks no access. Reads are done when they return: that is its way. */
export async function open(dir) {
  const database = openDatabase({ path: dir, encoding: 'binary' });
  return {
    put: (id, bytes) => database.put(id, bytes),
    get: (id) => database.getBinary(id),
    close: () => database.close(),
  };
}
