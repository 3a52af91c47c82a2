import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// What the runtime does for itself: memory, threads, waiting.
const ignored = new Set(
  `brk mmap munmap mremap mprotect madvise futex sched_yield epoll_wait epoll_pwait epoll_ctl clone clone3 rseq exit
  set_robust_list rt_sigprocmask rt_sigaction rt_sigreturn restart_syscall prctl gettid getpid clock_nanosleep
  sched_getaffinity`.split(/\s+/),
);

// Newer than the strace of Debian 12.
const unnamed = { syscall_0x1d0: 'getxattrat' };

export function straceIsThere() {
  return spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
}

/** Returns the output of strace for a command and all its threads. */
export function trace([command, ...args], log) {
  const { status, stderr } = spawnSync('strace', ['-f', '-o', log, command, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed under strace: ${stderr}`);
  return readFileSync(log, 'utf8');
}

/** @returns an object from a call's name to how often it was begun between the marks, in alphabetical order */
export function countCalls(log, mark = '/xattr-cache-bench') {
  const from = log.indexOf(`"${mark}/begin"`);
  const to = log.indexOf(`"${mark}/end"`);
  if (from < 0 || to < from) throw new Error('the output of strace lacks the marks');

  const wakeUps = wakeUpDescriptors(log);
  const counts = {};
  for (const line of log.slice(from, to).split('\n').slice(1, -1)) {
    const [, name, descriptor] = /^\d*\s*(\w+)\((\d*)/.exec(line) ?? [];
    if (!name || ignored.has(name) || (/^(read|write)$/.test(name) && wakeUps.has(descriptor))) continue;
    // The C library asks for the number of processors once, for its arenas.
    if (line.includes('/sys/devices/system/cpu')) continue;
    const known = unnamed[name] ?? name;
    counts[known] = (counts[known] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort());
}

/** The eventfds by which threads of the pool tell the event loop that they are done. */
function wakeUpDescriptors(log) {
  return new Set([...log.matchAll(/write\((\d+), "\\1(?:\\0){7}"/g)].map(([, descriptor]) => descriptor));
}

/** Each call as often as it is made per operation; what happens once in many operations is rounded away. */
export function perOperation(counts, operations) {
  const entries = Object.entries(counts).map(([name, count]) => [name, Math.round(count / operations)]);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

/** Returns the calls that one makes more than the other, as text; empty if they make the same. */
export function difference(ours, theirs) {
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  return names
    .map((name) => [name, (ours[name] ?? 0) - (theirs[name] ?? 0)])
    .filter(([, more]) => more !== 0)
    .map(([name, more]) => `${name} ${more > 0 ? '+' : '−'}${Math.abs(more)}`)
    .join(', ');
}
