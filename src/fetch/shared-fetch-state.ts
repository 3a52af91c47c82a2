// The states of a shared fetch. The first three are active: a reader may join.
//
//   leading     this process fetches the image
//   following   another cache writes the image, or has completed it
//   takingOver  the writer died or gave up, and the driver is asked for the image again
//   bypassed    the image cannot be read through the cache now; each reader reads from its own source
//   ended       the image is complete, failed or unwanted, or the cache was closed
//
// Transitions:
//
//   (begin)    → leading, following or bypassed, as the driver finds the image
//   leading    → takingOver when its fetch was dropped and a reader wants more
//              → bypassed when its file cannot be read; → ended
//   following  → takingOver when the writer is dead or has given up
//              → bypassed when its file cannot be read; → ended
//   takingOver → leading, following or bypassed, as the driver finds the image
//              → ended when the cache or the driver is closed
//
// bypassed and ended are final: the next caller begins another shared fetch.

import type { LiveImage } from '../api/live-image.ts';
import type { LeaderFetch } from './leader-fetch.ts';

/** `image` is read now, or was read last; `fetch` writes it or has written it, if it is ours. */
export type SharedFetchState =
  | { readonly phase: 'leading'; readonly image: LiveImage; readonly fetch: LeaderFetch; readonly done: Promise<void> }
  | { readonly phase: 'following'; readonly image: LiveImage; readonly fetch?: undefined }
  | {
      readonly phase: 'takingOver';
      readonly image: LiveImage;
      readonly fetch: LeaderFetch | undefined;
      readonly done: Promise<void>;
    }
  | { readonly phase: 'bypassed'; readonly image: LiveImage | undefined; readonly fetch: LeaderFetch | undefined }
  | {
      readonly phase: 'ended';
      readonly image: LiveImage | undefined;
      readonly fetch: LeaderFetch | undefined;
      /** The error that readers get, if the cache or the driver was closed. */
      readonly closed: unknown;
    };

export function isActive({ phase }: SharedFetchState): boolean {
  return phase !== 'bypassed' && phase !== 'ended';
}
