import { createHash, type Hash } from 'node:crypto';

import { ChecksumMismatchError } from './errors.ts';
import { invalidType, invalidValue } from './validate.ts';

/** SRI (`sha256-…`), or an algorithm with a hex digest (md5 for Glance). */
export type Checksum = string | { readonly algorithm: string; readonly hex: string };

/** Digests bytes as they pass, and compares at the end. */
export class ChecksumVerifier {
  readonly #algorithm: string;
  /** Any of them will do: SRI may name several of one algorithm. Hex. */
  readonly #expected: readonly string[];
  readonly #hash: Hash;

  /** @throws TypeError for what is no checksum, or of an algorithm that this Node does not have */
  static async of(checksum: Checksum): Promise<ChecksumVerifier> {
    if (typeof checksum !== 'string') return ChecksumVerifier.#ofHex(checksum);
    // Only now: nothing of it is needed where no checksum is given.
    const { default: ssri } = await import('ssri');
    const integrity = ssri.parse(checksum);
    const algorithm = integrity && Object.keys(integrity).length > 0 ? integrity.pickAlgorithm() : undefined;
    if (!integrity || !algorithm) throw invalidValue('checksum', 'must be an SRI digest such as sha256-…', checksum);
    const digests = (integrity[algorithm] ?? []).map(({ digest }) => Buffer.from(digest, 'base64').toString('hex'));
    return new ChecksumVerifier(algorithm, digests, checksum);
  }

  static #ofHex(checksum: { readonly algorithm: string; readonly hex: string }): ChecksumVerifier {
    const { algorithm, hex } = checksum ?? {};
    if (typeof algorithm !== 'string' || typeof hex !== 'string') {
      throw invalidType('checksum', 'of type string, or an object with an algorithm and a hex digest', checksum);
    }
    return new ChecksumVerifier(algorithm, [hex.toLowerCase()], checksum);
  }

  private constructor(algorithm: string, expected: readonly string[], checksum: Checksum) {
    this.#algorithm = algorithm;
    this.#expected = expected;
    try {
      this.#hash = createHash(algorithm);
    } catch {
      throw invalidValue('checksum', `has an algorithm that is not known here ('${algorithm}')`, checksum);
    }
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** Once, at the end. @throws {@link ChecksumMismatchError} */
  verify(imageId: string): void {
    const actual = this.#hash.digest('hex');
    if (this.#expected.includes(actual)) return;
    throw new ChecksumMismatchError(imageId, this.#name(this.#expected.join(' or ')), this.#name(actual));
  }

  #name(hex: string): string {
    return `${this.#algorithm}:${hex}`;
  }
}
