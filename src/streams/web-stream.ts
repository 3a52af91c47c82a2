/**
 * Whether `value` is a web stream that can be read. Recognized by its methods, not by `instanceof`: in Jest, jsdom and
 * `node:vm` the global `ReadableStream` is missing or another class than Node's.
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
