import { readFile } from 'node:fs/promises';

import type { Checksum } from '../index.ts';
import { CliError, cliErrorCode, fileError, UsageError } from '../terminal/cli-error.ts';

/** Algorithms by the length of the digest in hex, since the files do not name them. */
const algorithms = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
]);

/**
 * Reads a file as `sha256sum` writes it: a digest in hex and an image id on each line. Returns a function from an id to
 * its checksum, which throws for an id without a line.
 *
 * @throws {@link CliError} if the file cannot be read, {@link UsageError} for a malformed line
 */
export async function readChecksumFile(path: string): Promise<(imageId: string) => Checksum> {
  const checksums = new Map<string, Checksum>();
  for (const line of (await readText(path)).split('\n')) {
    if (line.trim() === '') continue;
    const [, hex = '', imageId = ''] = /^([0-9a-f]+) [ *](.+?)\r?$/i.exec(line) ?? [];
    const algorithm = algorithms.get(hex.length);
    if (algorithm === undefined) throw new UsageError(`--checksums: ${path} has a line without a digest: ${line}`);
    checksums.set(imageId, { algorithm, hex });
  }
  return (imageId) => {
    const checksum = checksums.get(imageId);
    if (!checksum) throw new CliError(cliErrorCode.file, `${path} has no checksum for this image`);
    return checksum;
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
}
