// parent.mjs DIR WHAT: writes and reads an image, and starts a child that lives longer; prints its process id. The child
// is given the descriptor of the reader if WHAT says so.

import { spawn } from 'node:child_process';

import { XattrDriver } from '../../../dist/index.js';
import { versionBytes } from '../../support/versions.mjs';

const [dir, what] = process.argv.slice(2);
const driver = await XattrDriver.open({ dir });
const writer = await driver.openForWrite('written');
await writer.write(versionBytes('written', 1).subarray(0, 1000));
const reader = await driver.openForRead('read');
const given = what === 'the reader' ? [reader.fd] : [];
const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', ...given], detached: true });
// Started, and the program of its own: until then it is a copy of this one.
await new Promise((resolve) => child.once('spawn', resolve));
console.log(child.pid);
setInterval(() => [reader.size, writer.bytesWritten], 1000);
