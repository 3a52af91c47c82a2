/** How far the writer of an image has come, as its file shows it. */
export interface LiveState {
  /** `failed`: the writer gave up. `dead`: it ended without a word, and the image can be claimed. */
  readonly progress: 'growing' | 'complete' | 'failed' | 'dead';
  /** Bytes that can be read. */
  readonly size: number;
  /** Bytes of the whole image, if the writer knew and did not finish. */
  readonly expectedSize?: number;
  /** Of `failed`, the text of `user.error`. */
  readonly reason: string;
}

/** An open image that may still be on its way, written by this process or another. It is shared by all its readers here. */
export interface LiveImage {
  /** As it was last seen. */
  readonly state: LiveState;
  /** The error that keeps it from being seen. */
  readonly failure: unknown;
  /** Like `fs.read`; 0 where nothing more is there yet. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /**
   * Resolves to true when `state` is another, and to false when it has been the same for `silenceMs`. It may be the same
   * all the same.
   *
   * @throws the signal's reason
   */
  changed(signal: AbortSignal, silenceMs: number | undefined): Promise<boolean>;
  /** Counts one hit, and emits the event of it: `hit`, or `uncounted` if it could not be counted. */
  countHit(): Promise<{ readonly counted: boolean }>;
  /** Closes it. Idempotent. */
  release(): void;
}

/** An image that this process writes. Its writer's progress is not looked for: the writer says it. */
export interface OwnLiveImage extends LiveImage {
  /** Whether another cache reads along, in this process or another, as far as that can be known. */
  readonly hasOtherReaders: boolean;
  /** The writer has written up to `size` bytes. */
  noteWritten(size: number): void;
  /** Looks at the file, when the writer has ended. Never fails: an error is in `failure`. */
  poll(): Promise<void>;
}
