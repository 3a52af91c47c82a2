import { closeSync, openSync, readSync } from 'node:fs';

/** C library of a process, as in the names of prebuilt addons. */
export type Libc = 'glibc' | 'musl';

// In ELF-64, one of the program headers names the dynamic loader.
const elf64LittleEndian = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const headerSize = 64;
const programHeaderSize = 56;
const interpreterType = 3;

/**
 * Returns the C library of an executable from its first bytes, or undefined if they do not show it.
 *
 * The loader of the running program is a better sign than any file of the distribution: every container image has it,
 * and it is right if both libraries are installed.
 */
export function libcOf(head: Buffer): Libc | undefined {
  if (head.length < headerSize || !head.subarray(0, elf64LittleEndian.length).equals(elf64LittleEndian))
    return undefined;
  const first = Number(head.readBigUInt64LE(32));
  const count = head.readUInt16LE(56);
  for (let i = 0; i < count; i++) {
    const at = first + i * programHeaderSize;
    if (at + programHeaderSize > head.length) return undefined;
    if (head.readUInt32LE(at) !== interpreterType) continue;
    const path = Number(head.readBigUInt64LE(at + 8));
    return libcOfLoader(head.toString('latin1', path, path + Number(head.readBigUInt64LE(at + 32))));
  }
  return undefined;
}

/** Returns the C library of this process, or undefined without /proc. */
export function ownLibc(executable = '/proc/self/exe'): Libc | undefined {
  const head = Buffer.alloc(4096);
  try {
    const fd = openSync(executable, 'r');
    try {
      return libcOf(head.subarray(0, readSync(fd, head)));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function libcOfLoader(path: string): Libc | undefined {
  if (/\/ld-musl-[^/]*$/.test(path)) return 'musl';
  return path === '' ? undefined : 'glibc';
}
