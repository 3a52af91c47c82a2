// Runs the test files: `node test/run.mjs [--no-skips] [--except part] [part of a path ...]`.
//
// Without a path, all that a plain machine can run in some minutes. What takes long, or needs more (root, strace, Glance,
// other package managers), is run by naming it.
// What --except names, any number of times, is left out.
// With --no-skips, or with XATTR_CACHE_NO_SKIPS in the environment, a skipped test is a failure: where everything that
// the tests need is known to be there, a skip is a test that silently stopped testing.

import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const onlyByName = ['budget', 'demo-runs', 'faults', 'file-systems', 'interop', 'package', 'power/sweep'].map(
  (name) => `test/${name}/`,
);

// Several tests measure how long something takes, so no more of them run concurrently than the smallest machine has cores.
const filesAtOnce = 2;

// The longest file takes a minute, under a sanitizer some minutes; a hang must not outlast that by hours.
const longestFileMs = 10 * 60_000;

const { values: flags, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    'no-skips': { type: 'boolean', default: Boolean(process.env.XATTR_CACHE_NO_SKIPS) },
    except: { type: 'string', multiple: true, default: [] },
  },
});

const files = testFiles();
if (files.length === 0) {
  console.error(`No test file matches: ${process.argv.slice(2).join(' ')}`);
  process.exit(1);
}
const events = run({ files, concurrency: filesAtOnce, timeout: longestFileMs });
Readable.from(withSkips(events)).compose(new spec()).pipe(process.stdout);

/** @returns {string[]} */
function testFiles() {
  const paths = readdirSync(join(root, 'test'), { recursive: true })
    .map((path) => relative(root, join(root, 'test', String(path))))
    .filter((path) => path.endsWith('.test.mjs'))
    .sort();
  const named = (path) => filters.some((filter) => path.includes(filter));
  const plain = (path) => !onlyByName.some((directory) => path.startsWith(directory));
  return paths
    .filter(filters.length > 0 ? named : plain)
    .filter((path) => !flags.except.some((part) => path.includes(part)))
    .map((path) => join(root, path));
}

/** Passes the events on, sets the exit code, and puts the list of what was skipped before the closing summary. */
async function* withSkips(events) {
  const skipped = [];
  let reported = false;
  const report = function* () {
    reported = true;
    if (skipped.length === 0) return;
    const verdict = flags['no-skips'] ? 'a failure, since no test may be skipped here' : 'each with its reason';
    yield diagnostic(`skipped (${verdict}):`);
    for (const { name, reason } of skipped) yield diagnostic(`  ${name}: ${reason}`);
    if (flags['no-skips']) process.exitCode = 1;
  };

  for await (const event of events) {
    const { type, data } = event;
    if (type === 'test:fail' && !isMarked(data.todo)) process.exitCode = 1;
    if (type === 'test:pass' && isMarked(data.skip)) {
      skipped.push({ name: data.name, reason: data.skip === true || data.skip === '' ? 'no reason given' : data.skip });
    }
    if (type === 'test:diagnostic' && data.nesting === 0 && /^tests \d+$/.test(data.message)) yield* report();
    yield event;
  }
  if (!reported) yield* report();
}

/** Node marks with `true` or with the reason, which may be empty. */
function isMarked(mark) {
  return mark !== undefined && mark !== false;
}

function diagnostic(message) {
  return { type: 'test:diagnostic', data: { nesting: 0, message } };
}
