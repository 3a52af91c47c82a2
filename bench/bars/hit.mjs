import { atMostTimesAsLong } from '../harness/checks.mjs';
import { operationArguments } from '../harness/floor.mjs';

const caseName = '4 KiB';

export const bars = [
  {
    id: 'P2',
    title: 'open, read and close one image, its hit and access recorded',
    work: 'hit',
    unit: 'µs',
    floor: { program: 'hit', arguments: operationArguments, same: 'ours, sync' },
    cases: [{ name: caseName, spec: { seconds: 0.5, batch: 500 }, contenders: ['C', 'ours, sync'] }],
    checks: [atMostTimesAsLong(1.5, 'ours, sync', 'C', caseName)],
  },
];
