import { MemoryDriver } from '../support/memory-driver.mjs';
import { SharedMemoryDriver } from '../support/shared-memory-driver.mjs';
import { conformance } from './conformance.mjs';

for (const Driver of [MemoryDriver, SharedMemoryDriver]) {
  conformance(Driver.name, {
    create: (_t, options) => new Driver(options),
    plant: {
      stalled: (driver, imageId, ageSeconds) => driver.stalled.set(imageId, Date.now() - ageSeconds * 1000),
      invalid: (driver, imageId, ageSeconds) => {
        const lastModifiedMs = Date.now() - ageSeconds * 1000;
        driver.invalid.set(imageId, { imageId, size: 0, error: '', lastModifiedMs });
      },
    },
    tickMs: 1,
  });
}
