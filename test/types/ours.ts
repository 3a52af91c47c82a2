// The exports of the package, as contract.ts sees them: the generated types.
//
// For a name that api.d.ts has and the package does not have yet, a stand-in (`any`) goes here: an export of it with an
// excuse (`@ts-expect-error`), which tsc calls unused once the name is there.

export type * from '../../dist/index.js';
