import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { defer } from '../../support/defer.mjs';

const names = ['hit', 'miss', 'commit', 'rollback', 'evict', 'reap', 'uncounted', 'checkpoint', 'recover', 'error'];

/** Subscribes until `t` is over. Returns the events of each channel, in order, by the channel's short name. */
export function listen(t) {
  const events = {};
  for (const name of names) {
    events[name] = [];
    const add = (event, channel) => {
      if (channel === `xattr-cache:${name}`) events[name].push(event);
    };
    subscribe(`xattr-cache:${name}`, add);
    defer(t, () => unsubscribe(`xattr-cache:${name}`, add));
  }
  return events;
}

/** Subscribes to one channel for the life of the process. */
export function listenAlways(name, listener) {
  subscribe(`xattr-cache:${name}`, listener);
}
