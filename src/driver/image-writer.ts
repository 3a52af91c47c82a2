import type { WriteOptions } from '../api/driver.ts';
import { ClaimLostError, isSystemError, NotOpenError, SizeMismatchError, toCacheError } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import { describeReason, droppedReason } from '../api/reason.ts';
import type { SharedWriter } from '../api/shared-driver.ts';
import { ignoreErrors } from '../base/ignore-errors.ts';
import { onAbort } from '../base/on-abort.ts';
import { clearInterval, setInterval } from '../base/timers.ts';
import { assertBytes, invalidValue } from '../base/validate.ts';
import { type Handle, native } from '../native/native.ts';
import { claimLost } from './claim-lost.ts';
import type { DriverContext } from './driver-context.ts';

/** Interval at which a live writer touches its token, so that cleaners that go by age leave it alone. */
const touchIntervalMs = 3_600_000;

/**
 * The only live writer of an image of an `XattrDriver`. A writer that is dropped gives up its claim when it is
 * collected or when its worker thread ends.
 */
export class XattrImageWriter implements SharedWriter {
  readonly imageId: string;
  readonly #context: DriverContext;
  readonly #writer: Handle;
  readonly #options: WriteOptions;
  readonly #stopWatching: () => void;
  #bytesWritten = 0;
  /** The error of the first write that failed. Later errors must not replace it. */
  #failure: { readonly error: unknown } | undefined;
  /** The end of the last operation. Operations run one after another, in the order of their calls. */
  #tail: Promise<void> = Promise.resolve();
  #pending = 0;
  /** Defined as soon as a commit begins; `#rollback` likewise. */
  #commit: Promise<void> | undefined;
  /** Defined after a commit; `error` if it failed. */
  #committed: { readonly error?: unknown } | undefined;
  #rollback: Promise<void> | undefined;

