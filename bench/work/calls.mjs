import { measure } from 'mitata';

/** One synchronous call, in nanoseconds, measured by mitata: so short that the loop around it would count. */
export async function run(peer, { call }) {
  await peer.put('image', Buffer.alloc(4096));
  const calls = {
    'getImageFilepath: no system call': () => peer.path('image'),
    'isCachedSync: statx': () => peer.has('image'),
    'isCachedSync of a missing image: statx': () => peer.has('missing'),
    'readImageSync of a missing image: openat': () => peer.get('missing'),
    'getHitCountSync: openat, statx, fgetxattr, close': () => peer.hits('image'),
  };
  const { p50, p25, p75 } = await measure(calls[call]);
  return { batches: [p50], quartiles: [p25, p75] };
}
