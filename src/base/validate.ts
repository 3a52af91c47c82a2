// Wrong arguments are TypeErrors and RangeErrors with Node's codes: bugs of the caller, not conditions of the cache.

import { inspect, types } from 'node:util';

export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const message = `The "${name}" argument must be ${expected}. Received ${describe(value)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

export function invalidValue(name: string, reason: string, value: unknown): TypeError {
  const message = `The argument '${name}' ${reason}. Received ${describe(value)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

/** @param near - the known name that is nearest */
export function unknownOption(name: string, unknown: string, known: readonly string[], near?: string): TypeError {
  const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  const error = new TypeError(`${name}.${unknown.slice(0, 80)} is unknown; ${advice}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${describe(value)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

export function assertString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

/** Checks a string that becomes a C string, which would end at a NUL. */
export function assertNoNul(value: unknown, name: string): asserts value is string {
  assertString(value, name);
  if (value.includes('\0')) throw invalidValue(name, 'must be a string without null bytes', value);
}

/** Checks a number of at least 0. Infinity passes: it means "never" or "all". */
export function assertNonNegative(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value >= 0)) throw outOfRange(name, '>= 0', value);
}

export function assertCount(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw outOfRange(name, `an integer >= 0 and <= ${Number.MAX_SAFE_INTEGER}`, value);
  }
}

export function assertInteger(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value)) throw outOfRange(name, 'a safe integer', value);
}

/** The longest that a timer of Node can wait. Milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/** A delay in milliseconds that a timer keeps. */
export function assertTimer(value: unknown, name: string): asserts value is number {
  assertNonNegative(value, name);
  if (value < 1 || value > longestTimerMs) throw outOfRange(name, `>= 1 and <= ${longestTimerMs}`, value);
}

export function assertBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (!types.isUint8Array(value)) throw invalidType(name, 'an instance of Uint8Array', value);
  // A buffer that was transferred to another thread looks like an empty one.
  if (value.byteLength === 0 && isDetached(value.buffer)) {
    throw invalidValue(name, 'must not have been transferred', value);
  }
}

/** `ArrayBuffer.prototype.detached` is not in Node 20. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

export function assertSignal(value: unknown, name: string): asserts value is AbortSignal | undefined {
  if (value !== undefined && !isSignal(value)) throw invalidType(name, 'an instance of AbortSignal', value);
}

/** Checks the methods, since in Jest with jsdom and in `node:vm` the global class is another one, or missing. */
function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener, throwIfAborted } = (value ?? {}) as Partial<AbortSignal>;
  const methods = [addEventListener, removeEventListener, throwIfAborted];
  return typeof aborted === 'boolean' && methods.every((method) => typeof method === 'function');
}

export function assertOneOf(value: unknown, allowed: readonly string[], name: string): void {
  if (!allowed.includes(value as string)) {
    throw invalidValue(name, `must be one of: ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
  }
}

export function assertOptions(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'of type object', value);
}

function describe(value: unknown): string {
  const text = inspect(value, { depth: 0, maxStringLength: 80 });
  return value === null || value === undefined ? text : `type ${typeof value} (${text})`;
}
