import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Paths of the parts of the installed package. */
export interface PackageFiles {
  /** Directory of the package. */
  readonly root: string;
  /** Paths of an addon that `node-gyp` compiled in place. */
  readonly built: readonly string[];
  /** Directory of the prebuilt addons. */
  readonly prebuilds: string;
}

/**
 * Returns the paths of this copy of the package.
 *
 * Each path is spelled out from `import.meta.url`, because tools that collect the files of a program read them here:
 * `@vercel/nft` then takes the addons along.
 *
 * @throws TypeError if a bundler has converted this module to CommonJS, which has no address
 */
export function ownPackageFiles(): PackageFiles {
  const root = dirname(fileURLToPath(new URL('../../package.json', import.meta.url)));
  return {
    root,
    built: [join(root, 'build', 'Release', 'xattr_cache.node'), join(root, 'build', 'Debug', 'xattr_cache.node')],
    prebuilds: join(root, 'prebuilds'),
  };
}
