import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { FetchCycles } from '../../dist/fetch/fetch-cycles.js';
import { LeaderFetch } from '../../dist/fetch/leader-fetch.js';

test('a leader that is stopped while it copies a dead leader’s bytes – stops copying', async () => {
  const size = 2 ** 40;
  const image = { state: { progress: 'dead', size }, read: async (_buffer, _offset, length) => length };
  const writer = {
    bytesWritten: 0,
    left: false,
    async write(chunk) {
      await sleep(1);
      this.bytesWritten += chunk.byteLength;
    },
    async [Symbol.asyncDispose]() {
      this.left = true;
    },
  };
  const fetch = (_imageId, { offset }) => ({ offset, body: [] });
  const source = { fetch, maxSize: 2 * size, cycles: new FetchCycles('dir') };
  const leader = new LeaderFetch('a', source, writer, { noteWritten() {}, async poll() {} }, image);
  let copied = 0;
  const running = leader.run(() => copied++);
  while (writer.bytesWritten === 0) await sleep(1);
  leader.stop();
  const before = writer.bytesWritten;
  assert.equal(await running, 0);
  assert(writer.bytesWritten <= before + 2 ** 20);
  assert.equal(writer.left, true);
  assert.equal(copied, 1);
});
