// remover.mjs: removes the files that it is told to, some in each millisecond, and says when they are gone.
import { unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const atOnce = 8;

process.on('message', async (paths) => {
  for (let i = 0; i < paths.length; i += atOnce) {
    for (const path of paths.slice(i, i + atOnce)) unlinkSync(path);
    await sleep(1);
  }
  process.send('gone');
});
