import { once } from 'node:events';

/** `size` bytes which are the same for the same `seed`, and look like no other. */
export function bytesOf(size, seed = 1) {
  const bytes = Buffer.allocUnsafe(size);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Everything that a stream of bytes gives, once it has closed. */
export async function drain(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await once(stream, 'close');
  return Buffer.concat(chunks);
}

/** Returns all bytes of a reader, through `read()` alone. */
export async function readWhole(reader) {
  const bytes = Buffer.alloc(reader.size);
  let position = 0;
  while (position < reader.size) {
    const read = await reader.read(bytes, position, reader.size - position, position);
    if (read === 0) break;
    position += read;
  }
  return bytes.subarray(0, position);
}
