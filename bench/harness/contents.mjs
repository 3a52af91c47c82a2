import { randomFillSync } from 'node:crypto';

/** The bytes of every image of a size are the same but for the first four, which say which it is. */
export function contentsOf(size) {
  const bytes = Buffer.allocUnsafe(size);
  randomFillSync(bytes);
  return {
    of(number) {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(number);
      return copy;
    },
    isOf(read, number) {
      return read.length === size && read.readUInt32LE(0) === number && read.subarray(4).equals(bytes.subarray(4));
    },
  };
}

export function imageName(number) {
  return `image-${number}`;
}

/** A wrong answer is never fast: it ends the run. */
export function expectEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}
