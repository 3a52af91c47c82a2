import { atLeastTimesTheThroughput } from '../harness/checks.mjs';

const spec = { images: 1_000, size: 4096, seconds: 1 };

function concurrencyCase(readers) {
  return {
    name: readersCase(readers),
    spec: { ...spec, readers },
    contenders: ['ours', 'Node port', 'Glance'],
  };
}

function readersCase(readers) {
  return readers === 1 ? '1 reader' : `${readers} readers`;
}

export const bars = [
  {
    id: 'P10',
    title: 'concurrent readers of 1,000 images of 4 KiB, hits counted',
    work: 'concurrency',
    unit: 'reads/s',
    higherIsBetter: true,
    cases: [concurrencyCase(64)],
    checks: [
      atLeastTimesTheThroughput(5, 'ours', 'Node port', readersCase(64)),
      atLeastTimesTheThroughput(2, 'ours', 'Glance', readersCase(64)),
    ],
  },
  {
    id: 'readers',
    title: 'other numbers of readers, for the plot',
    work: 'concurrency',
    unit: 'reads/s',
    higherIsBetter: true,
    cases: [1, 4, 16, 256].map(concurrencyCase).map((one) => ({ ...one, rounds: 3 })),
    checks: [],
  },
];
