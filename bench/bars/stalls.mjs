import { atMostMilliseconds } from '../harness/checks.mjs';

const entries = 1_000_000;

function stallCase(method, more = {}) {
  return { name: method, entries, spec: { method, entries }, contenders: ['ours'], scalable: true, rounds: 3, ...more };
}

export const bars = [
  {
    id: 'P9',
    title: 'longest stall of the event loop at a million entries',
    work: 'stall',
    unit: 'ms',
    cases: [
      stallCase('nothing'),
      stallCase('cachedImages()'),
      stallCase('getCacheSize'),
      stallCase('prune', { refill: entries / 10 }),
      stallCase('getCachedImages()'),
      // Last, and once: the directory itself becomes invalid/, and is gone then.
      stallCase('clean', { inInvalid: true, rounds: 1 }),
    ],
    checks: [
      atMostMilliseconds(10, 'ours', 'cachedImages()'),
      atMostMilliseconds(10, 'ours', 'getCacheSize'),
      atMostMilliseconds(10, 'ours', 'prune'),
      atMostMilliseconds(10, 'ours', 'clean'),
      atMostMilliseconds(50, 'ours', 'getCachedImages()'),
    ],
  },
];
