import { type CachedImage, lastUseMs, type XattrDriver } from 'xattr-cache';
import type { MishapCounts } from './mishaps.ts';
import type { Plan } from './plan.ts';
import type { SizeObserver } from './size-observer.ts';
import type { Tally } from './tally.ts';
import type { Team } from './team.ts';

/** The current state of a run. */
export interface Snapshot {
  readonly elapsedSeconds: number;
  readonly seconds: number;
  readonly tally: Readonly<Tally>;
  readonly mishaps: Readonly<MishapCounts>;
  /** Bytes. */
  readonly cacheSize: number;
  readonly limit: number;
  /** The most hits first. */
  readonly hottest: readonly CachedImage[];
  /** The next victim first. */
  readonly coldest: readonly CachedImage[];
  /** Time of the snapshot, in milliseconds since the epoch, as the times of images. */
  readonly nowMs: number;
}

const imagesShown = 3;

interface Scene {
  readonly plan: Plan;
  readonly team: Team;
  readonly observer: SizeObserver;
  readonly elapsedSeconds: number;
}

export async function lookAt(driver: XattrDriver, { plan, team, observer, elapsedSeconds }: Scene): Promise<Snapshot> {
  const images = await driver.getCachedImages();
  const hottest = images.toSorted((a, b) => b.hits - a.hits).slice(0, imagesShown);
  const coldest = images.toSorted((a, b) => lastUseMs(a) - lastUseMs(b)).slice(0, imagesShown);
  return {
    elapsedSeconds,
    seconds: plan.seconds,
    tally: team.tally,
    mishaps: { ...team.mishaps },
    cacheSize: observer.latestSize,
    limit: plan.limit,
    hottest,
    coldest,
    nowMs: Date.now(),
  };
}
