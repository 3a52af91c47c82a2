// Arguments as no caller should give them: `make` makes a fresh one, since many of them can be used but once.

import fc from 'fast-check';

/** The error that hostile values throw when they are read. The caller that passed one gets it back. */
export class HostileError extends Error {}

function refuse() {
  throw new HostileError('not to be looked at');
}

function detached() {
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function outOfBounds() {
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 });
  const bytes = new Uint8Array(buffer, 32, 32);
  buffer.resize(16);
  return bytes;
}

function lengthTracking() {
  const buffer = new ArrayBuffer(64, { maxByteLength: 1 << 20 });
  const bytes = new Uint8Array(buffer);
  buffer.resize(1 << 16);
  return bytes;
}

/** Bytes that are taken away as soon as the options given with them are looked at. */
function vanishing(key) {
  const bytes = new Uint8Array(4096).fill(1);
  const options = {
    get [key]() {
      if (bytes.byteLength > 0) structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return undefined;
    },
  };
  return [bytes, options];
}

/** Right when it is checked, wrong when it is used. */
function fickle(key, first, then) {
  let looks = 0;
  return {
    get [key]() {
      looks += 1;
      return looks === 1 ? first : then;
    },
  };
}

const handlers = Object.fromEntries(Reflect.ownKeys(Reflect).map((trap) => [trap, refuse]));

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const makers = {
  detached,
  outOfBounds,
  lengthTracking,
  shared: () => new Uint8Array(new SharedArrayBuffer(64)),
  growable: () => new Uint8Array(new SharedArrayBuffer(64, { maxByteLength: 128 })),
  arrayBuffer: () => new ArrayBuffer(8),
  dataView: () => new DataView(new ArrayBuffer(8)),
  floats: () => new Float64Array(8),
  floatsInDisguise: () => Object.setPrototypeOf(new Float64Array(8), Uint8Array.prototype),
  noBytesAtAll: () => Object.create(Uint8Array.prototype),
  bytesThatLie: () =>
    Object.defineProperties(new Uint8Array(8), { byteLength: { value: 1e9 }, length: { value: 1e9 } }),
  bytesWithThrowingLength: () => Object.defineProperty(new Uint8Array(8), 'byteLength', { get: refuse }),
  proxyOfBytes: () => new Proxy(new Uint8Array(8), {}),
  proxyThatThrows: () => new Proxy({}, handlers),
  functionThatThrows: () => refuse,
  proxyOfFunction: () => new Proxy(function f() {}, handlers),
  revoked,
  throwingGetters: () =>
    Object.defineProperties(
      {},
      Object.fromEntries(
        [
          'dir',
          'driver',
          'signal',
          'maxSize',
          'start',
          'expectedSize',
          'checksum',
          'dryRun',
          'lockTimeoutMs',
          'length',
        ].map((key) => [key, { get: refuse }]),
      ),
    ),
  throwingText: () => ({ toString: refuse, valueOf: refuse, [Symbol.toPrimitive]: refuse }),
  throwingIterator: () => ({ [Symbol.iterator]: refuse, [Symbol.asyncIterator]: refuse }),
  iterableOfNothingRight: () => ({ [Symbol.iterator]: () => 7 }),
  iteratorThatThrows: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse, return: refuse }) }),
  iteratorOfNoResults: () => ({ [Symbol.asyncIterator]: () => ({ next: () => 7 }) }),
  chunksOfText: () => ['text', 7, null],
  chunksDetached: () => [new Uint8Array(8), detached(), new Uint8Array(8)],
  holes: () => Object.assign([], { length: 5 }),
  streamOfText: () => ReadableStream.from(['text']),
  lockedStream: () => {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  },
  fakeSignal: () => ({ aborted: false, addEventListener: refuse, throwIfAborted: refuse }),
  signalInDisguise: () => ({ signal: Object.create(AbortSignal.prototype) }),
  aborted: () => ({ signal: AbortSignal.abort(new HostileError('aborted')) }),
  fickleSize: () => fickle('expectedSize', undefined, 'much'),
  fickleSignal: () => fickle('signal', undefined, 7),
  fickleLimit: () => fickle('maxSize', 10, -7),
  fickleRange: () => fickle('start', 0, -1),
  symbol: () => Symbol('id'),
  longText: () => 'x'.repeat(1 << 20),
  withNul: () => 'a\0b',
  halfOfAPair: () => '\ud800',
  upwards: () => '../up',
};

const named = (name, make) => ({ name, make });
const constant = (value) => named(JSON.stringify(value) ?? String(value), () => value);

const right = [
  'image',
  'other',
  'queued',
  {},
  { expectedSize: 8 },
  { start: 1, end: 3 },
  { dryRun: true },
  { maxSize: 5 },
  { dir: 'inner' },
  'hits',
  'sha256-x',
  { checksum: 'md5-x' },
];
const numbers = [
  0,
  -0,
  1,
  8,
  -1,
  0.5,
  1e-9,
  255,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e300,
  -1e300,
  NaN,
  Infinity,
  -Infinity,
  1n,
  -1n,
];

/** One argument: right, nearly right, or anything. */
const argument = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...right.map(constant),
      named('bytes', () => Buffer.alloc(64, 7)),
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom(...numbers.map((number) => named(String(number), () => number))) },
  { weight: 4, arbitrary: fc.constantFrom(...Object.entries(makers).map(([name, make]) => named(name, make))) },
  {
    weight: 2,
    arbitrary: fc
      .anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: true,
        withSparseArray: true,
        maxDepth: 2,
      })
      .map((value) => named(fc.stringify(value).slice(0, 300), () => value)),
  },
);

const asCall = (values) => ({
  names: values.map(({ name }) => name),
  make: () => values.map(({ make }) => harmless(make())),
});

export const hostileArguments = fc.array(argument, { maxLength: 5 }).map(asCall);

const buffer = named('a buffer', () => Buffer.alloc(64, 7));
const file = named('the path of an image', () => 'cache/image');
const rightArguments = [
  [/^read(Sync)?$/, [buffer, constant(0), constant(8), constant(0)]],
  [/^write(Sync)?$/, [buffer]],
  [/Xattr/, [file, constant('hits'), constant(1)]],
  [/^(cacheImage|cachingIterator|writeImage(Sync)?)$/, [constant('other'), buffer, constant({})]],
  [/^evictTo$/, [constant(1e9), constant({})]],
  [/^prefetch$/, [named('a fetch', () => () => [Buffer.alloc(8)]), constant({})]],
  [/^createReadStream$/, [constant('image'), constant({ start: 1, end: 3 })]],
  [/./, [constant('image'), constant({})]],
];

/** The right arguments of a method, but for one, which may be right as well. */
export const oneHostileArgument = (method) => {
  const [, right] = rightArguments.find(([name]) => name.test(String(method)));
  return fc
    .tuple(fc.nat(right.length - 1), argument)
    .map(([at, value]) => asCall(right.map((one, i) => (i === at ? value : one))));
};

export const vanishingArguments = fc
  .constantFrom('expectedSize', 'signal', 'checksum')
  .map((key) => ({ names: ['"image"', `bytes that vanish with ${key}`], make: () => ['image', ...vanishing(key)] }));

/** Relative paths only: the tests have a directory of their own, and nothing else is theirs. */
function harmless(value) {
  return typeof value === 'string' ? value.replace(/^\/+/, '') : value;
}
