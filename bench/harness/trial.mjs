import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Starts one trial, in a process of its own, and answers what it printed. One that fails has found a wrong answer. */
export async function runTrial([command, ...args], signal) {
  try {
    const { stdout } = await run(command, args, { signal, maxBuffer: 64 * 1024 * 1024 });
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(`a trial failed: ${command} ${args.join(' ')}\n${error.stderr ?? ''}`, { cause: error });
  }
}
