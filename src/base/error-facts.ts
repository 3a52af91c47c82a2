// `instanceof Error` is right in one realm only. Jest and `node:vm` give modules an `Error` of their own, while the engine
// and Node's modules throw those of the main realm.

import { types } from 'node:util';

/** Whether `value` is an error, of whatever realm. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** Whether `value` is an error with this code. */
export function hasCode(value: unknown, code: string): boolean {
  return isError(value) && 'code' in value && value.code === code;
}

/** The message of an error; anything else as text. */
export function messageOf(value: unknown): string {
  return isError(value) ? value.message : String(value);
}
