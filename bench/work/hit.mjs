import { expectEqual } from '../harness/contents.mjs';
import { measure } from '../harness/measure.mjs';

/** One image opened, read into the same buffer and closed, again and again. */
export async function run(peer, spec) {
  const bytes = Buffer.alloc(4096, 'x');
  await peer.put('image', bytes);
  const buffer = Buffer.alloc(4096);
  const result = await measure(() => peer.hit('image', buffer), spec);
  expectEqual(buffer.equals(bytes), true, 'the bytes are those that were put');
  expectEqual(await peer.hits('image'), result.operations, 'hits');
  return result;
}
