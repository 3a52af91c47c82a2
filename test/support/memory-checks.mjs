const idPattern = /^(?!\.|(?:incomplete|invalid|queue)$)[^/\0]+$/s;

export function failure(code, message, properties = {}) {
  return Object.assign(new Error(message), { code, ...properties });
}

export function checkId(id) {
  if (typeof id !== 'string') throw Object.assign(new TypeError('not a string'), { code: 'ERR_INVALID_ARG_TYPE' });
  if (idPattern.test(id) && id.isWellFormed() && Buffer.byteLength(id) <= 255) return;
  throw failure('ERR_INVALID_IMAGE_ID', 'not an image id', { imageId: id });
}

export function checkBytes(value) {
  if (value instanceof Uint8Array) return;
  throw Object.assign(new TypeError('not bytes'), { code: 'ERR_INVALID_ARG_TYPE' });
}

export function checkNumber(value, name, max = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== 'number') {
    throw Object.assign(new TypeError(`${name} is not a number`), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw Object.assign(new RangeError(`${name} is out of range`), { code: 'ERR_OUT_OF_RANGE' });
}

export function checkOptions({ expectedSize, signal }) {
  if (expectedSize !== undefined) checkNumber(expectedSize, 'expectedSize');
  if (signal === undefined) return;
  if (!(signal instanceof AbortSignal)) {
    throw Object.assign(new TypeError('signal is no AbortSignal'), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  signal.throwIfAborted();
}

export function checkRange({ start, end, signal }) {
  if (start !== undefined) checkNumber(start, 'start');
  if (end !== undefined) checkNumber(end, 'end');
  if (end < start) throw Object.assign(new RangeError('the range is empty'), { code: 'ERR_OUT_OF_RANGE' });
  if (!signal?.aborted) checkOptions({ signal });
}
