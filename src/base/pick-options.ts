import { assertOptions, unknownOption } from './validate.ts';

/**
 * Returns a copy of the options that are set. Reads each once, since a caller may change its object later, or have
 * getters with varying values. An option that is `undefined` counts as missing.
 *
 * @param known - the names of all options that are allowed
 * @param name - name of the argument, for messages
 * @throws TypeError if `options` is no object, or has an unknown name; then with the nearest known name
 */
export function pickOptions<T extends object, K extends keyof T & string>(
  options: T,
  known: readonly K[],
  name = 'options',
): Pick<T, K> {
  assertOptions(options, name);
  const names: readonly string[] = known;
  const unknown = Object.keys(options).find((key) => !names.includes(key));
  if (unknown !== undefined) throw unknownOption(name, unknown, names, nearest(unknown, names));
  const picked: Partial<Pick<T, K>> = {};
  for (const key of known) {
    const value = options[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked as Pick<T, K>;
}

/** Returns the known name nearest to `unknown`, if one is near enough for a typing error. */
function nearest(unknown: string, known: readonly string[]): string | undefined {
  let near: string | undefined;
  let closest = Math.max(2, unknown.length / 3);
  for (const name of known) {
    // A name may have any length, and the distance is at least the difference in length.
    if (Math.abs(name.length - unknown.length) > closest) continue;
    const apart = distance(unknown.toLowerCase(), name.toLowerCase());
    if (apart > closest || (near !== undefined && apart === closest)) continue;
    near = name;
    closest = apart;
  }
  return near;
}

/** Returns Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const substitution = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
