/** `only`: bars by their ids, as `P3,P4`; `others` for those without a bar to meet. All, if it is not given. */
export function chooseBars(bars, only) {
  if (only === undefined) return bars;
  const wanted = only.split(',').map((id) => id.trim().toUpperCase());
  const known = new Set(bars.map(familyOf));
  const unknown = wanted.find((id) => !known.has(id));
  if (unknown !== undefined) throw new Error(`no bar ${unknown}; there are ${[...known].join(', ')}`);
  return bars.filter((bar) => wanted.includes(familyOf(bar)));
}

/** `P5` for `P5, claimed`, unless it says itself. */
function familyOf({ id, family }) {
  return family?.toUpperCase() ?? /^P\d+/.exec(id)?.[0] ?? 'OTHERS';
}
