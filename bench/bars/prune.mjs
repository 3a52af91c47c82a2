import { atMostTimesAsLong, entriesCase, growsLinearly } from '../harness/checks.mjs';
import { lockedPruneArguments, pruneArguments } from '../harness/floor.mjs';

const entries = 100_000;

// Glance takes a walk for each victim: an hour and more for 10,000 of 100,000.
function pruneCase(count) {
  const others = count > entries ? [] : ['Node port'];
  return {
    name: entriesCase(count),
    entries: count,
    spec: { entries: count, victims: count / 10 },
    contenders: ['C', 'C, locked', 'ours', ...others],
    refill: count / 10,
    ...(count > entries && { rounds: 2 }),
  };
}

export const bars = [
  {
    id: 'P8',
    title: 'prune of a tenth',
    work: 'prune',
    unit: 'ms',
    floor: { program: 'walk', arguments: pruneArguments, lockedArguments: lockedPruneArguments, same: 'ours' },
    cases: [1_000, 10_000, entries, 1_000_000].map(pruneCase),
    checks: [
      atMostTimesAsLong(1.3, 'ours', 'C', entriesCase(entries)),
      growsLinearly(1.1, 'ours', [10_000, 100_000, 1_000_000]),
    ],
  },
];
