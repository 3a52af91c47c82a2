import { setTimeout as sleep } from 'node:timers/promises';

import { run as get } from './get.mjs';

/** The same as get.mjs, while an image is published now and then: without that, no checkpoint is due. */
export async function run(peer, { publishEveryMs, ...spec }) {
  let reading = true;
  const publish = async () => {
    while (reading) {
      await peer.put('published', Buffer.alloc(spec.size));
      await sleep(publishEveryMs);
    }
  };
  const publishing = publish();
  const result = await get(peer, spec);
  const checkpoints = peer.checkpoints();
  reading = false;
  await publishing;
  return { ...result, checkpoints };
}
