import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const index = new URL('../../dist/index.js', import.meta.url).href;

/** Globals of Node that a realm of its own lacks. Not those that the package must not depend on: classes to compare with. */
const borrowed = ['AbortController', 'Buffer', 'console', 'performance', 'process', 'queueMicrotask', 'setImmediate'];
const alsoBorrowed = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'URL'];

/**
 * Loads the package into a realm of its own, as Jest and Vitest's `vmThreads` do: `Error`, `Uint8Array` and the like are
 * others there than those of Node's modules and of the addon. Needs `--experimental-vm-modules`.
 */
export async function loadInRealm() {
  const globals = Object.fromEntries([...borrowed, ...alsoBorrowed].map((name) => [name, globalThis[name]]));
  // Only what the package makes itself of it; its class is nothing that a signal can be compared with.
  const AbortSignal = {
    timeout: globalThis.AbortSignal.timeout.bind(globalThis.AbortSignal),
    any: globalThis.AbortSignal.any,
  };
  const context = vm.createContext({ ...globals, AbortSignal });
  const modules = new Map();

  const load = (url) => {
    const known = modules.get(url);
    if (known) return known;
    const module = new vm.SourceTextModule(readFileSync(fileURLToPath(url), 'utf8'), {
      context,
      identifier: url,
      initializeImportMeta: (meta) => {
        meta.url = url;
      },
      importModuleDynamically: async (specifier, from) => {
        const imported = await link(specifier, from);
        if (imported.status === 'unlinked') await imported.link(link);
        await imported.evaluate();
        return imported;
      },
    });
    modules.set(url, module);
    return module;
  };
  const link = async (specifier, from) => {
    if (specifier.startsWith('.')) return load(new URL(specifier, from.identifier).href);
    const outside = await import(specifier);
    const names = Object.keys(outside);
    return new vm.SyntheticModule(
      names,
      function setAll() {
        for (const name of names) this.setExport(name, outside[name]);
      },
      { context },
    );
  };

  const module = load(index);
  await module.link(link);
  await module.evaluate();
  return { ...module.namespace, evaluate: (code) => vm.runInContext(code, context) };
}
