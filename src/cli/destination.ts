import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { fileError, isMissing } from '../terminal/cli-error.ts';

const permissionBits = 0o7777;

/** An output file that appears as a whole or not at all. */
export interface Destination {
  /** Appends bytes. Returns true, as {@link writeOut} does while its reader reads. */
  write(bytes: Uint8Array): Promise<boolean>;
  commit(): Promise<void>;
  /** Removes the file. Does nothing after a commit. */
  discard(): Promise<void>;
}

/**
 * Opens `path` for writing. The bytes go to a temporary file beside it, which replaces it at the end. A device or a
 * pipe must not be replaced, and is written directly.
 *
 * @throws {@link CliError} if the file cannot be written, as the methods of the result do
 */
export async function openDestination(path: string): Promise<Destination> {
  try {
    const existing = await statIfThere(path);
    if (existing && !existing.isFile()) return await openInPlace(path);
    // A symbolic link stays a link.
    return await openBeside(path, existing ? await realpath(path) : path, existing);
  } catch (error) {
    throw fileError('write', path, error);
  }
}

async function openInPlace(path: string): Promise<Destination> {
  const file = await open(path, constants.O_WRONLY);
  return destinationOn(file, path, { commit: async () => {}, discard: async () => {} });
}

async function openBeside(path: string, target: string, existing: Stats | undefined): Promise<Destination> {
  const temporary = join(dirname(target), `.xattr-cache-get-${randomBytes(6).toString('hex')}`);
  const file = await open(temporary, 'wx');
  const discard = () => rm(temporary, { force: true });
  try {
    if (existing) await file.chmod(existing.mode & permissionBits);
  } catch (error) {
    await file.close();
    await discard();
    throw error;
  }
  return destinationOn(file, path, { commit: () => rename(temporary, target), discard });
}

interface Ending {
  commit(): Promise<void>;
  discard(): Promise<void>;
}

function destinationOn(file: FileHandle, path: string, ending: Ending): Destination {
  let open = true;
  const close = async () => {
    if (open) await file.close();
    open = false;
  };
  const explained = async (operation: () => Promise<void>) => {
    try {
      await operation();
    } catch (error) {
      throw fileError('write', path, error);
    }
  };
  return {
    async write(bytes) {
      // Unlike write(), this writes all bytes, also if the system accepts only a part.
      await explained(() => file.writeFile(bytes));
      return true;
    },
    async commit() {
      await explained(async () => {
        await close();
        await ending.commit();
      });
    },
    async discard() {
      await close().catch(() => {});
      await ending.discard().catch(() => {}); // The error that led here is the one to report.
    },
  };
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
