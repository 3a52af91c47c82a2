// One process of a team (see team.mjs): its first part is played by the main thread, each other by a worker thread.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { XattrDriver } from '../../../dist/index.js';
import { now, standUntil } from './clock.mjs';

if (isMainThread) {
  const [[mine, ...others]] = await once(process, 'message');
  const workers = others.map((part) => new Worker(new URL(import.meta.url), { workerData: part }));
  const ready = workers.map((worker) => once(worker, 'message')); // They may be faster.
  const play = await prepare(mine);
  await Promise.all(ready);
  process.send('ready');
  const [start] = await once(process, 'message');
  const reports = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage(start);
  const report = await play(start);
  process.send([report, ...(await Promise.all(reports)).flat()]);
  process.disconnect();
} else {
  const play = await prepare(workerData);
  parentPort.postMessage('ready');
  const [start] = await once(parentPort, 'message');
  parentPort.postMessage(await play(start));
  parentPort.close();
}

async function prepare({ dir, roles, role, options, teamMs, process, thread }) {
  const play = (await import(roles))[role];
  const driver = await XattrDriver.open({ dir, lockTimeoutMs: 10_000, ...options.driver });
  return async (start) => {
    const team = { driver, dir, options, name: `${process}.${thread}`, start, running: () => now() < start + teamMs };
    standUntil(start);
    const report = await play(team);
    await driver.close();
    return report;
  };
}
