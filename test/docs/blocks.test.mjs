// Every code block of every page is run as a reader would, or held to what can be checked of it. There is no list to put a
// new one on: its language says how.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkMermaid } from './support/check-mermaid.mjs';
import { blocksOf, pages, textOf } from './support/pages.mjs';
import { runConsole } from './support/run-console.mjs';
import { runJs } from './support/run-js.mjs';
import { runSh } from './support/run-sh.mjs';

const runners = {
  js: { run: runJs, does: 'runs as it is pasted, and prints what its comments say' },
  console: { run: runConsole, does: 'prints what the page shows' },
  sh: { run: runSh, does: 'can be typed' },
  mermaid: { run: checkMermaid, does: 'is a diagram' },
};

// The examples of the reference are those of the types, which test/types/examples.test.mjs compiles.
for (const page of pages().filter((path) => path !== 'docs/api.md')) {
  test(`${page} – code fences – are closed, and of a known language`, () => {
    const blocks = blocksOf(page);
    assert.equal(textOf(page).match(/^ *(?:```|~~~)/gm)?.length ?? 0, 2 * blocks.length);
    // Without a language: layouts of directories and shapes of output, which are to be read and not run.
    for (const { language, name } of blocks) assert(language === '' || language in runners, `${name}: ${language}`);
  });

  for (const block of blocksOf(page)) {
    const runner = runners[block.language];
    if (runner) test(`${block.name} ${runner.does}`, (t) => runner.run(t, block));
  }
}
