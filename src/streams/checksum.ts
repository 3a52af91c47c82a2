import { createHash, type Hash } from 'node:crypto';

import type { ImageSource } from '../api/driver.ts';
import { ChecksumMismatchError } from '../api/errors.ts';
import { invalidType, invalidValue } from '../base/validate.ts';
import { chunksOf } from './source-chunks.ts';

/**
 * SRI (`sha256-BASE64`), or an algorithm with a hex digest: `md5:HEX`, or an object.
 *
 * @since 0.1.0
 */
export type Checksum =
  | string
  | {
      /** One of `crypto.getHashes()`. */
      readonly algorithm: string;
      /** The digest, in either case. */
      readonly hex: string;
    };

/** Digests bytes as they pass, and compares at the end. */
export class ChecksumVerifier {
  readonly #algorithm: string;
  readonly #hash: Hash;
  readonly #format: (digest: Buffer) => string;
  #digest: string | undefined;
  /** The accepted digests, in the format of the option. SRI may name several. */
  readonly #expected: readonly string[];

  /** @throws TypeError if it is no checksum, or if this version of Node lacks the algorithm */
  static async of(checksum: Checksum): Promise<ChecksumVerifier> {
    return new ChecksumVerifier(await parseChecksum(checksum), checksum);
  }

  private constructor({ algorithm, digests, format }: ParsedChecksum, checksum: Checksum) {
    this.#algorithm = algorithm.toLowerCase();
    this.#hash = hashOf(algorithm, checksum);
    this.#format = format;
    this.#expected = digests.map(format);
    // A truncated digest must be refused before the image is fetched.
    const { length } = this.#hash.copy().digest();
    if (digests.some((digest) => digest.length !== length)) {
      throw invalidValue('checksum', `must have ${length} bytes for ${algorithm}`, checksum);
    }
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** Yields the chunks of a source, and verifies them at its end. */
  async *verified(
    source: ImageSource,
    imageId: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of chunksOf(source, signal)) {
      this.update(chunk);
      yield chunk;
    }
    this.verify(imageId);
  }

  /** The digest in SRI form, after {@link verify}. */
  get digest(): string | undefined {
    return this.#digest;
  }

  /**
   * Compares the digest, and returns it in SRI form. To be called once, at the end.
   *
   * @throws {@link ChecksumMismatchError}
   */
  verify(imageId: string): string {
    const digest = this.#hash.digest();
    const actual = this.#format(digest);
    if (!this.#expected.includes(actual)) throw new ChecksumMismatchError(imageId, this.#expected.join(' '), actual);
    this.#digest = `${this.#algorithm}-${digest.toString('base64')}`;
    return this.#digest;
  }
}

interface ParsedChecksum {
  readonly algorithm: string;
  readonly digests: readonly Buffer[];
  readonly format: (digest: Buffer) => string;
}

async function parseChecksum(checksum: Checksum): Promise<ParsedChecksum> {
  if (typeof checksum !== 'string') {
    const { algorithm, hex } = checksum ?? {};
    if (typeof algorithm === 'string' && typeof hex === 'string') return parseHex(algorithm, hex, '', checksum);
    throw invalidType('checksum', 'of type string, or an object with an algorithm and a hex digest', checksum);
  }
  const [, algorithm, hex = ''] = /^([\w/-]+):(.*)$/s.exec(checksum) ?? [];
  if (algorithm === undefined) return parseSri(checksum);
  return parseHex(algorithm, hex, `${algorithm.toLowerCase()}:`, checksum);
}

/** Parses one or more digests with spaces between. Those of the strongest algorithm count; unknown ones are ignored. */
async function parseSri(text: string): Promise<ParsedChecksum> {
  // Loaded only now, since it is not needed without a checksum.
  const { default: ssri } = await import('ssri');
  const integrity = ssri.parse(text);
  if (!integrity)
    throw invalidValue(
      'checksum',
      'must be an SRI digest such as sha256-BASE64, or a digest in hex such as md5:HEX',
      text,
    );
  const algorithm = integrity.pickAlgorithm();
  const digests = (integrity[algorithm] ?? []).map(({ digest }) => Buffer.from(digest, 'base64'));
  return { algorithm, digests, format: (digest) => `${algorithm}-${digest.toString('base64')}` };
}

/** @param prefix - the text before the hex in messages, as in the checksum */
function parseHex(algorithm: string, hex: string, prefix: string, checksum: Checksum): ParsedChecksum {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw invalidValue('checksum', 'must have a digest in hex', checksum);
  return { algorithm, digests: [Buffer.from(hex, 'hex')], format: (digest) => prefix + digest.toString('hex') };
}

function hashOf(algorithm: string, checksum: Checksum): Hash {
  try {
    return createHash(algorithm);
  } catch {
    throw invalidValue('checksum', `has an algorithm that this version of Node lacks ('${algorithm}')`, checksum);
  }
}
