// One driver, worked by the process that forked this one (see driver-process.mjs).
import { XattrDriver } from '../../dist/index.js';

const readers = new Map();
const writers = new Map();
let driver;

const steps = {
  async configureDriver(options, umask) {
    if (umask !== undefined) process.umask(umask);
    driver = new XattrDriver(options);
    await driver.configure();
  },
  capabilities: async () => driver.capabilities,
  openForRead: async (id) => void readers.set(id, await driver.openForRead(id)),
  close: (id) => readers.get(id).close(),
  abort: (id) => readers.get(id).abort(),
  openForWrite: async (id) => void writers.set(id, await driver.openForWrite(id)),
  write: (id, bytes) => writers.get(id).write(bytes),
  commit: (id) => writers.get(id).commit(),
  rollback: (id, reason) => writers.get(id).rollback(reason),
};

process.on('message', async ({ call, method, args }) => {
  try {
    const value = await (steps[method] ?? driver[method].bind(driver))(...args);
    process.send({ call, value });
  } catch (error) {
    const { name, message, code, syscall, imageId, reason } = error;
    process.send({ call, error: { name, message, code, syscall, imageId, reason } });
  }
});
process.on('disconnect', () => process.exit());
