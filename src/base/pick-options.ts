import { assertOptions, unknownOption } from './validate.ts';

/**
 * Copies the options that are set, each read once: a caller may change its object later, or have getters that return
 * another value each time. An option that is `undefined` counts as not given.
 *
 * @param known - the names of all options that are allowed
 * @param name - the argument, for messages
 * @throws TypeError for a value that is no object, and for an unknown name, with the nearest known one
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

/** The known name that `unknown` may have been meant to be. */
function nearest(unknown: string, known: readonly string[]): string | undefined {
  let near: string | undefined;
  let closest = Math.max(2, unknown.length / 3);
  for (const name of known) {
    // Not computed where it cannot be small: a name may have any length.
    if (Math.abs(name.length - unknown.length) > closest) continue;
    const apart = distance(unknown.toLowerCase(), name.toLowerCase());
    if (apart > closest || (near !== undefined && apart === closest)) continue;
    near = name;
    closest = apart;
  }
  return near;
}

/** Levenshtein's distance. */
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
