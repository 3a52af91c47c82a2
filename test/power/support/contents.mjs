// Contents of images that follow from id, version and size, which their first bytes record: any reader can judge them.

const block = 65_536;

/** The bytes of one version of an image; `size` is at least 12. They begin with "IMG1", and no page repeats another. */
export function contentsOf(imageId, version, size) {
  const pattern = Buffer.allocUnsafe(block);
  let state = 2_166_136_261 ^ version;
  for (const character of imageId) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  for (let at = 0; at < block; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pattern.writeInt32LE(state | 1, at);
  }
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at += block) pattern.copy(bytes, at);
  for (let at = 0; at + 4 <= size; at += 4096) bytes.writeUInt32LE(at + 1, at);
  bytes.write('IMG1', 0, 'latin1');
  bytes.writeUInt32LE(version, 4);
  bytes.writeUInt32LE(size, 8);
  return bytes;
}

/** Returns the fault of the bytes of an image; `undefined` if they are one whole version of it. */
export function faultOf(imageId, bytes) {
  if (bytes.length === 0) return 'empty';
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'IMG1') {
    return bytes.every((byte) => byte === 0) ? 'all zeros' : 'foreign bytes';
  }
  const size = bytes.readUInt32LE(8);
  if (size < bytes.length) return 'too long';
  if (size > 2 ** 26) return 'foreign bytes';
  const expected = contentsOf(imageId, bytes.readUInt32LE(4), size);
  if (expected.equals(bytes)) return undefined;
  return expected.subarray(0, bytes.length).equals(bytes) ? 'short' : 'wrong blocks';
}
