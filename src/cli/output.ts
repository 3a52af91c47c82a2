/**
 * Whoever reads our output may leave before its end (`xattr-cache … | head -1`). That is no failure of the command: it
 * goes on, cleans up, and what it still has to say is dropped.
 */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** One object for a script, on stdout. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
