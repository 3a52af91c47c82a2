// Writes docs/api.md from the types: `npm run docs:api`. With --check it writes nothing, and fails if the page is stale.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'api.md');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const reference = withContents(render());
if (!values.check) {
  writeFileSync(page, reference);
} else if (readFileSync(page, 'utf8') !== reference) {
  console.error('docs/api.md is stale: run `npm run docs:api`, and commit what it writes');
  process.exitCode = 1;
}

function render() {
  const directory = mkdtempSync(join(tmpdir(), 'xattr-cache-api-'));
  try {
    const typedoc = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
    const { status } = spawnSync(process.execPath, [typedoc, '--out', directory, '--logLevel', 'Warn'], {
      cwd: root,
      stdio: 'inherit',
    });
    if (status !== 0) process.exit(1);
    return readFileSync(join(directory, 'README.md'), 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Returns the page, which begins with links to every name by kind. */
function withContents(markdown) {
  const [, ...groups] = withoutSinceHeadings(markdown).split(/^## /m);
  const contents = groups.map((group) => {
    const [title] = group.split('\n', 1);
    const names = [...group.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    return `**${title}:** ${names.map((name) => `[${name}](#${anchorOf(name)})`).join(' · ')}`;
  });
  const introduction =
    'Generated from the types by `npm run docs:api`; do not edit. [glossary.md](glossary.md) explains the terms.\n\n' +
    'The version is 0.x: a minor version may change the API, a patch version does not. Each export names the version that brought it.';
  return `# API reference\n\n${introduction}\n\n${contents.join('\n\n')}\n\n${groups.map((group) => `## ${group}`).join('')}`;
}

/** Makes the version of each export a line of text: as a heading it would be one of a hundred. */
function withoutSinceHeadings(markdown) {
  return markdown.replace(/^#+ Since\n\n(\S+)$/gm, 'Since $1.');
}

/** Returns the anchor that GitHub makes of a heading. */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
