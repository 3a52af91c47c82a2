import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const buckets = 200;

// The shortest that there is.
const timerMs = 1;

/**
 * The longest time that the event loop did not turn while `method` ran, in milliseconds; `nothing` tells what the machine
 * does to a loop that is idle. Looked at from within, by how late a timer is that is set again and again, and cross-checked by
 * Node's own monitor. A loop that never sleeps would see more: the scheduler lets others go before it.
 */
export async function run(peer, { method, entries, idleMs = 5000 }) {
  const operations = {
    nothing: () => new Promise((resolve) => setTimeout(resolve, idleMs)),
    getCacheSize: () => peer.size(),
    'getCachedImages()': async () => (await peer.list()).length,
    'cachedImages()': () => countBatches(peer.scan()),
    prune: () => peer.prune((entries - entries / 10) * 100),
    clean: () => peer.clean(),
  };
  const baseMiB = process.resourceUsage().maxRSS / 1024;
  const observer = new LoopObserver();
  observer.start();
  await sleep(20);
  const answer = await operations[method]();
  const { longestMs, turns, monitorMs, durationMs } = await observer.stop();
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  return {
    batches: [longestMs],
    answer,
    monitorMs,
    durationMs,
    baseMiB,
    peakMiB,
    timeline: timelineOf(turns, durationMs),
  };
}

async function countBatches(scan) {
  let count = 0;
  for await (const batch of scan) count += batch.length;
  return count;
}

class LoopObserver {
  #monitor = monitorEventLoopDelay({ resolution: 1 });
  #turns = [];
  #running = true;
  #watching;

  start() {
    this.#monitor.enable();
    this.#watching = this.#watch();
  }

  async #watch() {
    let last = performance.now();
    while (this.#running) {
      await sleep(timerMs);
      const now = performance.now();
      this.#turns.push([last, Math.max(0, now - last - timerMs)]);
      last = now;
    }
  }

  async stop() {
    this.#running = false;
    await this.#watching;
    this.#monitor.disable();
    const end = performance.now();
    const start = this.#turns[0]?.[0] ?? end;
    return {
      longestMs: this.#turns.reduce((longest, [, ms]) => Math.max(longest, ms), 0),
      turns: this.#turns.map(([at, ms]) => [at - start, ms]),
      monitorMs: this.#monitor.max / 1e6,
      durationMs: end - start,
    };
  }
}

/** The longest stall of each of some equal parts of the time. */
function timelineOf(turns, durationMs) {
  const longest = new Array(buckets).fill(0);
  for (const [at, ms] of turns) {
    const bucket = Math.min(buckets - 1, Math.floor((at / durationMs) * buckets));
    longest[bucket] = Math.max(longest[bucket], ms);
  }
  return longest.map((ms, bucket) => ({ atMs: (bucket * durationMs) / buckets, stallMs: ms }));
}
