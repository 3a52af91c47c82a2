import { write } from 'node:fs';
import { Socket } from 'node:net';
import { promisify, styleText } from 'node:util';

import { CliError, cliErrorCode } from './cli-error.ts';
import { exitCode } from './exit-code.ts';
import { printable, printableJson } from './printable.ts';

const stdoutDescriptor = 1;
const batchSize = 64 * 1024; // characters

const writeDescriptor = promisify(write);

/**
 * Tolerates a reader of the output that leaves before the end (`xattr-cache … | head -1`). The command does not fail:
 * it goes on, cleans up, and the rest of its output is dropped.
 */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (!isClosed(error)) process.exitCode = exitCode.failed;
    });
  }
}

/**
 * Writes to stdout, and waits until the system has the bytes. Returns false if the reader has left.
 *
 * @throws {@link CliError} if the write fails, for example because stdout is a file on a full disk
 */
export async function writeOut(data: string | Uint8Array): Promise<boolean> {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  try {
    await (process.stdout instanceof Socket ? writeToStream(process.stdout, bytes) : writeToFile(bytes));
    return true;
  } catch (error) {
    if (isClosed(error)) return false;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(cliErrorCode.output, `cannot write to stdout: ${reason}`, { cause: error });
  }
}

/** Prints a line on stderr. */
export function printError(message: string): void {
  process.stderr.write(`xattr-cache: ${printable(message)}\n`);
}

/** Prints lines as fast as they are read, and stops when the reader has left. */
export async function printLines(lines: Iterable<string>): Promise<void> {
  let batch = '';
  for (const line of lines) {
    batch += `${line}\n`;
    if (batch.length < batchSize) continue;
    if (!(await writeOut(batch))) return;
    batch = '';
  }
  if (batch !== '') await writeOut(batch);
}

/** Prints one object for a script on stdout. */
export async function printJson(value: object): Promise<void> {
  await printLines(jsonLines(value));
}

/** Yields each key on its own line, and below it each element of a list, since a list may exceed the longest string. */
export function* jsonLines(value: object): Generator<string, void, void> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  yield '{';
  for (const [index, [key, each]] of entries.entries()) {
    const comma = index < entries.length - 1 ? ',' : '';
    if (Array.isArray(each) && each.length > 0) {
      yield `  ${printableJson(key)}: [`;
      const last = each.length - 1;
      for (const [i, element] of each.entries()) yield `    ${printableJson(element)}${i < last ? ',' : ''}`;
      yield `  ]${comma}`;
    } else {
      yield `  ${printableJson(key)}: ${printableJson(each)}${comma}`;
    }
  }
  yield '}';
}

/** Returns the number of columns of the output; undefined if the output is no terminal. */
export function outputColumns(): number | undefined {
  // Some terminals have no size: 0. `COLUMNS` is the usual way to set it.
  const columns = process.stdout.columns || Number(process.env['COLUMNS']);
  return Number.isInteger(columns) && columns > 0 ? columns : undefined;
}

/** Returns styled text, or plain text if stdout is no terminal or `NO_COLOR` is set. */
export function paint(style: 'bold' | 'dim', text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

async function writeToStream(stream: Socket, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Node's own stream for files does not notice when the system has taken only a part. */
async function writeToFile(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await writeDescriptor(stdoutDescriptor, bytes, done, bytes.byteLength - done, null);
    done += bytesWritten;
  }
}

/**
 * Returns true for the error of a pipe or a socket whose reader has left. A socket with unread bytes has its own code.
 */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}
