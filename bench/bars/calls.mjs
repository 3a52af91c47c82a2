const calls = [
  'getImageFilepath: no system call',
  'isCachedSync: statx',
  'isCachedSync of a missing image: statx',
  'readImageSync of a missing image: openat',
  'getHitCountSync: openat, statx, fgetxattr, close',
];

export const bars = [
  {
    id: 'calls',
    title: 'short calls: the cost of a query',
    work: 'calls',
    unit: 'µs',
    cases: calls.map((call) => ({ name: call, spec: { call }, contenders: ['ours, sync'] })),
    checks: [],
  },
];
