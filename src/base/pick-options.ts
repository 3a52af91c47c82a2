import { invalidType, invalidValue } from '../validate.ts';

/**
 * Copies the options that are set, each read once: a caller may change its object later, or have getters that return
 * something else each time. An option that is `undefined` counts as not given.
 *
 * @param known - names of all options that are allowed
 * @throws TypeError for a value that is no object, and for an unknown name, with the nearest known one
 */
export function pickOptions<T extends object, K extends keyof T & string>(
  options: T,
  known: readonly K[],
  name = 'options',
): Pick<T, K> {
  if (typeof options !== 'object' || options === null) throw invalidType(name, 'of type object', options);
  const unknown = Object.keys(options).find((key) => !known.includes(key as K));
  if (unknown !== undefined) throw invalidValue(name, unknownOption(unknown, known), options);
  const picked: Partial<Pick<T, K>> = {};
  for (const key of known) {
    const value = options[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked as Pick<T, K>;
}

function unknownOption(unknown: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => distance(unknown, a) - distance(unknown, b))[0];
  const near = nearest !== undefined && distance(unknown, nearest) <= Math.max(2, unknown.length / 3);
  return `has no option '${unknown}'${near ? ` (did you mean '${nearest}'?)` : ''}`;
}

/** Levenshtein's, without regard to case. */
function distance(a: string, b: string): number {
  const from = a.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const substitution = (row[j] as number) + (from[i] === b[j]?.toLowerCase() ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
