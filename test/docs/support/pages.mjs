import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Directories with generated contents. */
const generated = new Set(['node_modules', 'build', 'dist', 'coverage', '.git']);

/** Every page of the project, by its path from the root. */
export function pages(directory = root) {
  const found = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !generated.has(entry.name)) found.push(...pages(path));
    if (entry.isFile() && entry.name.endsWith('.md')) found.push(relative(root, path));
  }
  return found.sort();
}

export function textOf(page) {
  return readFileSync(join(root, page), 'utf8');
}

/** The fenced blocks of a page: their language, their text, and the line at which they begin. */
export function blocksOf(page) {
  const text = textOf(page);
  return [...text.matchAll(/^( *)```(\S*)\n(.*?)^\1```$/gms)].map(({ 2: language, 3: body, index }) => ({
    language,
    text: body,
    name: `${page}:${text.slice(0, index).split('\n').length}`,
  }));
}
