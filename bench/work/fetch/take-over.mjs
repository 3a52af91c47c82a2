import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expectEqual } from '../../harness/contents.mjs';
import { startProcess, startThread } from './processes.mjs';
import { consume, now, slowSource } from './source.mjs';

const size = 4 * 1024 * 1024;

/** Milliseconds from the death of a leader to the fetch of the one who takes over, each time in another directory. */
export async function run({ name, dir }, { how, deaths }) {
  const { open } = await import(`../../peers/${name}.mjs`);
  const batches = [];
  for (let death = 0; death < deaths; death++) {
    const own = join(dir, `${death}`);
    await mkdir(own);
    const peer = await open(own);
    batches.push(await timeOne(peer, how === 'process' ? startProcess : startThread));
    await peer.close();
  }
  return { batches };
}

async function timeOne(peer, start) {
  const leader = await start(peer);
  const holding = leader.hear('holding');
  void leader.ask('lead', { size, holdAt: size / 2 });
  await holding;
  const { fetch, fetches } = slowSource({ size });
  const reading = consume(await peer.get('image', fetch));
  const diedMs = now();
  await leader.end();
  expectEqual((await reading).size, size, 'bytes read');
  expectEqual(fetches.map(({ offset }) => offset).join(), `${size / 2}`, 'where it went on');
  return fetches[0].atMs - diedMs;
}
