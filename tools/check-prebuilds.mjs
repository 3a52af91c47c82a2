// Fails if an addon that the package has to bring along is not in prebuilds/: `npm pack` and `npm publish` run it.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const needed = ['linux-x64/xattr-cache.glibc.node', 'linux-arm64/xattr-cache.glibc.node'];

const prebuilds = fileURLToPath(new URL('../prebuilds/', import.meta.url));
const missing = needed.filter((path) => !existsSync(prebuilds + path));
for (const path of missing) console.error(`prebuilds/${path} is missing: npm run build:prebuilds`);
if (missing.length > 0) process.exitCode = 1;
