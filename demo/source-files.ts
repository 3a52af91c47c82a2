import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CliError } from '#terminal/cli-error';
import { formatSize } from '#terminal/size';

/** A file that serves as the origin of an image: what the cache hands out is held against it. */
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
/** In an id; characters. */
const digestLength = 16;

/**
 * The files to cache: the largest below `dir`, a few hundred at most and at most `mostBytes` in all.
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
 * The largest files that together stay within `mostBytes`, without those so large that caching one would empty much of a
 * cache that is limited to a quarter: more than a 32nd of all, or if there are too few without them, an eighth.
 */
export function chooseLargest(files: readonly FoundFile[], mostBytes: number): FoundFile[] {
  const descending = files.toSorted((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  for (const parts of [32, 16, 8]) {
    const chosen = chooseWithin(descending, mostBytes, parts);
    if (chosen) return chosen;
  }
  return [];
}

/** The largest of which none is more than one of so many equal parts of all. */
function chooseWithin(descending: readonly FoundFile[], mostBytes: number, parts: number): FoundFile[] | undefined {
  for (let first = 0; first < descending.length; first++) {
    if ((descending[first] as FoundFile).size * parts > mostBytes) continue;
    const { chosen, bytes } = takeFrom(descending, first, mostBytes);
    if (chosen.length < fewestFiles) return undefined;
    if ((chosen[0] as FoundFile).size * parts <= bytes) return chosen;
  }
  return undefined;
}

/** One after the other from `first` on, but for those that would go beyond `mostBytes`. */
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
    // What lies deeper and may not be entered is simply not used.
    if (dir !== root) return [];
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('ERR_DEMO_SOURCE', `no files to cache: ${reason}. Name another directory with --source DIR.`, {
      cause: error,
    });
  }
}

/**
 * Gives each file an id made of its content and its name, so that a cache kept from an earlier run is never asked for
 * an image that has changed since. Of files with the same id one is left.
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

/** The file's name in an image's id. */
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
