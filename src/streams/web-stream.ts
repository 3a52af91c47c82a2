/**
 * Returns whether `value` is a readable web stream. It is recognized by its methods, not by `instanceof`: in Jest,
 * jsdom and `node:vm` the global `ReadableStream` is missing or not Node's class.
 */
export function isWebStream(value: unknown): value is ReadableStream<Uint8Array> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getReader' in value &&
    typeof value.getReader === 'function' &&
    'locked' in value
  );
}
