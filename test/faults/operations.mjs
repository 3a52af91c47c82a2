// The operations of the sweeps: every operation of the driver, on one image "a".
//
//   before, after   its bytes; undefined: it is not there
//   hits            what it has before (0)
//   anyHits         it may have been read, so that it has hits
//   options         the driver's
//   prepare         what comes before, untraced
//   run             the part whose calls fail; what it answers
//   finish          looks at what came of it and lets go of everything; a complaint, or nothing
//   answer          what success answers, if that is to be looked at
//   excused         errnos with which success may have seen or done less: something seemed not to be there, or foreign
//   refused         a call that this file system does not know at all
//   crash           whether a process is also killed at each of its calls

import { attributeOperations } from './operations/attributes.mjs';
import { checkpoints } from './operations/checkpoints.mjs';
import { configuring } from './operations/configuring.mjs';
import { fetchingOperations } from './operations/fetching.mjs';
import { following } from './operations/following.mjs';
import { questions } from './operations/questions.mjs';
import { reads } from './operations/reads.mjs';
import { removals } from './operations/removals.mjs';
import { writes } from './operations/writes.mjs';

export const operations = [
  ...configuring,
  ...writes,
  ...following,
  ...fetchingOperations,
  ...reads,
  ...questions,
  ...removals,
  ...attributeOperations,
  ...checkpoints,
];
