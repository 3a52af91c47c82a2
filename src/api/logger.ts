import { ignoreErrors } from '../base/ignore-errors.ts';

/**
 * Logger of the caller, for example pino. An error of one of its methods is ignored.
 *
 * @since 0.1.0
 */
export interface Logger {
  /** Logs details for debugging. */
  debug(o: object, msg?: string): void;
  /** Logs a normal operation. */
  info(o: object, msg?: string): void;
  /** Logs a failure that did not fail the call. */
  warn(o: object, msg?: string): void;
  /** Logs a failure. */
  error(o: object, msg?: string): void;
}

/** Returns a logger whose errors neither reach the cache nor end the process. */
export function guarded(logger: Logger | undefined): Logger | undefined {
  if (!logger) return undefined;
  const guard = (level: keyof Logger) => (o: object, msg?: string) => ignoreErrors(() => logger[level](o, msg));
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}
