// Checks that CHANGELOG.md keeps to its format, and knows the version.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { textOf } from './support/pages.mjs';

const { version } = createRequire(import.meta.url)('../../package.json');
const sections = textOf('CHANGELOG.md').split(/^## /m).slice(1);
const [unreleased, ...releases] = sections[0].startsWith('Unreleased\n') ? sections : [undefined, ...sections];
const titles = releases.map((text) => text.slice(0, text.indexOf('\n')));

test('a release – in the changelog – has version, date and link, latest first', () => {
  for (const title of titles) {
    assert.match(title, /^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
    const [name] = title.split(' ');
    assert(textOf('CHANGELOG.md').includes(`\n${name}: https://`), `${name} leads nowhere`);
  }
  const dates = titles.map((title) => title.slice(-10));
  assert.deepEqual(dates, dates.toSorted().reverse());
});

test('the package’s version – in the changelog – is at the top, or unreleased', () => {
  assert(unreleased !== undefined || titles[0]?.startsWith(`[${version}] `), version);
});

test('changes – in the changelog – are in groups, one imperative line each', () => {
  const order = ['Changed', 'Added', 'Removed', 'Fixed'];
  for (const section of sections) {
    const [, ...groups] = section.split(/^### /m);
    const names = groups.map((group) => group.slice(0, group.indexOf('\n')));
    assert.notEqual(names.length, 0);
    assert.deepEqual(
      names,
      order.filter((name) => names.includes(name)),
    );
    for (const group of groups) {
      const [, ...lines] = group
        .replace(/^\[.*\]: .*$/gm, '')
        .split('\n')
        .filter(Boolean);
      for (const line of lines) assert.match(line, /^- (?:\*\*Breaking:\*\* \w|[A-Z])\w*(?<!ed|ing|s) .*[^.]$/);
    }
  }
});