  constructor(context: DriverContext, imageId: string, writer: Handle, options: WriteOptions) {
    this.#context = context;
    this.imageId = imageId;
    this.#writer = writer;
    this.#options = options;
    const { signal } = options;
    const stopTouching = touchRegularly(new WeakRef(this));
    const stopListening = onAbort(signal, this, (self) => void self[Symbol.asyncDispose]().catch(() => {}));
    this.#stopWatching = () => {
      stopTouching();
      stopListening();
    };
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  async write(chunk: Uint8Array): Promise<void> {
    assertBytes(chunk, 'chunk');
    this.#assertOpen();
    // While the chunk waits or is written, its memory may be transferred to another thread. Then its length is 0.
    const size = chunk.byteLength;
    await this.#inTurn(async () => {
      this.#assertWhole();
      try {
        if (chunk.byteLength !== size) throw invalidValue('chunk', `must keep its ${size} bytes until written`, chunk);
        await native.writeAsync(this.#writer, chunk);
      } catch (error) {
        throw this.#fail(error);
      }
      this.#bytesWritten += size;
    });
  }

  writeSync(chunk: Uint8Array): void {
    assertBytes(chunk, 'chunk');
    this.#assertOpen();
    this.#assertIdle();
    this.#assertWhole();
    try {
      native.writeSync(this.#writer, chunk);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#bytesWritten += chunk.byteLength;
  }

  async commit(): Promise<void> {
    if (!this.#commit) {
      this.#assertOpen();
      this.#commit = this.#commitOnce();
    }
    return await this.#commit;
  }

  async #commitOnce(): Promise<void> {
    this.#stopWatching();
    try {
      await this.#inTurn(() => {
        this.#assertWhole();
        this.#checkSize();
        return native.commitAsync(this.#writer);
      });
      this.#committed = {};
    } catch (error) {
      const claim = isLost(error) && (await native.findClaimAsync(this.#writer));
      const reason = claim ? claimLost(this.imageId, claim, error) : this.#explain(error);
      this.#committed = { error: reason };
      await this.#giveUp(reason).catch(() => {});
      this.#context.report.rolledBack(this.imageId, reason);
      throw reason;
    }
    this.#context.report.committed(this.imageId, this.#bytesWritten);
  }

  /** An image that was deleted while it was written is complete, and its followers must read it to its end. */
  #giveUp(reason: unknown): Promise<void> {
    if (reason instanceof ClaimLostError) return native.discardAsync(this.#writer);
    return this.#keepInvalid(reason);
  }

  #giveUpSync(reason: unknown): void {
    if (reason instanceof ClaimLostError) native.discardSync(this.#writer);
    else this.#keepInvalidSync(reason);
  }

  async #keepInvalid(reason: unknown): Promise<void> {
    const { directory, invalidLimit } = this.#context;
    await native.rollbackAsync(this.#writer, describeReason(reason), invalidLimit.maxSize);
    await invalidLimit.added(directory, this.#bytesWritten);
  }

  #keepInvalidSync(reason: unknown): void {
    const { directory, invalidLimit } = this.#context;
    native.rollbackSync(this.#writer, describeReason(reason), invalidLimit.maxSize);
    invalidLimit.addedSync(directory, this.#bytesWritten);
  }

  commitSync(): void {
    this.#assertIdle();
    if (this.#committed) {
      if ('error' in this.#committed) throw this.#committed.error;
      return;
    }
    this.#assertOpen();
    this.#stopWatching();
    try {
      this.#assertWhole();
      this.#checkSize();
      native.commitSync(this.#writer);
    } catch (error) {
      const claim = isLost(error) && native.findClaimSync(this.#writer);
      const reason = claim ? claimLost(this.imageId, claim, error) : this.#explain(error);
      this.#commit = rejected(reason);
      this.#committed = { error: reason };
      ignoreErrors(() => this.#giveUpSync(reason));
      this.#context.report.rolledBack(this.imageId, reason);
      throw reason;
    }
    this.#commit = Promise.resolve();
    this.#committed = {};
    this.#context.report.committed(this.imageId, this.#bytesWritten);
  }

  async rollback(reason: unknown): Promise<void> {
    if (this.#commit) return this.#commit.catch(() => {});
    this.#rollback ??= this.#rollbackOnce(reason, () => this.#keepInvalid(reason));
    return await this.#rollback;
  }

  async #rollbackOnce(reason: unknown, giveUp: () => Promise<void>): Promise<void> {
    this.#stopWatching();
    try {
      await this.#inTurn(giveUp);
    } catch (error) {
      throw this.#explain(error);
    }
    this.#context.report.rolledBack(this.imageId, reason);
  }

  rollbackSync(reason: unknown): void {
    if (this.#commit || this.#rollback) return;
    this.#assertIdle();
    this.#stopWatching();
    this.#rollback = Promise.resolve();
    try {
      this.#keepInvalidSync(reason);
    } catch (error) {
      throw this.#explain(error);
    }
    this.#context.report.rolledBack(this.imageId, reason);
  }

  /** Gives up the claim and leaves nothing behind, since nothing is wrong with the image. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#commit) return this.#commit.catch(() => {});
    this.#rollback ??= this.#rollbackOnce(droppedReason, () => native.abandonAsync(this.#writer));
    return await this.#rollback;
  }

  async discard(): Promise<void> {
    if (this.#commit || this.#rollback) return;
    this.#stopWatching();
    this.#rollback = this.#inTurn(() => native.discardAsync(this.#writer));
    await this.#rollback;
  }

  async recordDigest(text: string): Promise<void> {
    this.#assertOpen();
    try {
      await this.#inTurn(() => native.recordDigestAsync(this.#writer, text));
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async noteLength(length: number): Promise<void> {
    await this.#inTurn(() => native.noteLengthAsync(this.#writer, length)).catch(() => {});
  }

  /** Shows cleaners that the writer lives. @internal */
  touch(): void {
    if (this.#commit || this.#rollback) return;
    void this.#inTurn(() => native.touchAsync(this.#writer)).catch(() => {});
  }

  async #inTurn(operation: () => Promise<void>): Promise<void> {
    const before = this.#tail;
    let end = (): void => {};
    this.#tail = new Promise((resolve) => {
      end = resolve;
    });
    this.#pending++;
    try {
      await before;
      await operation();
    } finally {
      this.#pending--;
      end();
    }
  }

  #checkSize(): void {
    const { expectedSize } = this.#options;
    if (expectedSize !== undefined && expectedSize !== this.#bytesWritten) {
      throw new SizeMismatchError(this.imageId, expectedSize, this.#bytesWritten);
    }
  }

  #assertOpen(): void {
    this.#options.signal?.throwIfAborted();
    if (!this.#commit && !this.#rollback) return;
    const { imageId } = this;
    throw new NotOpenError(`the writer of ${imageName(imageId)} ${this.#ending}`, {
      imageId,
      cause: this.#committed?.error,
    });
  }

  get #ending(): string {
    if (!this.#commit) return 'was rolled back';
    if (!this.#committed) return 'is being committed';
    return 'error' in this.#committed ? 'was rolled back, since its commit failed' : 'was committed';
  }

  #fail(error: unknown): unknown {
    this.#failure ??= { error: this.#explain(error) };
    return this.#failure.error;
  }

  /** @throws the error of a failed write */
  #assertWhole(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #assertIdle(): void {
    if (this.#pending === 0) return;
    throw new NotOpenError(`${imageName(this.imageId)} has asynchronous writes under way`, this);
  }

  #explain(error: unknown): unknown {
    return toCacheError(error, this);
  }
}

/** Touches the token regularly. Holds the writer weakly, since a timer must not keep it from being collected. */
function touchRegularly(writer: WeakRef<XattrImageWriter>): () => void {
  const timer = setInterval(() => {
    const live = writer.deref();
    if (live) live.touch();
    else stop();
  }, touchIntervalMs).unref();
  const stop = () => clearInterval(timer);
  return stop;
}

/** Returns true for the error of a commit that found no bytes to publish. */
function isLost(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ENOENT';
}

function rejected(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(() => {}); // A caller that awaits it gets the error; no caller has to.
  return promise;
}
