import { fork } from 'node:child_process';
import { once } from 'node:events';

import { defer } from '../../support/defer.mjs';

/**
 * Starts `script` of this directory so many times, and resolves once all are ready: to `setOff`, which sets them off
 * together and resolves to what each has to say at its end, and `tell`, for what else they shall know before.
 */
export async function ready(t, script, args, count = 1) {
  const children = Array.from({ length: count }, (_, i) => {
    const child = fork(new URL(script, import.meta.url), [...args.map(String), `${i}`]);
    const exited = once(child, 'exit');
    defer(t, async () => {
      child.kill('SIGKILL');
      await exited;
    });
    return child;
  });
  const answers = (said) =>
    Promise.all(
      children.map(async (child) => {
        const died = once(child, 'exit').then(([code]) => {
          throw new Error(`${script} ended with ${code} before it was done`);
        });
        const [message] = await Promise.race([once(child, 'message'), died]);
        if (said !== undefined && message !== said) throw new Error(`${script} said ${message}`);
        return message;
      }),
    );
  const tell = (message) => {
    for (const child of children) child.send(message);
  };
  await answers('ready');
  const setOff = async () => {
    const done = answers();
    tell('go');
    return await done;
  };
  return { setOff, tell };
}

/** In such a script: says that it is ready, resolves when it is set off, and says what `task` resolves to. */
export async function whenSetOff(task) {
  process.send('ready');
  await once(process, 'message');
  process.send(await task());
  process.disconnect();
}
