import { atLeastTimesAsFast, atMostTimesAsLong } from '../harness/checks.mjs';
import { operationArguments } from '../harness/floor.mjs';

// Short, since each operation leaves a file behind. They stay until the run is over: for some seconds ext4 passes over each
// inode that was just freed whenever it looks for a new one, and the next trial would pay for the removal, a hundredfold.
const spec = { size: 4096, seconds: 0.3, batch: 50 };

export const bars = [
  {
    id: 'P5',
    title: 'put of 4 KiB that is not there yet',
    work: 'put',
    leavesManyFiles: true,
    unit: 'µs',
    floor: { program: 'put_whole', arguments: operationArguments, same: 'ours, sync' },
    cases: [
      {
        name: 'whole',
        spec: { ...spec, how: 'put' },
        contenders: [
          'C',
          'ours, sync',
          'ours',
          'Node port',
          'Glance',
          'cacache',
          'lmdb',
          'better-sqlite3',
          'fs.promises',
        ],
      },
    ],
    checks: [
      atMostTimesAsLong(1.3, 'ours, sync', 'C', 'whole'),
      atLeastTimesAsFast(1.7, 'ours, sync', 'Glance', 'whole'),
      atLeastTimesAsFast(6, 'ours', 'cacache', 'whole'),
      atLeastTimesAsFast(2, 'ours', 'Node port', 'whole'),
    ],
  },
  {
    id: 'P5, claimed',
    title: 'claim, write and commit of 4 KiB that is not there yet',
    work: 'put',
    leavesManyFiles: true,
    unit: 'µs',
    floor: { program: 'put_claimed', arguments: operationArguments, same: 'ours, sync' },
    cases: [{ name: 'claimed', spec: { ...spec, how: 'putClaimed' }, contenders: ['C', 'ours, sync', 'ours'] }],
    checks: [atMostTimesAsLong(1.4, 'ours, sync', 'C', 'claimed')],
  },
];
