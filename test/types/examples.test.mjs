// Checks that the examples in the API's documentation compile as they stand.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const { config } = ts.readConfigFile(`${here}tsconfig.json`, ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, here);

/** Declarations that an example may rely on. */
const surroundings = `
  import { createWriteStream } from 'node:fs';
  import { pipeline } from 'node:stream/promises';
  import type { Writable } from 'node:stream';
  import { CacheError, type CacheEvents, type Fetch, ImageCache, incXattr, lastUseMs, XattrDriver } from '../../dist/index.js';

  declare const bytes: Uint8Array, body: ReadableStream<Uint8Array>, chunks: AsyncIterable<Uint8Array>;
  declare const cache: ImageCache, driver: XattrDriver, imageId: string, socket: Writable;
`;

const examples = readdirSync(dist, { recursive: true })
  .filter((name) => name.endsWith('.d.ts'))
  .flatMap((name) => {
    const comments = readFileSync(dist + name, 'utf8').match(/\/\*\*.*?\*\//gs) ?? [];
    const texts = comments.map((comment) => comment.replace(/^\s*(?:\/\*\*|\*\/|\*) ?/gm, ''));
    return texts.flatMap((text) => text.split('@example\n').slice(1)).map((text) => ({ name, text }));
  });

test('the examples of the API – compiled – have no error', () => {
  assert(examples.length >= 9);
  const files = new Map(examples.map(({ text }, i) => [`${here}example-${i}.ts`, moduleOf(text)]));
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    files.has(path) ? ts.createSourceFile(path, files.get(path), ...rest) : getSourceFile(path, ...rest);
  const program = ts.createProgram([...files.keys()], options, host);
  const problems = [...files.keys()].flatMap((path, i) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(path))
      .concat(program.getSyntacticDiagnostics(program.getSourceFile(path)))
      .map(({ messageText }) => `${examples[i].name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
  assert.deepEqual(problems, []);
});

/** An example may declare what is here already, hence a function of its own; its imports go to the top. */
function moduleOf(example) {
  const imports = example.match(/^import .*$/gm) ?? [];
  const rest = example.replace(/^import .*$/gm, '');
  return `${imports.join('\n')}\n${surroundings}\nexport async function example() {\n${rest}\n}\n`;
}
