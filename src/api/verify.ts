/** How {@link ImageCache.verify} goes about it. */
export interface VerifyOptions {
  /** Aborting ends it with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of each so many bytes that were read. What it answers is awaited, which can be used to go slower. */
  readonly onProgress?: (bytes: number) => void | Promise<void>;
}

/** What {@link ImageCache.verify} found. */
export interface VerifyResult {
  /** `unknown`: nothing was recorded when it was cached. */
  readonly result: 'ok' | 'corrupt' | 'unknown';
  /** The digest of what is there, in SRI form. */
  readonly actual: string;
}
