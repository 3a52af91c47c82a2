import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

/** The codes that have a row in docs/errors.md. */
export const documentedCodes = new Set([...page.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code));
