import { createHash, type Hash } from 'node:crypto';

import type { ImageSource } from '../api/driver.ts';
import { ChecksumMismatchError } from '../api/errors.ts';
import { invalidType, invalidValue } from '../base/validate.ts';
import { chunksOf } from './source-chunks.ts';

/** SRI (`sha256-BASE64`), or an algorithm with a hex digest: `md5:HEX`, or an object. */
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
  /** Any of them will do: SRI may name several. Written as they were given. */
  readonly #expected: readonly string[];

  /** @throws TypeError for what is no checksum, or of an algorithm that is not known here */
  static async of(checksum: Checksum): Promise<ChecksumVerifier> {
    return new ChecksumVerifier(await parseChecksum(checksum), checksum);
  }

  private constructor({ algorithm, digests, format }: ParsedChecksum, checksum: Checksum) {
    this.#algorithm = algorithm.toLowerCase();
    this.#hash = hashOf(algorithm, checksum);
    this.#format = format;
    this.#expected = digests.map(format);
    // A digest that is cut short is better refused now than when the image is here.
    const { length } = this.#hash.copy().digest();
    if (digests.some((digest) => digest.length !== length)) {
      throw invalidValue('checksum', `must have ${length} bytes for ${algorithm}`, checksum);
    }
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** The chunks of a source whose checksum, at its end, is part of it. */
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

  /** What {@link verify} has answered, in SRI form. */
  get digest(): string | undefined {
    return this.#digest;
  }

  /**
   * Once, at the end. Answers with the digest in SRI form.
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

/** One or more digests with spaces between. Those of the strongest algorithm count; what is not known is passed over. */
async function parseSri(text: string): Promise<ParsedChecksum> {
  // Only now: nothing of it is needed where no checksum is given.
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

/** @param prefix - stands before the hex in messages, as it did in the checksum */
function parseHex(algorithm: string, hex: string, prefix: string, checksum: Checksum): ParsedChecksum {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw invalidValue('checksum', 'must have a digest in hex', checksum);
  return { algorithm, digests: [Buffer.from(hex, 'hex')], format: (digest) => prefix + digest.toString('hex') };
}

function hashOf(algorithm: string, checksum: Checksum): Hash {
  try {
    return createHash(algorithm);
  } catch {
    throw invalidValue('checksum', `has an algorithm that is not known here ('${algorithm}')`, checksum);
  }
}
