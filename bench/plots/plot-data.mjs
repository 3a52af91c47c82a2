import { median } from '../harness/statistics.mjs';

// Each plot's rows, from the outcomes of a run (harness/record.mjs). A plot whose bars were not run has no rows.

const units = { KiB: 1024, MiB: 1024 * 1024 };

export function latencyBySize(outcomes) {
  return rowsOf(outcomes, ['P3', 'P4', 'sizes'], (caseName, contender, values) => {
    const [count, unit] = caseName.split(' ');
    return { contender, bytes: Number(count) * units[unit], microseconds: median(values) / 1000 };
  });
}

export function throughputByReaders(outcomes) {
  return rowsOf(outcomes, ['P10', 'readers'], (caseName, contender, values) => ({
    contender,
    readers: Number.parseInt(caseName, 10),
    readsPerSecond: median(values),
  }));
}

const walks = {
  P6: 'getCacheSize',
  'growth, size': 'getCacheSize',
  P7: 'getCachedImages',
  'growth, list': 'getCachedImages',
  P8: 'prune of a tenth',
};

export function costByEntries(outcomes) {
  return rowsOf(outcomes, Object.keys(walks), (caseName, contender, values, id) => ({
    contender,
    operation: walks[id],
    entries: Number.parseInt(caseName.replaceAll(',', ''), 10),
    milliseconds: median(values),
  }));
}

/** Returns the stalls over time of the trials with the median longest stall. */
export function eventLoop(outcomes) {
  const stalls = outcomes.find(({ bar }) => bar.id === 'P9');
  if (!stalls) return [];
  return Object.entries(stalls.raw).flatMap(([operation, { ours }]) => {
    const inOrder = ours.toSorted((a, b) => a.batches[0] - b.batches[0]);
    const { timeline } = inOrder[Math.floor(inOrder.length / 2)];
    return timeline.map(({ atMs, stallMs }) => ({ operation, seconds: atMs / 1000, stallMs }));
  });
}

function rowsOf(outcomes, ids, toRow) {
  return outcomes
    .filter(({ bar }) => ids.includes(bar.id))
    .flatMap(({ bar, results }) =>
      [...results].flatMap(([caseName, byContender]) =>
        [...byContender].map(([contender, values]) => toRow(caseName, contender, values, bar.id)),
      ),
    );
}
