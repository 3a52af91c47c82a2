/** A logger like pino's, which stores its lines on `this`. */
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
