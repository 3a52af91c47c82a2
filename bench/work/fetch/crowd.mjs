import { readdirSync } from 'node:fs';

import { expectEqual } from '../../harness/contents.mjs';
import { startProcess } from './processes.mjs';
import { consume } from './source.mjs';

const size = 16 * 1024 * 1024;

/** Cost in this process of many readers of one image from another process: MiB resident, or descriptors. */
export async function run(peer, { readers, what }) {
  const look = what === 'descriptors' ? openDescriptors : residentMiB;
  const leader = await startProcess(peer);
  const fetching = leader.hear('fetching');
  void leader.ask('lead', { size, delayMs: 200, pauseMs: 4 });
  await fetching;
  global.gc?.();
  const before = look();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, look());
  }, 10);
  const answers = await Promise.all(
    Array.from({ length: readers }, async () => consume(await peer.get('image', refuse))),
  );
  clearInterval(timer);
  await leader.end();
  for (const answer of answers) expectEqual(answer.size, size, 'bytes read');
  return { batches: [most - before] };
}

function residentMiB() {
  return process.memoryUsage.rss() / 2 ** 20;
}

/** Without that of the listing itself. */
function openDescriptors() {
  return readdirSync('/proc/self/fd').length - 1;
}

function refuse() {
  throw new Error('it is fetched twice');
}
