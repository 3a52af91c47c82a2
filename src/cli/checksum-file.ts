import { readFile } from 'node:fs/promises';

import type { Checksum } from '../index.ts';
import { CliError, cliErrorCode, fileError, UsageError } from '../terminal/cli-error.ts';

/** By the length of the digest in hex, as the programs that write such files have nothing else to go by. */
const algorithms = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
]);

/**
 * Reads a file as `sha256sum` writes it: a digest in hex and an image id on each line. Returns a function that throws for
 * an image that has no line in it.
 *
 * @throws {@link CliError} if the file cannot be read, {@link UsageError} for a line that is none
 */
export async function readChecksumFile(path: string): Promise<(imageId: string) => Checksum> {
  const checksums = new Map<string, Checksum>();
  for (const line of (await readText(path)).split('\n')) {
    if (line.trim() === '') continue;
    const [, hex = '', imageId = ''] = /^([0-9a-f]+) [ *](.+?)\r?$/i.exec(line) ?? [];
    const algorithm = algorithms.get(hex.length);
    if (algorithm === undefined) throw new UsageError(`--checksums: ${path} has a line that is no digest: ${line}`);
    checksums.set(imageId, { algorithm, hex });
  }
  return (imageId) => {
    const checksum = checksums.get(imageId);
    if (!checksum) throw new CliError(cliErrorCode.file, `${path} has no checksum of it`);
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
