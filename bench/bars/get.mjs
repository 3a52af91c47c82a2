import { atLeastTimesAsFast } from '../harness/checks.mjs';
import { operationArguments } from '../harness/floor.mjs';

const KiB = 1024;

function sizeCase(name, size, contenders) {
  // Some milliseconds for each batch of the slowest.
  const batch = Math.max(5, Math.min(100, Math.floor((4 * KiB * KiB) / size)));
  return { name, spec: { size, seconds: 0.5, batch }, contenders };
}

/** Not a bar, but what can be hoped for. */
const floor = { program: 'hit', arguments: operationArguments };

const all = ['C', 'ours', 'ours, sync', 'Node port', 'Glance', 'cacache', 'lmdb', 'better-sqlite3', 'fs.promises'];

export const bars = [
  {
    id: 'P3',
    title: 'readImage, awaited, one after another, hits counted',
    work: 'get',
    unit: 'µs',
    floor,
    cases: [sizeCase('4 KiB', 4 * KiB, all)],
    checks: [
      atLeastTimesAsFast(12, 'ours', 'Node port', '4 KiB'),
      atLeastTimesAsFast(20, 'ours', 'cacache', '4 KiB'),
      atLeastTimesAsFast(2, 'ours', 'Glance', '4 KiB'),
    ],
  },
  {
    id: 'P4',
    title: 'readImage, awaited, hits counted, beside lmdb, which counts nothing',
    work: 'get',
    unit: 'µs',
    floor,
    cases: [sizeCase('64 KiB', 64 * KiB, all), sizeCase('256 KiB', 256 * KiB, all), sizeCase('1 MiB', KiB * KiB, all)],
    checks: [
      atLeastTimesAsFast(0.6, 'ours', 'lmdb', '64 KiB'),
      atLeastTimesAsFast(1.2, 'ours', 'lmdb', '256 KiB'),
      atLeastTimesAsFast(1.5, 'ours', 'lmdb', '1 MiB'),
    ],
  },
  {
    id: 'sizes',
    title: 'readImage of other sizes, for the plot',
    work: 'get',
    unit: 'µs',
    floor,
    cases: [
      sizeCase('16 KiB', 16 * KiB, all),
      sizeCase('4 MiB', 4 * KiB * KiB, all),
      sizeCase('16 MiB', 16 * KiB * KiB, all),
    ].map((one) => ({ ...one, rounds: 3 })),
    checks: [],
  },
];
