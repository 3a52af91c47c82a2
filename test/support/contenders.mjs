import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';

const script = new URL('../fixtures/contender.mjs', import.meta.url);

/** Starts so many processes on one task (see contender.mjs) at one moment; resolves to how often they found a lock taken. */
export async function together(task, path, count, args) {
  const children = Array.from({ length: count }, () => fork(script, [task, path, ...args.map(String)]));
  await Promise.all(children.map((child) => once(child, 'message'))); // ready
  const results = children.map(async (child) => {
    const [[contended], [exitCode]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
    assert.equal(exitCode, 0);
    return contended;
  });
  for (const child of children) child.send('go');
  return (await Promise.all(results)).reduce((sum, contended) => sum + contended, 0);
}
