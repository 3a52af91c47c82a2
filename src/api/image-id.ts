import { createHash } from 'node:crypto';
import { assertString } from '../base/validate.ts';
import { InvalidImageIdError } from './errors.ts';

/** NAME_MAX, in bytes. */
const longestId = 255;
const longestCharacter = 3; // bytes of UTF-8 for one UTF-16 unit
const reserved: ReadonlySet<string> = new Set(['incomplete', 'invalid', 'queue']);

// Glance checks no id, so a crafted id makes it read and delete files outside its directory.

/**
 * Throws if a string is no valid image id. An image id is a file name: 1 to 255 bytes of UTF-8 without `/` or NUL. It
 * does not begin with `.`, and is none of the names of the cache's own directories. Every method that takes an id
 * checks it.
 *
 * @throws {@link InvalidImageIdError} if the id is invalid
 * @since 0.1.0
 */
export function assertImageId(imageId: string): void {
  assertString(imageId, 'imageId');
  const reason = findFault(imageId);
  if (reason !== undefined) throw new InvalidImageIdError(imageId, reason);
}

function findFault(imageId: string): string | undefined {
  if (imageId === '') return 'it is empty';
  if (imageId.startsWith('.')) return 'it begins with a dot';
  if (imageId.includes('/')) return 'it contains a slash';
  if (imageId.includes('\0')) return 'it contains a NUL';
  if (reserved.has(imageId)) return 'the cache reserves this name';
  if (imageId.length * longestCharacter > longestId && Buffer.byteLength(imageId) > longestId) {
    return `it is longer than ${longestId} bytes (imageIdFor() derives an id from any string)`;
  }
  if (!imageId.isWellFormed()) return 'it contains half of a surrogate pair';
  return undefined;
}

/**
 * Returns a valid image id for any string, for example a URL: the lower-case hex SHA-256 of its UTF-8.
 *
 * @since 0.1.0
 */
export function imageIdFor(key: string): string {
  assertString(key, 'key');
  const hash = createHash('sha256');
  // In UTF-8, all halves of surrogate pairs are the same. A byte that UTF-8 never has keeps the two kinds apart.
  if (!key.isWellFormed()) hash.update(Buffer.of(0xff)).update(Buffer.from(key, 'utf16le'));
  else hash.update(key);
  return hash.digest('hex');
}
