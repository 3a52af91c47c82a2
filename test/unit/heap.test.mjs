// Memory that the garbage collector frees is kept for the next buffers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runScript } from '../support/run-script.mjs';

const largeMiB = 16;

/** By how much the heap of malloc(3) grows with a large buffer, in MiB: not at all if the buffer is a mapping of its own. */
const script = `
  import { readFileSync } from 'node:fs';
  const heapSize = () => {
    const [, start, end] = readFileSync('/proc/self/maps', 'utf8').match(/^(\\w+)-(\\w+) .*\\[heap\\]$/m);
    return Number.parseInt(end, 16) - Number.parseInt(start, 16);
  };
  const before = heapSize();
  globalThis.large = Buffer.allocUnsafeSlow(${largeMiB} * 2 ** 20);
  console.log((heapSize() - before) / 2 ** 20);
`;

const skip = whyNot();

test('a large buffer – freed – is kept in the heap, and has no mapping of its own', { skip }, async () => {
  assert(Number(await runScript(script)) >= largeMiB);
});

test('malloc’s settings – set by the user – are obeyed', { skip }, async () => {
  const env = { ...process.env, MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };
  assert(Number(await runScript(script, [], { env })) < largeMiB);
});

function whyNot() {
  if (process.env.LD_PRELOAD) return 'the allocator is a sanitizer';
  if (!process.report?.getReport().header.glibcVersionRuntime) return 'needs glibc';
  return false;
}
