// The conformance suite in a process of its own, so that it can be run as any user (see driver/users.test.mjs).
import { XattrDriver } from '../../dist/index.js';
import { conformance } from '../driver/conformance.mjs';
import { temporaryDirectory } from './temporary-directory.mjs';
import { plant } from './xattr-driver.mjs';

conformance(`XattrDriver of user ${process.getuid()}`, {
  create: async (t, options) => new XattrDriver({ dir: await temporaryDirectory(t), ...options }),
  plant,
});
