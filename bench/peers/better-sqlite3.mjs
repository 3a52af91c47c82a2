import { join } from 'node:path';
import Database from 'better-sqlite3';

/** One table with the bytes and the hits, which are counted in the transaction of the read; its calls are all synchronous. */
export async function open(dir) {
  const database = new Database(join(dir, 'cache.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  // The counter in a table of its own: in the same row, each hit would write the whole image anew.
  database.exec(`CREATE TABLE images (id TEXT PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE TABLE uses (id TEXT PRIMARY KEY, hits INTEGER NOT NULL) WITHOUT ROWID`);
  const insert = database.prepare('INSERT OR REPLACE INTO images VALUES (?, ?)');
  const reset = database.prepare('INSERT OR REPLACE INTO uses VALUES (?, 0)');
  const select = database.prepare('SELECT bytes FROM images WHERE id = ?').pluck();
  const count = database.prepare('UPDATE uses SET hits = hits + 1 WHERE id = ?');
  const hits = database.prepare('SELECT hits FROM uses WHERE id = ?').pluck();
  return {
    countsExactly: true,
    put: database.transaction((id, bytes) => {
      insert.run(id, bytes);
      reset.run(id);
    }),
    get: database.transaction((id) => {
      count.run(id);
      return select.get(id);
    }),
    hits: (id) => hits.get(id),
    close: () => database.close(),
  };
}
