import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../../native/posix/syscalls.cc', import.meta.url), 'utf8');

/** The calls that the engine's table of system calls knows, and so those that the native sweep fails. */
export const tableCalls = new Set([...source.matchAll(/(?:Once|Retrying)\("(\w+)"/g)].map(([, call]) => call));

/** Calls that have another name in the C library, or in an older strace. */
const otherNames = new Map([
  ['renameat2', 'renameat'],
  ['utimensat_time64', 'utimensat'],
  ['faccessat', 'faccessat2'],
  ...[...source.matchAll(/#define SYS_(\w+) (\d+)/g)].map(([, call, number]) => [
    `syscall_0x${Number(number).toString(16)}`,
    call,
  ]),
]);

/** The table's name of a call that strace saw. */
export function tableName({ call }) {
  return otherNames.get(call) ?? call;
}

/** The directories that `configure()` has Node make. */
export function isNodesOwn({ call, line }) {
  return ['mkdir', 'mkdirat'].includes(call) && /\b(?:mkdir\(|mkdirat\(AT_FDCWD\S*, )"\//.test(line);
}
