// The steps of each operation on one image, on a cache that is a few variables. A step is atomic; between two of them
// (`yield`) any other operation may make a step of its own. `state` is
//
//   image      the number of the file that is cached, or 0       queued     whether the image is queued
//   files      by number: { version, hits, looks }              writer     the one that has the claim, or nothing
//   locked     the number of the file that an evictor has locked, or 0

export const emptyState = () => ({ image: 0, files: [{}], queued: false, writer: undefined, locked: 0 });

/** Thrown by a step that cannot be the next one. */
export const blocked = Symbol('blocked');

const addFile = (state, version) => state.files.push({ version, hits: 0, looks: 0 }) - 1;

/** An operation of a single step. */
const atOnce = (step) => (state) => ({ next: () => ({ done: true, value: step(state) }) });

export const operations = {
  isCached: atOnce((state) => state.image !== 0),

  isBeingCached: atOnce((state) => state.writer !== undefined),

  isQueued: atOnce((state) => state.queued),

  *getHitCount(state) {
    const file = state.image;
    yield;
    return file === 0 ? 0 : state.files[file].hits;
  },

  *readImage(state) {
    const file = state.image;
    if (file === 0) return undefined;
    yield;
    if (state.locked === file) throw blocked;
    if (state.image === file) {
      state.files[file].hits += 1;
      state.files[file].looks += 1;
    }
    return state.files[file].version;
  },

  *put(state, version) {
    state.image = addFile(state, version);
    yield;
    state.queued = false;
    return 'done';
  },

  *stream(state, version) {
    if (state.writer) return 'ERR_IMAGE_BUSY';
    const writer = { deleted: false, version };
    state.writer = writer;
    yield;
    if (writer.deleted) {
      state.writer = undefined;
      return 'ERR_CLAIM_LOST';
    }
    state.image = addFile(state, version);
    yield;
    state.writer = undefined;
    yield;
    state.queued = false;
    return 'done';
  },

  *deleteCachedImage(state) {
    const { writer } = state;
    yield;
    if (writer) writer.deleted = true;
    yield;
    state.image = 0;
    return undefined;
  },

  *queueImage(state) {
    if (state.image !== 0) return false;
    yield;
    if (state.writer) return false;
    yield;
    if (state.queued) return false;
    state.queued = true;
    yield;
    if (state.image === 0) return true;
    yield;
    state.queued = false;
    return false;
  },

  deleteQueuedImage: atOnce((state) => {
    state.queued = false;
  }),

  /** A commit takes no lock: it may come between the last look and the removal, which then takes what was committed. */
  *evictTo(state) {
    const file = state.image;
    const { looks } = state.files[file];
    yield;
    if (state.locked !== 0) throw blocked;
    if (file === 0 || state.image !== file || state.files[file].looks !== looks) return 'nothing';
    const { hits } = state.files[file];
    state.locked = file;
    yield;
    state.locked = 0;
    if (state.image === 0) return 'nothing';
    state.image = 0;
    return `evicted with ${hits} hits`;
  },
};
