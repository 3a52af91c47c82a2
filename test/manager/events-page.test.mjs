// docs/events.md agrees with the source.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}/docs/events.md`, 'utf8');
const source = (name) => readFileSync(`${root}/src/${name}`, 'utf8');

test('the table of channels – compared with the source – has every channel and field', () => {
  const events = source('api/events.ts');
  const names = [...events.matchAll(/channel\('(xattr-cache:[a-z]+)'\)/g)].map(([, name]) => name);
  assert.equal(names.length, 10);
  const rows = new Map(
    [...page.matchAll(/^\| `(xattr-cache:\w+)` \|[^|]*\|(.*)\|$/gm)].map(([, name, keys]) => [name, keys]),
  );
  assert.deepEqual([...rows.keys()].sort(), names.sort());
  for (const [, name, body] of events.matchAll(/interface (\w+)Event extends OfCache \{(.*?)\n\}/gs)) {
    const keys = [...body.matchAll(/readonly (\w+):/g)].map(([, key]) => key);
    const row = rows.get(`xattr-cache:${name.toLowerCase()}`);
    for (const key of keys) assert(row.includes(`\`${key}\``), `${name}Event has ${key}, but its row does not`);
  }
});

test('the log messages – compared with the source – are all on the page', () => {
  const files = readdirSync(`${root}/src`, { recursive: true }).filter((name) => name.endsWith('.ts'));
  const lines = files.flatMap((name) => [
    ...source(name).matchAll(/logger\?\.(debug|info|warn|error)\([^;]*?'([^']+)',?\s*\);/gs),
  ]);
  assert(lines.length >= 7);
  for (const [, level, text] of lines) {
    const row = page.match(new RegExp(`^\\| \`${level}\` \\|(.*)\\|$`, 'm'));
    assert(row?.[1].includes(`\`${text}\``), `${level}: ${text}`);
  }
});
