const calls = [
  'getImageFilepath: no system call',
  'isCachedSync: statx',
  'isCachedSync of what is not there: statx',
  'readImageSync of what is not there: openat',
  'getHitCountSync: openat, statx, fgetxattr, close',
];

export const bars = [
  {
    id: 'calls',
    title: 'short calls: what a question costs',
    work: 'calls',
    unit: 'µs',
    cases: calls.map((call) => ({ name: call, spec: { call }, contenders: ['ours, sync'] })),
    checks: [],
  },
];
