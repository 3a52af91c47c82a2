import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The calls that an operation makes on the cache directory, once Node has made what it makes when it is first used. */
export async function traceOperation(host, { name, refused }, under = tmpdir()) {
  const root = await mkdtemp(join(under, 'xattr-cache-'));
  try {
    await host.prepare(name, join(root, 'first'));
    await host.run();
    await host.finish();
    await host.prepare(name, join(root, 'traced'));
    const calls = await host.trace(join(root, 'traced'), refused);
    await host.finish();
    return calls.filter(({ ours, thread }) => ours && ['main', 'pool'].includes(thread));
  } finally {
    await rm(root, { recursive: true });
  }
}
