/** A logger of pino's shape that remembers, as pino does, on `this`. */
export function remembering() {
  return {
    lines: [],
    debug(...line) {
      this.lines.push(['debug', ...line]);
    },
    info(...line) {
      this.lines.push(['info', ...line]);
    },
    warn(...line) {
      this.lines.push(['warn', ...line]);
    },
    error(...line) {
      this.lines.push(['error', ...line]);
    },
  };
}
