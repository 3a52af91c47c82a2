import { ChecksumVerifier } from '../checksum.ts';
import { UsageError } from '../terminal/cli-error.ts';

/**
 * `sha256-BASE64`, as package locks and web pages have it, or `sha256:HEX`, as `sha256sum` prints it.
 *
 * @throws {@link UsageError}
 */
export async function parseChecksum(text: string): Promise<ChecksumVerifier> {
  const [, algorithm, hex] = /^([\w-]+):([0-9a-f]+)$/i.exec(text) ?? [];
  try {
    return await ChecksumVerifier.of(algorithm && hex ? { algorithm, hex } : text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--checksum: ${reason}`);
  }
}
