import { atMost, atMostMilliseconds, atMostTimesAsLong } from '../harness/checks.mjs';

const family = 'fetch';
const ours = 'ours, fetching';
const gibibyte = 1024 ** 3;
const follower = 'the 100th follower';

function processesCase(processes) {
  const name = processes === 1 ? '1 process' : `${processes} processes`;
  return { name, spec: { processes, images: 50, size: 256 * 1024 }, contenders: [ours, 'read-through'], rounds: 3 };
}

function readersCase(name, spec) {
  return { name, spec: { followers: 100, ...spec }, contenders: ['the leader', follower], rounds: 3 };
}

function copyCase(name, pieceSize) {
  const contenders = [ours, 'stream pipeline', 'pipeline, then read', 'cp'];
  return { name, spec: { size: gibibyte, pieceSize }, contenders, rounds: 3 };
}

function crowdBar(what, unit, limit) {
  const name = '1,000 readers';
  return {
    id: `F4, ${what}`,
    family,
    title: `cost in a process of 1,000 readers of an image that another process fetches: ${what}`,
    work: 'fetch/crowd',
    unit,
    cases: [{ name, spec: { readers: 1_000, what }, contenders: [ours], rounds: 3 }],
    checks: limit === undefined ? [] : [atMost(limit, unit, ours, name)],
  };
}

/** The promises of `getOrFetch`: docs/fetch-once.md. */
export const bars = [
  {
    id: 'F1',
    family,
    title: 'fetches of an image that all processes ask for concurrently',
    work: 'fetch/ratio',
    ours,
    unit: 'fetches per image',
    cases: [1, 4, 8].map(processesCase),
    checks: [atMost(1, 'fetches per image', ours, '4 processes'), atMost(1, 'fetches per image', ours, '8 processes')],
  },
  {
    id: 'F2',
    family,
    title: 'the first and the last byte of 16 MiB that come slowly, for the leader and the last of 100 followers',
    work: 'fetch/readers',
    unit: 'ms',
    cases: [
      readersCase('one process, first byte', { apart: false, byte: 'first' }),
      readersCase('one process, last byte', { apart: false, byte: 'last' }),
      readersCase('two processes, first byte', { apart: true, byte: 'first' }),
      readersCase('two processes, last byte', { apart: true, byte: 'last' }),
    ],
    checks: [
      atMostTimesAsLong(1.1, follower, 'the leader', 'one process, last byte'),
      atMostTimesAsLong(1.1, follower, 'the leader', 'two processes, last byte'),
    ],
  },
  {
    id: 'F3',
    family,
    title: 'a local file of 1 GiB to a consumer and into the cache, beside a plain copy',
    work: 'fetch/copy',
    ours,
    unit: 'ms',
    cases: [copyCase('pieces of 64 KiB', 64 * 1024), copyCase('pieces of 1 MiB', 1024 * 1024)],
    checks: [
      atMostTimesAsLong(1.15, ours, 'stream pipeline', 'pieces of 64 KiB'),
      atMostTimesAsLong(1.15, ours, 'stream pipeline', 'pieces of 1 MiB'),
      atMostTimesAsLong(1.15, ours, 'pipeline, then read', 'pieces of 1 MiB'),
    ],
  },
  crowdBar('memory', 'MiB'),
  crowdBar('descriptors', 'descriptors', 4),
  {
    id: 'F5',
    family,
    title: 'from the death of the leader to the fetch of its successor',
    work: 'fetch/take-over',
    unit: 'ms',
    cases: [
      { name: 'process killed', spec: { how: 'process', deaths: 10 }, contenders: [ours], rounds: 3 },
      { name: 'thread terminated', spec: { how: 'thread', deaths: 10 }, contenders: [ours], rounds: 3 },
    ],
    checks: [atMostMilliseconds(1_000, ours, 'process killed'), atMostMilliseconds(100, ours, 'thread terminated')],
  },
];
