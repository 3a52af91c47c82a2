import { getHashes } from 'node:crypto';

/** The attribute of an image that was cached with a checksum; see `native/posix/xattr.h`. */
export const digestAttribute = 'user.xattr_cache.digest';

/** The size and digest that an image had when it was cached. */
export interface RecordedDigest {
  /** Bytes. */
  readonly size: number;
  readonly algorithm: string;
  /** Digest in SRI form: `sha256-BASE64`. */
  readonly digest: string;
}

/**
 * Parses an attribute. Returns undefined if it is no digest, or if this version of Node cannot compute the algorithm.
 */
export function parseRecordedDigest(value: Buffer | undefined): RecordedDigest | undefined {
  const match = /^(\d{1,16}) (([a-z0-9-]+)-[A-Za-z0-9+/]+={0,2})$/.exec(value?.toString('latin1') ?? '');
  if (!match) return undefined;
  const [, size, digest = '', algorithm = ''] = match;
  if (!getHashes().includes(algorithm)) return undefined;
  return { size: Number(size), algorithm, digest };
}
