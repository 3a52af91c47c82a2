// list --limit and stats on a large cache: the same output, progress, and memory for a part of it only.

import assert from 'node:assert/strict';
import { linkSync, readdirSync, readlinkSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { cacheWith, cli, needsTerminal, onTerminal, startCli, until } from './support.mjs';

const directions = [[], ['--reverse']];

/** Runs a script in the process of a command. */
const within = (script) => ({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` });

suite('list – with a limit – prints the first images of the whole list', () => {
  /** Asserts it for each order and direction. */
  async function compareWithAll(dir, limit, orders) {
    const idsOf = async (...args) => JSON.parse((await cli(['list', '--json', ...args], { dir })).stdout).images;
    for (const sort of orders) {
      for (const direction of directions) {
        const [all, first] = await Promise.all([
          idsOf('--sort', sort, ...direction),
          idsOf('--sort', sort, ...direction, '--limit', String(limit)),
        ]);
        assert.deepEqual(first, all.slice(0, limit), `${sort} ${direction}`);
      }
    }
  }

  test('list – ties, and ids beyond ASCII – prints the first of all', async (t) => {
    const { dir, driver } = await cacheWith(t);
    const ids = ['a', 'b', 'é', '\uffee', '漢', '😀'].flatMap((letter) => ['', '1', '😀'].map((end) => letter + end));
    for (const [n, imageId] of ids.entries()) {
      await driver.writeImage(imageId, bytesOf(1 + (n % 2)));
      if (n % 5 === 0) await driver.readImage(imageId);
      utimesSync(join(dir, imageId), 1_000 + (n % 3), 1_000 + (n % 4));
    }
    await compareWithAll(dir, 8, ['id', 'size', 'hits', 'accessed', 'modified']);
  });

  test('list – a name that is not UTF-8 – prints the first of all', async (t) => {
    const { dir, driver } = await cacheWith(t);
    // Its byte comes behind those of the second, U+FFFD before them.
    for (const imageId of ['a', '😀', 'z']) await driver.writeImage(imageId, bytesOf(1));
    renameSync(join(dir, 'z'), Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff])]));
    await compareWithAll(dir, 2, ['id', 'size']);
  });
});

/** Number of images, as hard links of one file. ext4 allows 65,000. */
const many = 60_000;

/** Most memory in MiB that a command may need for them: it needs about 17. A list of all would need 65 and more. */
const mostMiB = 40;

const commands = [['list', '--limit', '5'], ['list', '--limit', '5', '--sort', 'accessed', '--reverse'], ['stats']];

test(`a cache of ${many} images – looked into – needs memory for a part of them`, async (t) => {
  const { dir, driver } = await cacheWith(t, { a: bytesOf(10) });
  const { dir: small } = await cacheWith(t, { a: bytesOf(10) });
  const nameOf = (n) => `${'x'.repeat(200)}${n}`;
  for (let n = 1; n < many; n++) linkSync(join(dir, 'a'), join(dir, nameOf(n)));

  for (const args of commands) {
    await t.test(`${args.join(' ')} – peak of memory – is bounded`, async (t) => {
      const [most, least] = [await peakMiB(args, dir), await peakMiB(args, small)];
      t.diagnostic(`${most} MiB, ${least} MiB for one image`);
      assert(most - least <= mostMiB, `${most} MiB, ${least} MiB for one image`);
    });
  }

  await t.test('list --limit – all images – counts them', async () => {
    const { stdout } = await cli(['list', '--limit', '1'], { dir });
    assert.match(stdout, /\n1 of 60,000 images, 586 KiB\n$/);
  });

  await t.test('cachedImages – all images – yields each once', async () => {
    const ids = [];
    for await (const batch of driver.cachedImages()) ids.push(...batch.map(({ imageId }) => imageId));
    assert.equal(ids.length, many);
    assert.equal(new Set(ids).size, many);
  });

  for (const args of [...commands, ['list']]) {
    await t.test(`${args.join(' ')} – interrupted – ends`, async () => {
      const { child, ended } = startCli(args, { dir });
      await until(() => isWalking(child.pid, dir), 'a walk');
      child.kill('SIGINT');
      const { code, stdout, stderr } = await ended;
      assert.deepEqual([code, stdout, stderr], [130, '', '']);
    });
  }

  for (const [args, line] of [
    [['list', '--limit', '1'], /\d images {2}[\d.]+ KiB/],
    [['list'], /reading the images {2}\d+ (s|min)/],
    [['stats'], /measuring the cache {2}\d+ (s|min)/],
    [['prune', '--dry-run'], /choosing images {2}\d+ (s|min)/],
  ]) {
    await t.test(
      `${args.join(' ')} – on a terminal – shows its progress, then clears it`,
      { skip: needsTerminal },
      async () => {
        const { output } = await onTerminal(args, { dir, env: within(hurry), redirect: '>/dev/null' });
        assert(line.test(output), output.slice(0, 1_000));
        assert(output.endsWith('\u001b[1G\u001b[0K'), JSON.stringify(output.slice(-100)));
      },
    );
  }

  await t.test('list – JSON, or a dumb terminal – shows no progress', { skip: needsTerminal }, async () => {
    for (const [args, env] of [
      [['list', '--json'], {}],
      [['list', '--limit', '1', '--json'], {}],
      [['list'], { TERM: 'dumb' }],
    ]) {
      const { output } = await onTerminal(args, { dir, env: { ...within(hurry), ...env }, redirect: '>/dev/null' });
      assert.equal(output, '');
    }
  });
});

/** Lets progress come soon: a millisecond counts as a second, and intervals are short. */
const hurry = `
  const { now } = performance;
  performance.now = () => now.call(performance) * 1000;
  const { setInterval } = globalThis;
  globalThis.setInterval = (call) => setInterval(call, 1);
`;

/** Runs a command, and returns its peak of resident memory. */
async function peakMiB(args, dir) {
  const tell = "process.on('exit', () => console.error(process.resourceUsage().maxRSS / 1024))";
  const { stderr } = await cli(args, { dir, env: within(tell) });
  return Math.round(Number(stderr));
}

/** Returns true while a process has the directory open twice: for its calls, and for a walk. */
function isWalking(pid, dir) {
  const files = `/proc/${pid}/fd`;
  const links = readdirSync(files).map((name) => {
    try {
      return readlinkSync(join(files, name));
    } catch {
      return ''; // It was closed meanwhile.
    }
  });
  return links.filter((link) => link === dir).length > 1;
}
