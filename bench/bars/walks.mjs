import { atLeastTimesAsFast, atMostTimesAsLong, entriesCase } from '../harness/checks.mjs';
import { walkArguments } from '../harness/floor.mjs';

const entries = 100_000;

function walkCase(count, method, contenders) {
  const isLong = count > entries;
  const spec = { method, warmUpRuns: isLong ? 0 : 1, runs: isLong ? 1 : 3 };
  return { name: entriesCase(count), entries: count, spec, contenders, ...(isLong && { rounds: 2 }) };
}

function walkBar(id, title, method, checks, counts = [entries]) {
  return {
    id,
    title,
    work: 'walk',
    unit: 'ms',
    floor: { program: 'walk', arguments: walkArguments, same: 'ours' },
    cases: counts.map((count) => walkCase(count, method, ['C', 'ours', 'Node port', 'Glance'])),
    checks,
  };
}

export const bars = [
  walkBar('P6', 'getCacheSize', 'size', [
    atMostTimesAsLong(1, 'ours', 'C', entriesCase(entries)),
    atLeastTimesAsFast(2.5, 'ours', 'Glance', entriesCase(entries)),
  ]),
  walkBar('P7', 'getCachedImages', 'list', [
    atMostTimesAsLong(1.8, 'ours', 'C', entriesCase(entries)),
    atLeastTimesAsFast(3, 'ours', 'Glance', entriesCase(entries)),
  ]),
  walkBar('growth, size', 'getCacheSize by number of entries, for the plot', 'size', [], [1_000, 10_000, 1_000_000]),
  walkBar('growth, list', 'getCachedImages by number of entries, for the plot', 'list', [], [1_000, 10_000, 1_000_000]),
];
