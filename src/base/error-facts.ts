// `instanceof Error` works in one realm only. Jest and `node:vm` give modules an `Error` of their own, while the engine
// and Node's modules throw errors of the main realm.

import { types } from 'node:util';

/** Returns true for an error of any realm. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** Returns true for an error with this code. */
export function hasCode(value: unknown, code: string): boolean {
  return isError(value) && 'code' in value && value.code === code;
}

/** Returns the message of an error, and any other value as text. */
export function messageOf(value: unknown): string {
  return isError(value) ? value.message : String(value);
}
