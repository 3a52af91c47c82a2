import { ignoreErrors } from '../base/ignore-errors.ts';

/** pino's shape; anything with these four methods will do. If one throws or rejects, its error is ignored. */
export interface Logger {
  /** What is of interest to whoever looks for a fault. */
  debug(o: object, msg?: string): void;
  /** What is done. */
  info(o: object, msg?: string): void;
  /** What went wrong and could be done without. */
  warn(o: object, msg?: string): void;
  /** What went wrong. */
  error(o: object, msg?: string): void;
}

/** The caller's logger; its errors do not reach the cache, nor end the process. */
export function guarded(logger: Logger | undefined): Logger | undefined {
  if (!logger) return undefined;
  const guard = (level: keyof Logger) => (o: object, msg?: string) => ignoreErrors(() => logger[level](o, msg));
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}
