// Each prebuilt addon is for the platform in its name, and runs on systems as old as those of Node's own binaries.
// It exports the functions that are declared.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import ts from 'typescript';

import {
  compareVersions,
  isStripped,
  librariesOf,
  machineOf,
  needsReadelf,
  newestVersions,
  symbolsOf,
} from './support/elf.mjs';
import { root, tarball } from './support/tarball.mjs';

// The versions that Node's own binaries need, from 20 to 26. Node documents glibc 2.28.
const newestAllowed = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9' };
const machines = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' };

const addons = tarball.files.filter((path) => /^prebuilds\/linux-.*\.glibc\.node$/.test(path));

test('the tarball – packed – has one glibc addon for each architecture', () => {
  assert.deepEqual(
    addons.map((path) => path.split('/')[1]),
    ['linux-arm64', 'linux-x64'],
  );
});

for (const addon of addons) {
  const path = join(root, addon);

  suite(`${addon} – as built – fits its name`, { skip: needsReadelf }, () => {
    test('an addon – its file header – is for the architecture in its name', () => {
      assert.equal(machineOf(path), machines[addon.match(/linux-(\w+)/)[1]]);
    });

    test('an addon – its symbol versions – needs no newer glibc or libstdc++ than Node', (t) => {
      const newest = newestVersions(path);
      t.diagnostic(JSON.stringify(newest));
      assert.deepEqual(Object.keys(newest).sort(), Object.keys(newestAllowed).sort());
      for (const [family, version] of Object.entries(newest)) {
        assert(compareVersions(version, newestAllowed[family]) <= 0, `the addon needs ${family}_${version}`);
      }
      assert.deepEqual(librariesOf(path).sort(), ['libc.so.6', 'libstdc++.so.6']);
    });

    test('an addon – its symbols – exports the entry points, needs only Node-API', () => {
      const symbols = symbolsOf(path);
      const exported = symbols.filter(({ defined }) => defined).map(({ name }) => name);
      assert.deepEqual(exported.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
      const ofRuntime = symbols.filter(({ defined, version }) => !defined && version === undefined);
      const names = ofRuntime.map(({ name }) => name);
      assert(names.length > 20);
      assert.deepEqual(
        names.filter((name) => !/^(napi|node_api)_|^(_ITM_\w+|__gmon_start__)$/.test(name)),
        [],
      );
    });

    test('an addon – its sections – is stripped', () => assert(isStripped(path)));
  });
}

test('the addon – loaded – exports exactly the functions its type declares', () => {
  const path = join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'xattr-cache.glibc.node');
  assert.deepEqual(Object.keys(createRequire(import.meta.url)(path)).sort(), declaredCalls());
});

function declaredCalls() {
  const source = ts.createSourceFile(
    'native.d.ts',
    readFileSync(join(root, 'dist/native/native.d.ts'), 'utf8'),
    ts.ScriptTarget.Latest,
  );
  const native = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'Native',
  );
  return native.members.map((member) => member.name.text).sort();
}
