import { measureRuns } from '../harness/measure.mjs';

/** A directory that was filled before: its size, or its images. The answer is compared with the others' by the harness. */
export async function run(peer, { method, ...spec }) {
  const operation = { size: () => peer.size(), list: async () => (await peer.list()).length };
  const result = await measureRuns(operation[method], spec);
  return { ...result, peakMiB: process.resourceUsage().maxRSS / 1024 };
}
