/** pino's shape; anything with these four methods will do. */
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
