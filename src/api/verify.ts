/**
 * Options of {@link ImageCache.verify}.
 *
 * @since 0.1.0
 */
export interface VerifyOptions {
  /** An abort ends the verification with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of each chunk that was read. Its promise is awaited, which can limit the speed. */
  readonly onProgress?: (bytes: number) => void | Promise<void>;
}

/**
 * Result of {@link ImageCache.verify}.
 *
 * @since 0.1.0
 */
export interface VerifyResult {
  /** Outcome; `unknown` means that the image was cached without a checksum. */
  readonly result: 'ok' | 'corrupt' | 'unknown';
  /** Digest of the bytes, in SRI form. */
  readonly actual: string;
}
