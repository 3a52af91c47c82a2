// The main job, as `npm start` does it. More runs of the demo are in test/demo-runs.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { demo, demoHome } from '../support/demo.mjs';

const { emptyDirectory } = demoHome();

test('the demo – several processes, some killed – reads, evicts and counts rightly', async () => {
  const temp = emptyDirectory();
  const { code, stdout, stderr } = await demo(['--seconds', '3', '--json'], { temp });
  assert.equal(stderr, '');
  const summary = JSON.parse(stdout);
  assert.deepEqual(summary.problems, []);
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(temp), []);

  const { ok, problems, dir, ...figures } = summary;
  assert.equal(ok, true);
  for (const [name, figure] of Object.entries(figures)) assert.ok(Number.isFinite(figure) && figure >= 0, name);
  assert.ok(figures.seconds >= 3 && figures.seconds < 30);
  assert.equal(figures.wrongBytes + figures.errors, 0);
  assert.equal(figures.maxSize, Math.floor(figures.sourceSize / 4));
});
