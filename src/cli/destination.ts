import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { fileError, isMissing } from '../terminal/cli-error.ts';

const permissionBits = 0o7777;

/** A file that is to appear as a whole or not at all. */
export interface Destination {
  /** Resolves to true, as {@link writeOut} does for as long as somebody reads. */
  write(bytes: Uint8Array): Promise<boolean>;
  commit(): Promise<void>;
  /** After a commit it does nothing. */
  discard(): Promise<void>;
}

/**
 * Opens `path` to be written. The bytes go to a temporary name beside it, which takes its place at the end; a device or a
 * pipe, which must not be replaced, is written as it is.
 *
 * @throws {@link CliError}, as the methods of what it resolves to do
 */
export async function openDestination(path: string): Promise<Destination> {
  try {
    const existing = await statIfThere(path);
    if (existing && !existing.isFile()) return await openInPlace(path);
    // A symbolic link stays one.
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
      // Writes all, also where the system takes only a part at a time.
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
