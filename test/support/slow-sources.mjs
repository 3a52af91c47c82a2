import { setImmediate } from 'node:timers/promises';

/** A source that gives `chunks` one by one, each a turn of the event loop later, and then throws, if it is to. */
export async function* slowly(chunks, error, throwsAnything = false) {
  for (const chunk of chunks) {
    await setImmediate();
    yield chunk;
  }
  if (error !== undefined || throwsAnything) throw error;
}

/** A source that gives its next chunk when told, and waits for ever in between. `next` resolves once more is asked for. */
export function stepwise() {
  let give;
  let asked = withResolvers();
  const iterator = {
    next() {
      asked.resolve();
      return new Promise((resolve) => {
        give = resolve;
      });
    },
  };
  const step = async (result) => {
    await asked.promise;
    asked = withResolvers();
    give(result);
  };
  return {
    source: { [Symbol.asyncIterator]: () => iterator },
    next: async (value) => {
      await step({ done: false, value });
      await asked.promise;
    },
    end: () => step({ done: true, value: undefined }),
  };
}

function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
}
