import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CliError } from '#terminal/cli-error';
import { formatSize } from '#terminal/size';

/** A file that is the source of an image, and is compared with the served bytes. */
export interface SourceFile {
  readonly imageId: string;
  readonly path: string;
  readonly size: number;
  readonly lastModifiedMs: number;
}

/** A regular file, not yet read. */
export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly lastModifiedMs: number;
}

const smallestFile = 4 * 1024;
const mostFiles = 400;
const fewestFiles = 8;
/** Longest name in an id, in characters. */
const digestLength = 16;

/**
 * Finds the files to cache: the largest below `dir`, a few hundred at most, of at most `mostBytes` in all.
 *
 * @throws {@link CliError} if there are too few.
 */
export async function findSourceFiles(dir: string, mostBytes: number, signal: AbortSignal): Promise<SourceFile[]> {
  const found = await listFiles(dir, signal);
  const chosen = await identify(chooseLargest(found, mostBytes), signal);
  if (chosen.length >= fewestFiles) return chosen;

  throw new CliError(
    'ERR_DEMO_SOURCE',
    `too few files below ${dir}: the demo needs at least ${fewestFiles} different ones of ` +
      `${formatSize(smallestFile)} or more that are not too unlike in size (${found.length} are large enough). ` +
      'Name another directory with --source DIR.',
  );
}

/**
 * Returns the largest files of at most `mostBytes` together. Leaves out files that would empty much of a cache limited
 * to a quarter: those with more than a 32nd of all bytes, or more than an eighth if too few files are left otherwise.
 */
export function chooseLargest(files: readonly FoundFile[], mostBytes: number): FoundFile[] {
  const descending = files.toSorted((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  for (const parts of [32, 16, 8]) {
    const chosen = chooseWithin(descending, mostBytes, parts);
    if (chosen) return chosen;
  }
  return [];
}

/** Returns the largest files of which none exceeds one of so many equal parts of all bytes. */
function chooseWithin(descending: readonly FoundFile[], mostBytes: number, parts: number): FoundFile[] | undefined {
  for (let first = 0; first < descending.length; first++) {
    if ((descending[first] as FoundFile).size * parts > mostBytes) continue;
    const { chosen, bytes } = takeFrom(descending, first, mostBytes);
    if (chosen.length < fewestFiles) return undefined;
    if ((chosen[0] as FoundFile).size * parts <= bytes) return chosen;
  }
  return undefined;
}

/** Takes files from `first` on, and skips those that would exceed `mostBytes`. */
function takeFrom(files: readonly FoundFile[], first: number, mostBytes: number) {
  const chosen: FoundFile[] = [];
  let bytes = 0;
  for (let next = first; next < files.length && chosen.length < mostFiles; next++) {
    const file = files[next] as FoundFile;
    if (bytes + file.size > mostBytes) continue;
    chosen.push(file);
    bytes += file.size;
  }
  return { chosen, bytes };
}

async function listFiles(root: string, signal: AbortSignal): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  const directories = [root];
  for (let dir = directories.pop(); dir !== undefined; dir = directories.pop()) {
    signal.throwIfAborted();
    for (const entry of await readDirectory(dir, root)) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) directories.push(path);
      if (!entry.isFile()) continue;
      const { size, mtimeMs } = await stat(path);
      if (size >= smallestFile) files.push({ path, size, lastModifiedMs: mtimeMs });
    }
  }
  return files;
}

async function readDirectory(dir: string, root: string) {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    // Directories without permission are left out.
    if (dir !== root) return [];
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('ERR_DEMO_SOURCE', `no files to cache: ${reason}. Name another directory with --source DIR.`, {
      cause: error,
    });
  }
}

/**
 * Gives each file an id made of its content and its name, so that a cache kept from an earlier run never has another
 * version of an image. Of files with the same id, one is kept.
 */
async function identify(files: readonly FoundFile[], signal: AbortSignal): Promise<SourceFile[]> {
  const byId = new Map<string, SourceFile>();
  for (const file of files) {
    signal.throwIfAborted();
    const imageId = `${(await digestOf(file.path)).slice(0, digestLength)}-${printableName(file.path)}`;
    byId.set(imageId, { ...file, imageId });
  }
  return [...byId.values()];
}

/** Returns the part of an image's id that is the file's name. */
export function nameIn(imageId: string): string {
  return imageId.slice(digestLength + 1);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}

function printableName(path: string): string {
  return basename(path)
    .replaceAll(/[^\w.@+-]/g, '_')
    .slice(-64);
}
