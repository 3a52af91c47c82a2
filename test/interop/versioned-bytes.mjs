// Images that say of each line which image, which version and which place in it they are; glance_load.py makes the same.

/** The bytes of one version of an image; `size` is at least a line's. */
export function versionedBytes(imageId, version, size) {
  const head = `${imageId} ${version} ${size} `;
  const lines = Math.floor(size / (head.length + 9)) + 1;
  const text = Array.from({ length: lines }, (_, i) => `${head}${String(i).padStart(8, '0')}\n`).join('');
  return Buffer.from(text).subarray(0, size);
}

/** Returns the fault of the bytes of an image; nothing if they are one whole version of it. */
export function flawOf(bytes, imageId) {
  if (bytes.length === 0) return 'empty';
  const [id, version, size] = bytes.subarray(0, 200).toString().split(' ');
  if (id !== imageId) return `of ${id}`;
  return bytes.equals(versionedBytes(id, version, Number(size))) ? undefined : 'torn';
}
