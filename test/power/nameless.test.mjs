// A checkpoint that begins between the last byte of an image and its publication.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { XattrDriver } from '../../dist/index.js';
import { attach, needsStrace } from '../faults/support/strace.mjs';
import { within } from '../support/within.mjs';
import { contentsOf } from './support/contents.mjs';
import { startDisk } from './support/disk.mjs';
import { spawnInEarlierBoot } from './support/earlier-boot.mjs';
import { needsDisk } from './support/needs-disk.mjs';

const writer = fileURLToPath(new URL('support/nameless-writer.mjs', import.meta.url));
const size = 300_000;

for (const type of ['ext4', 'xfs', 'btrfs']) {
  const skip = needsDisk(type) || needsStrace;

  test(`a nameless image on ${type} – checkpoint, then its name – survives a cut`, { skip }, async (t) => {
    const disk = await startDisk(t, type);
    const dir = join(disk.live, 'cache');
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
    const { child } = spawnInEarlierBoot(t, disk.home, [process.execPath, writer, dir, String(size)], { stdio });
    const says = (word) => within(20_000, heard(child, word), word);
    await says('open');
    const strace = await attach(child.pid, {
      calls: ['linkat'],
      inject: ['inject=linkat:delay_enter=1500000'],
      allThreads: true,
    });
    child.send('write');
    await says('written');
    const [{ image }] = await disk.cut();
    await strace.detach();

    await disk.inspect(image, async (mounted) => {
      const snapshot = join(mounted, 'cache');
      assert(existsSync(join(snapshot, 'after')), 'the control has no name on disk');
      const driver = await XattrDriver.open({ dir: snapshot });
      assert.deepEqual(await driver.readImage('before'), contentsOf('before', 1, size));
      assert.equal(await driver.readImage('after'), undefined);
      await driver.close();
    });
  });
}

function heard(child, word) {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => message === word && resolve());
    child.on('exit', (code, signal) => reject(new Error(`the writer has ended: ${code ?? signal}`)));
  });
}
