/**
 * The calls in a trace, each with how many of its name its thread had made until then. `ours` are those on the cache
 * directory `dir`, by a path or a descriptor, and the random bytes for a private name.
 */
export function tracedCalls(lines, dir, { main, pool }) {
  const counts = new Map();
  const calls = [];
  for (const line of lines) {
    const [, id = main, call] = /^(?:\[pid +(\d+)\] )?(\w+)\(/.exec(line) ?? [];
    if (call === undefined) continue;
    const thread = Number(id) === main ? 'main' : Number(id) === pool ? 'pool' : id;
    const key = `${thread} ${call}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const ours = line.includes(dir) || call === 'getrandom' || call.startsWith('syscall_0x');
    calls.push({ thread, call, nth, ours, line });
  }
  return calls;
}
