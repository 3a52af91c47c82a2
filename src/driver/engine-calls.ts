import { join } from 'node:path';
import {
  type ErrorDetails,
  ImageNotFoundError,
  isSystemError,
  lacksDescriptors,
  NotOpenError,
  toCacheError,
} from '../api/errors.ts';
import { assertImageId } from '../api/image-id.ts';
import { imageName } from '../api/image-name.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';

type Operation<T> = (directory: Handle, context: DriverContext) => Promise<T>;

export type ImagePlace = 'cached' | 'incomplete' | 'invalid' | 'queue';

/** Calls the engine for the methods of a driver: checks ids before the call, and makes its errors typed. */
export class EngineCalls {
  readonly #dir: string;
  /** Defined from `configure()` to `close()`. */
  context: DriverContext | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws {@link NotOpenError} */
  get opened(): DriverContext {
    if (!this.context) throw new NotOpenError('the driver is not open: call configure() first', { path: this.#dir });
    return this.context;
  }

  close(): void {
    if (this.context) native.releaseSync(this.context.directory);
    this.context = undefined;
  }

  /**
   * Runs an operation on one image. While this process has no descriptor left, retries for up to `lockTimeoutMs`. If a
   * part of the layout was removed, creates it and retries. Errors become typed here, in the caller's own stack.
   */
  async callForImage<T>(imageId: string, operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    assertImageId(imageId);
    const context = this.opened;
    try {
      return await operation(context.directory, context);
    } catch (error) {
      const details = { imageId, path: this.path(imageId) };
      if (!(await this.#canRetry(error, context))) throw this.#toTypedError(error, context, details);
      return await this.#retry(error, operation, context, details, signal);
    }
  }

  async #retry<T>(
    failure: unknown,
    operation: Operation<T>,
    context: DriverContext,
    details: ErrorDetails,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    let lack = failure;
    const attempt = async () => {
      try {
        return await operation(context.directory, context);
      } catch (error) {
        if (!(await this.#canRetry(error, context))) throw this.#toTypedError(error, context, details);
        lack = error;
        return locked;
      }
    };
    const result = await retryWhileLocked(attempt, context.options.lockTimeoutMs, signal);
    if (result === locked) throw this.#toTypedError(lack, context, details);
    return result;
  }

  callForImageSync<T>(imageId: string, operation: (directory: Handle, context: DriverContext) => T): T {
    assertImageId(imageId);
    const context = this.opened;
    try {
      try {
        return operation(context.directory, context);
      } catch (error) {
        if (!this.#renewSync(error, context)) throw error;
        return operation(context.directory, context);
      }
    } catch (error) {
      throw this.#toTypedError(error, context, { imageId, path: this.path(imageId) });
    }
  }

  async #canRetry(error: unknown, context: DriverContext): Promise<boolean> {
    if (this.context !== context) return false;
    return lacksDescriptors(error) || (await this.#renew(error, context));
  }

  /**
   * Creates the parts of the layout that were removed under the open driver, for example by `rm -rf DIR/*`.
   *
   * @returns whether `error` came from such a part
   */
  async #renew(error: unknown, context: DriverContext): Promise<boolean> {
    const { directory } = context;
    if (!isMissing(error)) return false;
    try {
      return this.#useRenewed(await native.renewDirectoryAsync(directory), context, directory);
    } catch (failure) {
      throw this.#toTypedError(failure, context, this.#detailsOf(failure));
    }
  }

  #renewSync(error: unknown, context: DriverContext): boolean {
    const { directory } = context;
    if (!isMissing(error)) return false;
    try {
      return this.#useRenewed(native.renewDirectorySync(directory), context, directory);
    } catch (failure) {
      throw this.#toTypedError(failure, context, this.#detailsOf(failure));
    }
  }

  /** Uses a renewed directory. Operations that run in the old one keep it. */
  #useRenewed(renewed: Handle | null, context: DriverContext, old: Handle): boolean {
    if (renewed === null) return false;
    if (this.context === context && context.directory === old) context.directory = renewed;
    else native.releaseSync(renewed);
    return true;
  }

  /** Runs an operation on the whole directory. */
  async callForDirectory<T>(operation: (directory: Handle, context: DriverContext) => Promise<T>): Promise<T> {
    const context = this.opened;
    try {
      return await operation(context.directory, context);
    } catch (error) {
      throw this.#toTypedError(error, context, this.#detailsOf(error));
    }
  }

  /** Returns the file on which an operation on the whole directory failed. */
  #detailsOf(error: unknown): ErrorDetails {
    const file = isSystemError(error) ? error.path : undefined;
    return { path: file === undefined ? this.#dir : join(this.#dir, file) };
  }

  /** Returns the typed error. After a close it says so, whatever the operation failed with. */
  #toTypedError(error: unknown, context: DriverContext, details: ErrorDetails): unknown {
    if (this.context === context) return toCacheError(error, details);
    return new NotOpenError('the driver was closed meanwhile', { ...details, cause: error });
  }

  path(imageId: string, place: ImagePlace = 'cached'): string {
    return place === 'cached' ? join(this.#dir, imageId) : join(this.#dir, place, imageId);
  }

  /** Emits a miss, and returns the error for it. */
  notFound(context: DriverContext, imageId: string): ImageNotFoundError {
    context.report.miss(imageId);
    const message = `${imageName(imageId)} is not cached`;
    return new ImageNotFoundError(message, { imageId, path: this.path(imageId) });
  }
}

function isMissing(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ENOENT';
}
