// Checks that contract.ts has every name of api.d.ts, that it fails for a package that breaks the contract, and that the
// values of the types are exported at run time.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const apiPath = fileURLToPath(new URL('api.d.ts', import.meta.url));
const oursPath = fileURLToPath(new URL('ours.ts', import.meta.url));
const contractPath = fileURLToPath(new URL('contract.ts', import.meta.url));
const distPath = fileURLToPath(new URL('../../dist/index.d.ts', import.meta.url));
const configPath = fileURLToPath(new URL('tsconfig.json', import.meta.url));

const { config } = ts.readConfigFile(configPath, ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(
  config.compilerOptions,
  fileURLToPath(new URL('.', import.meta.url)),
);
const api = readFileSync(apiPath, 'utf8');
const contract = readFileSync(contractPath, 'utf8');
const notYet = new Set(
  [...readFileSync(oursPath, 'utf8').matchAll(/@ts-expect-error .*\nexport type \{ (\w+) \}/g)].map(([, name]) => name),
);

test('the contract – every name of api.d.ts – is checked', () => {
  const names = exportsOf(apiPath);
  assert.notEqual(names.length, 0);
  for (const { name } of names)
    assert.match(contract, new RegExp(`\\bApi\\.${name}\\b`), `${name} is not in contract.ts`);
});

test('the package – every value of api.d.ts – exports it at run time', async () => {
  const ours = await import('../../dist/index.js');
  for (const { name } of exportsOf(apiPath).filter(({ isValue }) => isValue)) {
    assert.equal(typeof ours[name], notYet.has(name) ? 'undefined' : 'function', name);
  }
});

test('the contract – package that keeps it exactly – passes', () => {
  assert.deepEqual(errorsWith(api), []);
});

const breaches = [
  ['a missing function', 'export function imageIdFor', 'export function imageIdForKey'],
  ['a missing class', 'export class LockTimeoutError', 'export class LockTimeoutProblem'],
  ['a missing interface', 'export interface InvalidImage ', 'export interface BrokenImage '],
  ['a missing property', '  readonly allocatedSize: number;\n', ''],
  ['a property of another type', 'readonly lastAccessedMs: number', 'readonly lastAccessedMs: Date'],
  ['a property that may be missing', 'readonly lastModifiedMs: number;\n}', 'readonly lastModifiedMs?: number;\n}'],
  ['a property that may be written', '  readonly allocatedSize: number;', '  allocatedSize: number;'],
  [
    'a property of a class that may be written',
    '  readonly capabilities: Capabilities;',
    '  capabilities: Capabilities;',
  ],
  ['an option that no code reads', '  readonly lockTimeoutMs?: number;', ''],
  ['an option that takes less', 'readonly inline?: boolean', 'readonly inline?: true'],
  ['an option that has to be given', 'readonly dryRun?: boolean', 'readonly dryRun: boolean'],
  ['a durability that is refused', "'none' | 'checkpoint' | 'sync'", "'none' | 'checkpoint'"],
  ['an interval that is not read', '  readonly checkpointIntervalMs?: number;\n', ''],
  ['a capability that is missing', '  readonly checkpoint: boolean;\n', ''],
  ['a manager without checkpoint', '  checkpoint(): Promise<void>;\n  stats', '  stats'],
  ['a missing method', '  isQueuedSync(imageId: string): boolean;\n', ''],
  ['a method that takes less', 'isQueued(imageId: string)', "isQueued(imageId: 'a')"],
  ['a method that wants more', 'isCached(imageId: string)', 'isCached(imageId: string, more: string)'],
  [
    'a method that answers otherwise',
    'getHitCount(imageId: string): Promise<number>',
    'getHitCount(imageId: string): number',
  ],
  ['a missing static', '  static open(options: XattrDriverOptions): Promise<XattrDriver>;\n', ''],
  [
    'a constructor that wants more',
    'constructor(options: XattrDriverOptions)',
    'constructor(options: XattrDriverOptions, more: 1)',
  ],
  [
    'a source that is refused',
    'Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>',
    'Uint8Array | AsyncIterable<Uint8Array>',
  ],
  [
    'a driver that asks more of those who write one',
    '  configure(): Promise<void>;',
    '  configure(): Promise<void>;\n  more(): void;',
  ],
  [
    'an error of another base',
    'export class NoSpaceError extends CacheError',
    'export class NoSpaceError extends Error',
  ],
  ['an error without its property', 'readonly driverName: string; ', ''],
  ['an error without `is`', '  static is(value: unknown): value is CacheError;\n', ''],
  ['an `is` that does not tell the type', 'value is CacheError', 'boolean'],
  ['a manager without prune', / {2}prune\(.*\n/, ''],
];
for (const [breach, kept, broken] of breaches) {
  test(`the contract – ${breach} – is found`, () => {
    const source = api.replace(kept, broken);
    assert.notEqual(source, api, 'api.d.ts no longer has the line that this test breaks');
    assert.notDeepEqual(errorsWith(source), []);
  });
}

let previous;

/** Returns the errors of tsc for contract.ts, given these types of the package. */
function errorsWith(packageTypes) {
  const host = ts.createCompilerHost(options);
  const { directoryExists, fileExists, getSourceFile } = host;
  host.directoryExists = (path) => path === dirname(distPath) || directoryExists(path);
  host.fileExists = (path) => path === distPath || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    if (path === distPath) return ts.createSourceFile(path, packageTypes, ...rest);
    return previous?.getSourceFile(path) ?? getSourceFile(path, ...rest);
  };
  previous = ts.createProgram([contractPath], options, host);
  return previous
    .getSemanticDiagnostics(previous.getSourceFile(contractPath))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

function exportsOf(path) {
  const program = ts.createProgram([path], options);
  const checker = program.getTypeChecker();
  return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path))).map((symbol) => ({
    name: symbol.name,
    isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0,
  }));
}
