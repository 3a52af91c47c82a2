import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bench = fileURLToPath(new URL('..', import.meta.url));

/** Installs the peers where they are not there yet; they stay out of the package's own dependencies. */
export function installPeers() {
  if (existsSync(`${bench}node_modules/.package-lock.json`)) return;
  console.error('Installing the peers (npm ci --prefix bench); building better-sqlite3 may take some minutes …');
  // npm's output is no result of ours.
  const { status } = spawnSync('npm', ['ci', '--prefix', bench], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('npm ci --prefix bench failed');
}
