import { prepareBoot, whyNoCheckpoints } from '../harness/boots.mjs';
import { atMostTimesAsLong } from '../harness/checks.mjs';
import { syncFileSystem, whyNotDropCaches } from '../harness/disk.mjs';
import { putArguments, unstampedPutArguments, walkArguments } from '../harness/floor.mjs';
import { mean } from '../harness/statistics.mjs';

const KiB = 1024;
const MiB = KiB * KiB;

const [none, checkpoint, sync] = ['ours, none', 'ours, checkpoint', 'ours, sync to disk'];
const [unstamped, stamped] = ['C, no time stamp', 'C'];

// The default is 5 s, and a short trial would see no checkpoint. The driver spends at most a tenth of the time in them.
const checkpointIntervalMs = 20;

const shared = { family: 'durability', missing: whyNoCheckpoints };

// A checkpoint may delay a few operations by much, which a median hides.
const amidCheckpoints = { ...shared, unit: 'µs', ours: checkpoint, average: mean };

// No trial pays for the writes of another. Each removes its images, unlike those of P5: with a journal, ext4 does not pass
// over the inodes that were just freed.
const prepare = syncFileSystem;

function putCase(name, more, contenders = [unstamped, stamped, none, checkpoint, sync]) {
  return { name, spec: { how: 'put', checkpointIntervalMs, ...more }, contenders, prepare };
}

// A trial fills less than 1 GiB, even at 8 GiB/s.
const large = { warmUpSeconds: 0.02, seconds: 0.1 };

const putBar = {
  ...amidCheckpoints,
  id: 'D1',
  title: 'put of a new image by durability, mean of a trial',
  work: 'put',
  floor: { program: 'put_whole', arguments: putArguments, unstampedArguments: unstampedPutArguments },
  cases: [
    putCase('put, 4 KiB', { size: 4 * KiB, seconds: 1, batch: 50 }),
    putCase('put, 256 KiB', { size: 256 * KiB, batch: 5, ...large }),
    putCase('put, 16 MiB', { size: 16 * MiB, batch: 1, ...large }),
    putCase('stream, 16 MiB', { size: 16 * MiB, batch: 1, ...large, how: 'putChunks' }, [none, checkpoint, sync]),
  ],
  checks: [
    atMostTimesAsLong(1.15, stamped, unstamped, 'put, 4 KiB'),
    atMostTimesAsLong(1.15, checkpoint, none, 'put, 4 KiB'),
  ],
};

const hitBar = {
  ...amidCheckpoints,
  id: 'D1, hit',
  title: 'readImage by durability, mean of a trial',
  work: 'get-amid-checkpoints',
  cases: [
    {
      name: 'hit, 4 KiB',
      spec: { size: 4 * KiB, seconds: 1, batch: 100, publishEveryMs: 20, checkpointIntervalMs },
      contenders: [none, checkpoint],
      prepare,
    },
  ],
  checks: [atMostTimesAsLong(1.1, checkpoint, none, 'hit, 4 KiB')],
};

const entries = 100_000;

// C walks over the images, as a recovery does. It drops none.
function openCases(name, { anotherBoot, doubtful = 0 }, contenders) {
  return [false, true].map((cold) => ({
    name: `${name}, ${cold ? 'cold' : 'warm'}`,
    entries,
    spec: { entries, doubtful, method: 'size', warmUpRuns: 0, runs: 1 },
    contenders,
    refill: doubtful,
    missing: cold ? whyNotDropCaches : undefined,
    prepare: (dir, context) => prepareBoot(dir, { entries, anotherBoot, doubtful, cold }, context),
  }));
}

const openBar = {
  ...shared,
  id: 'D2',
  title: 'first open after a boot, 100,000 images',
  work: 'first-open',
  unit: 'ms',
  floor: { program: 'walk', arguments: walkArguments },
  cases: [
    ...openCases('same boot', { anotherBoot: false }, ['ours']),
    ...openCases('another boot, nothing doubtful', { anotherBoot: true }, ['C', 'ours']),
    ...openCases('another boot, 1,000 images dropped', { anotherBoot: true, doubtful: 1_000 }, ['ours']),
  ],
  checks: [],
};

export const bars = [putBar, hitBar, openBar];
