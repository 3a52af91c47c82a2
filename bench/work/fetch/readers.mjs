import { expectEqual } from '../../harness/contents.mjs';
import { startProcess } from './processes.mjs';
import { consume, now, slowSource } from './source.mjs';

const size = 16 * 1024 * 1024;
const source = { size, delayMs: 50, pauseMs: 1 };

/**
 * Milliseconds from the leader's question to the first or the last byte of one reader: of the leader, or of the last of
 * its followers, in the same process or in another one.
 */
export async function run(peer, { apart, followers, reader, byte }) {
  const { leader, last } = apart ? await readApart(peer, followers) : await readTogether(peer, followers);
  const { firstMs, lastMs, size: read } = reader === 'leader' ? leader : last;
  expectEqual(read, size, 'bytes read');
  return { batches: [(byte === 'first' ? firstMs : lastMs) - leader.askedMs] };
}

async function readTogether(peer, followers) {
  const { fetch } = slowSource(source);
  const askedMs = now();
  const readers = Array.from({ length: followers + 1 }, async () => consume(await peer.get('image', fetch)));
  const answers = await Promise.all(readers);
  return { leader: { ...answers[0], askedMs }, last: answers.at(-1) };
}

async function readApart(peer, followers) {
  const child = await startProcess(peer);
  const claimed = child.hear('fetching');
  const leading = child.ask('lead', source);
  await claimed;
  const readers = Array.from({ length: followers }, async () => consume(await peer.get('image', refuse)));
  const answers = await Promise.all(readers);
  const leader = await leading;
  await child.end();
  return { leader, last: answers.at(-1) };
}

function refuse() {
  throw new Error('it is fetched twice');
}
