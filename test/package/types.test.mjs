// The declarations compile in a project that has Node's types and no others.

import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectWith } from './support/consumer.mjs';
import { root } from './support/tarball.mjs';

const source = `
  import { type CachedImage, ImageCache, XattrDriver } from 'xattr-cache';
  import { conformance } from 'xattr-cache/conformance';
  const driver = await XattrDriver.open({ dir: 'images' });
  export const images: CachedImage[] = await driver.getCachedImages();
  export const bytes: Uint8Array | undefined = await driver.readImage('image');
  export const cache = await ImageCache.open({ driver });
  // @ts-expect-error
  export const names: string[] = await driver.getCachedImages();
  // @ts-expect-error
  await driver.readImage(1);
  conformance('XattrDriver', { create: (_t, options) => new XattrDriver({ dir: 'images', ...options }), tickMs: 1 });
  // @ts-expect-error
  conformance('a driver without a single method', { create: () => ({}) });
`;

test('a TypeScript project – strict – compiles, and its mistakes are found', async (t) => {
  const project = await projectWith(t);
  for (const name of ['@types/node', 'undici-types']) {
    const path = join('node_modules', name);
    cpSync(join(root, path), join(project.directory, path), { recursive: true });
  }
  writeFileSync(join(project.directory, 'consumer.mts'), source);
  const strict = ['--strict', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes', '--noEmit'];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,esnext.disposable', '--types', 'node'];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = project.attempt('node', [tsc, ...strict, ...target, 'consumer.mts']);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
});
