import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { getXattrSync, setXattrSync } from '../../dist/index.js';
import { bytesOf } from './contents.mjs';
import { temporaryDirectory } from './temporary-directory.mjs';

const attributes = ['hits', 'error', 'xattr_cache.writer'];
const longAgo = 1_000_000_000;

/**
 * A tree outside of every cache, that looks like one. `untouched()` asserts that since then no process has read, written, marked,
 * locked out or removed any of it: relatime moves the times of what is read, since they lie before the changes.
 */
export async function canary(t, names = ['image']) {
  const dir = await temporaryDirectory(t);
  for (const part of ['', 'incomplete', 'invalid', 'queue', '.xattr-cache']) {
    mkdirSync(join(dir, part), { recursive: true });
    for (const name of [...names, 'lock']) {
      const path = join(dir, part, name);
      writeFileSync(path, bytesOf(100));
      setXattrSync(path, 'hits', '7');
    }
  }
  const file = join(dir, names[0]);
  const paths = ['.', ...readdirSync(dir, { recursive: true })].map((path) => join(dir, path));
  const isFile = (path) => lstatSync(path).isFile();
  for (const path of paths) utimesSync(path, longAgo, longAgo);

  const facts = () => paths.map((path) => ({ path, ...lstatSync(path, { bigint: true }) }));
  const before = facts();
  const untouched = (what) => {
    assert.deepEqual(facts(), before, what);
  };
  /** The bytes and the names, too, for which it has to be read; `renamed`: moved there and back, which its own times show. */
  const whole = (what, { renamed = false } = {}) => {
    if (renamed) assert.deepEqual(facts().slice(1), before.slice(1), what);
    else untouched(what);
    assert.deepEqual(
      ['.', ...readdirSync(dir, { recursive: true })].map((path) => join(dir, path)),
      paths,
    );
    for (const path of paths.filter(isFile)) {
      assert.deepEqual(readFileSync(path), bytesOf(100), what);
      assert.deepEqual(
        attributes.map((key) => getXattrSync(path, key)?.toString()),
        ['7', undefined, undefined],
      );
    }
  };
  return { dir, file, untouched, whole };
}
