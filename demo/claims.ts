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
    `${formatCountOf(reads, 'read')} were answered, ${formatCount(hits)} of them from the cache and the others while ` +
    `their image was fetched into it, and each byte (${formatSize(bytesServed)}) was compared with the file it came ` +
    `from. So was, at the end, all that lies in the cache. Bytes that differ: ${formatCount(wrongBytes)}.`
  );
}

function accountOfFetches(summary: Summary): string {
  const { misses, followed, fetches, imagesFetched, arrivals, kills, redundancy, redundantFetches } = summary;
  return (
    `${formatCountOf(misses, 'read')} missed, and ${formatCount(followed)} of them read along with a fetch that another ` +
    `caller had begun, in the same process or another. The source, which is slow, counts for itself: it was asked ` +
    `${formatCountOf(fetches, 'time')}, for ${formatCountOf(imagesFetched, 'image')}. That often, one had to come: ` +
    `${formatCountOf(arrivals, 'time')} into the cache, since what was evicted comes again when it is wanted, and ` +
    `${formatCountOf(kills, 'time')} the process died that fetched it. For each image, fetches beside that: ` +
    `${redundancy.toFixed(2)}; without need: ${formatCount(redundantFetches)}.`
  );
}

function accountOfHits(summary: Summary): string {
  const { hitsConfirmed, hitsOnDisk, hitsEvicted, hitsBefore, uncounted, lostHits, surplusHits } = summary;
  const sentences = [
    `A hit is counted on the image itself. The processes were told of ${formatCount(hitsConfirmed)} hits ` +
      `that they are counted. Found: ${formatCount(hitsOnDisk)} on the images that are still cached (the ` +
      `attribute user.hits), and ${formatCount(hitsEvicted)} in the reports of the evictions, together ` +
      `${formatCount(hitsOnDisk + hitsEvicted)}.`,
  ];
  if (hitsBefore > 0) sentences.push(`${formatCount(hitsBefore)} of these were there before.`);
  if (uncounted > 0) {
    sentences.push(
      `${formatCountOf(uncounted, 'more read was', 'more reads were')} answered in full, and reported as not ` +
        'counted, since the image had been evicted meanwhile, or could not be locked in time.',
    );
  }
  sentences.push(`Lost: ${formatCount(lostHits)}; too many: ${formatCount(surplusHits)}.`);
  return sentences.join(' ');
}

function accountOfSize(summary: Summary): string {
  const { maxSize, largestSize, bytesAtOnce } = summary;
  return (
    `All files together are ${formatSize(summary.sourceSize)}; the cache is limited to ${formatSize(maxSize)}. A ` +
    'worker that finds it beyond that evicts what was not read for longest, and begins to fetch nothing more until that ' +
    `is done; a pruner frees space besides. ${formatCountOf(summary.filesEvicted, 'image')} went, while the reading went ` +
    `on. Of ${formatCount(summary.looksAtSize)} looks at the size from outside, the largest found ` +
    `${formatSize(largestSize)}; at the end it is ${formatSize(summary.cacheSize)}. Allowed were ` +
    `${formatSize(summary.allowedSize)}: the limit, and ${formatSize(bytesAtOnce)} that the workers were fetching at ` +
    'once at most, since a fetch that has been begun is finished.'
  );
}

function accountOfEvictedReads({ evictedDuringReads }: Summary): string {
  return (
    `It happened ${formatCountOf(evictedDuringReads, 'time')} that an image was evicted by another process while a reader was ` +
    'in the middle of it. Who has an image open keeps it: each got the rest, byte for byte, and was told that the hit ' +
    'could not be counted any more.'
  );
}

function accountOfKills({ kills, takeOvers, resumed, slowestTakeOverMs, cleanedUp }: Summary): string {
  return (
    `A process that was in the middle of fetching an image was killed (SIGKILL: it can clean up nothing) and started ` +
    `again, ${formatCountOf(kills, 'time')}. ${formatCount(takeOvers)} of these images others had begun to read along: ` +
    'one of them took over the fetch, and each got all of the image, the slowest ' +
    `${formatCount(slowestTakeOverMs)} ms after the death. The source was asked for no more than the rest ` +
    `${formatCountOf(resumed, 'time')}. What was left of ${formatCount(cleanedUp)} others, the cleaner removed. Stuck: ` +
    `${formatCount(kills - takeOvers - cleanedUp)}.`
  );
}

function accountOfProcesses({ processes }: Summary): string {
  return (
    `${formatCountOf(processes, 'process', 'processes')} read, fetched and evicted in one directory at the same time, ` +
    'beside a pruner, a cleaner and those that were killed, with nothing between them but the file system: no server, ' +
    'no index, no messages.'
  );
}
