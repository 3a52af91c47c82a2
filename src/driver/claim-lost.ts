import { ClaimLostError } from '../api/errors.ts';
import type { NativeClaim } from '../native/native.ts';

const reasons: Readonly<Record<NativeClaim, string | undefined>> = {
  held: 'was deleted while it was being written',
  gone: 'was removed from incomplete/ while it was being written: its writer counted as stalled, or incomplete/ was emptied',
  taken: 'was claimed by another writer while it was being written: its first writer counted as dead',
  unknown: undefined,
};

/** Returns the error of a writer whose bytes are gone. The state of its claim shows the reason. */
export function claimLost(imageId: string, claim: NativeClaim, cause: unknown): ClaimLostError {
  const reason = reasons[claim];
  return new ClaimLostError(imageId, { ...(reason !== undefined && { reason }), cause });
}
