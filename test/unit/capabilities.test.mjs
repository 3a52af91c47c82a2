import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mountFactsOf } from '../../dist/driver/capabilities.js';
import { parseMount } from '../../dist/driver/mount.js';

const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:5 / /mnt/a\\040b rw,nosuid,noatime - xfs /dev/loop0 rw,attr2
24 22 0:44 / /net rw shared:3 master:1 - nfs4 server:/export rw,vers=4.2
25 22 0:45 / /fuse rw,relatime - fuse.sshfs host: rw
241 22 0:46 / /other rw - tmpfs tmpfs rw
`;

test('a mount – known id – has its file system and access-time mode', () => {
  assert.deepEqual(mountFactsOf(parseMount(mountinfo, 22)), { fileSystem: 'ext4', remote: false, atime: 'relatime' });
  assert.deepEqual(mountFactsOf(parseMount(mountinfo, 23)), { fileSystem: 'xfs', remote: false, atime: 'noatime' });
  assert.deepEqual(mountFactsOf(parseMount(mountinfo, 241)), {
    fileSystem: 'tmpfs',
    remote: false,
    atime: 'strictatime',
  });
});

test('a file system – behind a network or a process – is remote', () => {
  assert.deepEqual(mountFactsOf(parseMount(mountinfo, 24)), { fileSystem: 'nfs4', remote: true, atime: 'strictatime' });
  assert.deepEqual(mountFactsOf(parseMount(mountinfo, 25)), {
    fileSystem: 'fuse.sshfs',
    remote: true,
    atime: 'relatime',
  });
});

test('a mount – not shown by the kernel – is unknown', () => {
  const unknown = { fileSystem: 'unknown', remote: false, atime: 'unknown' };
  assert.deepEqual(mountFactsOf(parseMount(mountinfo, 2)), unknown);
  assert.deepEqual(mountFactsOf(parseMount('', 22)), unknown);
  assert.deepEqual(mountFactsOf(parseMount('22 garbage', 22)), unknown);
});
