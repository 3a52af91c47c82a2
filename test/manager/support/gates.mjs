/** A gate: `pass()` resolves when `open()` is called, `reached` when the first caller has arrived. */
export function gate() {
  const made = {};
  made.opened = new Promise((resolve) => {
    made.open = resolve;
  });
  made.reached = new Promise((resolve) => {
    made.reach = resolve;
  });
  return {
    reached: made.reached,
    open: () => made.open(),
    /** Resolves when the gate is open. */
    pass: () => {
      made.reach();
      return made.opened;
    },
  };
}
