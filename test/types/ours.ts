// What the package exports, as contract.ts sees it: the generated types, and a stand-in (`any`) for each name that
// api.d.ts has and the package does not have yet.
//
// Each stand-in waits for the issue named with it.  Once the package exports the name, tsc calls the line that excuses
// it unused: take that one line away, and contract.ts holds the export to the contract.

// biome-ignore-all assist/source/organizeImports: each export stays beneath its own excuse
export type * from '../../dist/index.js';

// @ts-expect-error fetch once
export type { FetchedImage } from '../../dist/index.js';
// @ts-expect-error fetch once
export type { FetchOptions } from '../../dist/index.js';

/** What ImageCache will have when images are fetched once; `never` from then on. */
export type NotYetInImageCache = 'getOrFetch' | 'verify';
