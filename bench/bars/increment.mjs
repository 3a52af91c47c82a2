import { atMostTimesAsLong } from '../harness/checks.mjs';
import { operationArguments } from '../harness/floor.mjs';

const caseName = 'a counter';

export const bars = [
  {
    id: 'P1',
    title: 'increment under a lock',
    work: 'increment',
    unit: 'µs',
    floor: { program: 'increment', arguments: operationArguments, same: 'ours, sync' },
    cases: [
      { name: caseName, spec: { seconds: 0.5, batch: 500 }, contenders: ['C', 'ours, sync', 'ours', 'Node port'] },
    ],
    checks: [atMostTimesAsLong(1.25, 'ours, sync', 'C', caseName)],
  },
];
