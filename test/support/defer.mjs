const stacks = new WeakMap();

/** Undoes something when test `t` is over: the last one first (node:test's own `after` goes by the order of registration). */
export function defer(t, undo) {
  const undos = stacks.get(t) ?? [];
  undos.push(undo);
  if (undos.length > 1) return;
  stacks.set(t, undos);
  t.after(async () => {
    while (undos.length > 0) await undos.pop()();
  });
}
