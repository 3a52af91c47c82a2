import { bars as calls } from './calls.mjs';
import { bars as concurrency } from './concurrency.mjs';
import { bars as durability } from './durability.mjs';
import { bars as fetch } from './fetch.mjs';
import { bars as get } from './get.mjs';
import { bars as hit } from './hit.mjs';
import { bars as increment } from './increment.mjs';
import { bars as prune } from './prune.mjs';
import { bars as put } from './put.mjs';
import { bars as stalls } from './stalls.mjs';
import { bars as walks } from './walks.mjs';

/** In the order in which they are run: the last case of the stalls uses up the largest directory. */
export const allBars = [increment, hit, calls, get, put, concurrency, walks, prune, fetch, durability, stalls].flat();
