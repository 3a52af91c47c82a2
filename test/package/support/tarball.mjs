// The package as npm publishes it, packed once for each test file.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

// This replaces the checks and the build of `npm pack`: dist/ is the one that all other tests use.
execFileSync(process.execPath, ['tools/check-prebuilds.mjs'], { cwd: root, stdio: ['ignore', 2, 2] });

const destination = mkdtempSync(join(tmpdir(), 'xattr-cache-tarball-'));
after(() => rmSync(destination, { recursive: true }));

const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', destination], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 2],
});
const [{ filename, ...facts }] = Object.values(JSON.parse(packed));

/** Its path, the paths in it, and its sizes in bytes. */
export const tarball = {
  path: join(destination, filename),
  files: facts.files.map(({ path }) => path).sort(),
  size: facts.size,
  unpackedSize: facts.unpackedSize,
};
