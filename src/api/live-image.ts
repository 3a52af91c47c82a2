/** Progress of the writer of an image, as the file shows it. */
export interface LiveState {
  /** `failed`: the writer rolled back. `dead`: the writer's process ended, and the image can be claimed. */
  readonly progress: 'growing' | 'complete' | 'failed' | 'dead';
  /** Number of bytes that can be read. */
  readonly size: number;
  /** Size of the whole image in bytes, if the writer knew it and did not finish. */
  readonly expectedSize?: number;
  /** Text of `user.error`, if the progress is `failed`. */
  readonly reason: string;
}

/** An open image that this process or another may still be writing. All its readers in this process share it. */
export interface LiveImage {
  /** State at the last poll. */
  readonly state: LiveState;
  /** Error of the last poll. */
  readonly failure: unknown;
  /** Reads the state from the file. Never fails: `failure` has the error. */
  poll(): Promise<void>;
  /** Reads like `fs.read`. Returns 0 if no more bytes have arrived. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /**
   * Resolves to true when `state` may have changed, and to false when it has been the same for `silenceMs`.
   *
   * @throws the signal's reason
   */
  changed(signal: AbortSignal, silenceMs: number | undefined): Promise<boolean>;
  /** Counts one hit, and emits `hit`, or `uncounted` if the hit could not be counted. */
  countHit(): Promise<{ readonly counted: boolean }>;
  /** Closes the image. Idempotent. */
  release(): void;
}

/** An image that this process writes. Its writer reports the progress, so that no poll is needed before its end. */
export interface OwnLiveImage extends LiveImage {
  /** True if another cache, in this process or another, may be reading the image. */
  readonly hasOtherReaders: boolean;
  /** Notes that the writer has written `size` bytes so far. */
  noteWritten(size: number): void;
}
