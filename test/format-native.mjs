// Holds the C and C++ files to .clang-format: `node test/format-native.mjs [--write]`.
//
// clang-format comes from npm, so that every machine formats with the same version of it.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from '@wasm-fmt/clang-format';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const style = readFileSync(join(root, '.clang-format'), 'utf8');
const write = process.argv.includes('--write');

const files = ['native', 'test/native', 'test/power', 'test/sanitizers', 'bench/floor'].flatMap(nativeFiles);
let misformatted = 0;
for (const path of files) {
  const source = readFileSync(path, 'utf8');
  const formatted = format(source, path, style);
  if (formatted === source) continue;
  misformatted += 1;
  if (write) writeFileSync(path, formatted);
  console.log(
    `${relative(root, path)}:${firstDifference(source, formatted)}: ${write ? 'formatted' : 'not formatted'}`,
  );
}

console.log(`${files.length} C++ files, ${misformatted} ${write ? 'formatted' : 'not as .clang-format has them'}`);
if (misformatted > 0 && !write) process.exitCode = 1;

function nativeFiles(directory) {
  if (!existsSync(join(root, directory))) return [];
  return readdirSync(join(root, directory), { recursive: true })
    .filter((path) => /\.(h|cc?)$/.test(path))
    .map((path) => join(root, directory, path));
}

/** The number of the first line in which two texts differ. */
function firstDifference(text, other) {
  const otherLines = other.split('\n');
  return text.split('\n').findIndex((line, index) => line !== otherLines[index]) + 1;
}
