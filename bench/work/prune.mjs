import { measureRuns } from '../harness/measure.mjs';

/** Removes the `victims` coldest of a directory that was filled before with `entries` images of 100 bytes. */
export async function run(peer, { entries, victims, mark }) {
  if (!mark) await peer.size();
  const prune = () => peer.prune((entries - victims) * 100);
  const result = await measureRuns(prune, { warmUpRuns: 0, runs: 1, mark });
  return { ...result, peakMiB: process.resourceUsage().maxRSS / 1024 };
}
