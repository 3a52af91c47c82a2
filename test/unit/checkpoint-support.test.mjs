import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkpointProblem } from '../../dist/driver/checkpoint-support.js';
import { parseMount } from '../../dist/driver/mount.js';

const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=continue
23 22 7:0 / /mnt/a\\040b rw,nosuid,noatime shared:4 master:1 - xfs /dev/loop0 rw,attr2,inode64
24 22 0:44 / /b rw - btrfs /dev/loop1 rw,space_cache=v2
25 22 7:2 / /c rw - ext4 /dev/loop2 rw,data=writeback
26 22 7:3 / /d rw - ext4 /dev/loop3 rw,nobarrier
27 22 0:45 / /e rw - fuse.sshfs host: rw
241 22 0:46 / /f rw - tmpfs tmpfs rw
`;
const ordered = ['rw', 'barrier', 'data=ordered'];

/** @param {number} mountId */
function problemOf(mountId, ext4Options = ordered) {
  return checkpointProblem(parseMount(mountinfo, mountId), ext4Options);
}

test('a mount – known id – has its file system, device and options', () => {
  const mountOptions = ['rw', 'nosuid', 'noatime'];
  const options = ['rw', 'attr2', 'inode64'];
  assert.deepEqual(parseMount(mountinfo, 23), { fileSystem: 'xfs', device: '7:0', mountOptions, options });
  assert.equal(parseMount(mountinfo, 2), undefined);
  assert.equal(parseMount('22 garbage', 22), undefined);
});

test('a checkpoint – ext4 with a journal, XFS, Btrfs – proves what is on disk', () => {
  assert.equal(problemOf(22), undefined);
  assert.equal(problemOf(22, ['data=journal']), undefined);
  assert.equal(problemOf(23, []), undefined);
  assert.equal(problemOf(24, []), undefined);
});

test('a checkpoint – ext4 that reorders, or without a journal – proves nothing', () => {
  assert.match(problemOf(25), /data=writeback/);
  assert.match(problemOf(22, ['rw', 'data=writeback']), /data=writeback/);
  assert.match(problemOf(22, ['rw', 'barrier']), /no journal/);
  assert.match(problemOf(22, []), /no journal/);
});

test('a checkpoint – mounted without barriers – proves nothing', () => {
  assert.match(problemOf(26), /without barriers/);
  assert.match(problemOf(22, [...ordered, 'nobarrier']), /without barriers/);
  assert.match(problemOf(22, [...ordered, 'barrier=0']), /without barriers/);
});

test('a checkpoint – any other file system – proves nothing', () => {
  assert.match(problemOf(27), /fuse\.sshfs/);
  assert.match(problemOf(241), /tmpfs/);
});
