import { fork } from 'node:child_process';
import { once } from 'node:events';

import { defer } from '../../support/defer.mjs';

/**
 * Starts `count` processes of `script` in this directory, and resolves once all are ready. `setOff` starts their tasks
 * together and resolves to the result of each; `tell` sends them a message before.
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

/** For such a script: reports that it is ready, waits until it is set off, and sends the result of `task`. */
export async function whenSetOff(task) {
  process.send('ready');
  await once(process, 'message');
  process.send(await task());
  process.disconnect();
}
