import { formatCount, formatCountOf } from '#terminal/format';
import { formatSize } from '#terminal/size';
import type { Summary } from './figures.ts';

/** A claim about a run, and its evidence. */
export interface Claim {
  readonly holds: boolean;
  readonly heading: string;
  readonly text: string;
}

/** Returns the proof, for a reader who sees the demo for the first time. */
export function claimsOf(summary: Summary): Claim[] {
  const { wrongBytes, lostHits, surplusHits, evictedDuringReads, largestSize, allowedSize, kills, takeOvers } = summary;
  return [
    { holds: wrongBytes === 0, heading: 'Never a wrong byte.', text: accountOfBytes(summary) },
    { holds: fetchedOnce(summary), heading: 'Fetched once.', text: accountOfFetches(summary) },
    { holds: lostHits + surplusHits === 0, heading: 'Every hit accounted for.', text: accountOfHits(summary) },
    {
      holds: summary.filesEvicted > 0 && largestSize <= allowedSize && summary.cacheSize <= summary.maxSize,
      heading: 'Bounded.',
      text: accountOfSize(summary),
    },
    {
      holds: evictedDuringReads > 0 && wrongBytes === 0,
      heading: 'Evicted, and still read to the end.',
      text: accountOfEvictedReads(summary),
    },
    {
      holds: takeOvers > 0 && kills === takeOvers + summary.cleanedUp,
      heading: 'Never stuck.',
      text: accountOfKills(summary),
    },
    { holds: summary.processes > 1, heading: 'Shared.', text: accountOfProcesses(summary) },
  ];
}

function fetchedOnce({ redundantFetches, unexplainedArrivals, followed }: Summary): boolean {
  return redundantFetches + unexplainedArrivals === 0 && followed > 0;
}

function accountOfBytes({ reads, hits, bytesServed, wrongBytes }: Summary): string {
  return (
    `${formatCountOf(reads, 'read')} got an image: ${formatCount(hits)} from the cache, the others while the image was ` +
    `fetched into it. Each byte (${formatSize(bytesServed)}) was compared with the source file. At the end, all images ` +
    `in the cache were compared, too. Bytes that differ: ${formatCount(wrongBytes)}.`
  );
}

function accountOfFetches(summary: Summary): string {
  const { misses, followed, fetches, imagesFetched, arrivals, kills, redundancy, redundantFetches } = summary;
  return (
    `${formatCountOf(misses, 'read')} missed. ${formatCount(followed)} of them followed a fetch that another caller had ` +
    `begun, in the same process or another. The source, which is slow, counts its own calls: ` +
    `${formatCountOf(fetches, 'fetch', 'fetches')} of ${formatCountOf(imagesFetched, 'image')}. The number that was ` +
    `necessary: an image came into the cache ${formatCountOf(arrivals, 'time')}, since an evicted image is fetched again ` +
    `on demand, and a fetching process was killed ${formatCountOf(kills, 'time')}. Fetches for each necessary one: ` +
    `${redundancy.toFixed(2)}; unnecessary: ${formatCount(redundantFetches)}.`
  );
}

function accountOfHits(summary: Summary): string {
  const { hitsConfirmed, hitsOnDisk, hitsEvicted, hitsBefore, uncounted, lostHits, surplusHits } = summary;
  const sentences = [
    `A hit is counted on the image itself. The cache confirmed ${formatCount(hitsConfirmed)} hits to the processes. ` +
      `Found: ${formatCount(hitsOnDisk)} on the images that are still cached (the attribute user.hits), and ` +
      `${formatCount(hitsEvicted)} in the reports of the evictions, together ${formatCount(hitsOnDisk + hitsEvicted)}.`,
  ];
  if (hitsBefore > 0) sentences.push(`${formatCount(hitsBefore)} of these were there before.`);
  if (uncounted > 0) {
    sentences.push(
      `${formatCountOf(uncounted, 'more read', 'more reads')} got all bytes and reported the hit as not counted, since ` +
        'the image had been evicted meanwhile, or could not be locked in time.',
    );
  }
  sentences.push(`Lost: ${formatCount(lostHits)}; too many: ${formatCount(surplusHits)}.`);
  return sentences.join(' ');
}

function accountOfSize(summary: Summary): string {
  const { maxSize, largestSize, bytesAtOnce } = summary;
  return (
    `All source files together have ${formatSize(summary.sourceSize)}; the limit of the cache is ` +
    `${formatSize(maxSize)}. A worker that finds the cache above the limit evicts the images that were not read for ` +
    'longest, and begins no fetch until that is done. A pruner frees space as well. ' +
    `${formatCountOf(summary.filesEvicted, 'image was', 'images were')} evicted while reads went on. The size was ` +
    `measured ${formatCountOf(summary.looksAtSize, 'time')} from outside: at most ${formatSize(largestSize)}, and ` +
    `${formatSize(summary.cacheSize)} at the end. Allowed: ${formatSize(summary.allowedSize)}, the limit and ` +
    `${formatSize(bytesAtOnce)} of concurrent fetches, since a fetch that has begun is finished.`
  );
}

function accountOfEvictedReads({ evictedDuringReads }: Summary): string {
  return (
    `${formatCountOf(evictedDuringReads, 'image was', 'images were')} evicted by another process in the middle of a read. ` +
    'An open image stays readable: each reader got the rest, byte for byte, and a report that the hit could not be ' +
    'counted any more.'
  );
}

function accountOfKills({ kills, takeOvers, resumed, slowestTakeOverMs, cleanedUp }: Summary): string {
  return (
    `A process in the middle of a fetch was killed (with SIGKILL, so it cannot clean up) and started again, ` +
    `${formatCountOf(kills, 'time')}. Other processes followed ${formatCount(takeOvers)} of these fetches: ` +
    'one of them took over, and each reader got the whole image, the slowest ' +
    `${formatCount(slowestTakeOverMs)} ms after the death. The source was asked for only the rest ` +
    `${formatCountOf(resumed, 'time')}. The cleaner removed the leftovers of ${formatCountOf(cleanedUp, 'other fetch', 'other fetches')}. ` +
    `Stuck: ${formatCount(kills - takeOvers - cleanedUp)}.`
  );
}

function accountOfProcesses({ processes }: Summary): string {
  return (
    `${formatCountOf(processes, 'process', 'processes')} read, fetched and evicted concurrently in one directory, beside ` +
    'a pruner and a cleaner. They share nothing but the file system: no server, no index, no messages.'
  );
}
