import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import { attach } from './strace.mjs';
import { tracedCalls } from './traced-calls.mjs';

const program = new URL('./host.mjs', import.meta.url);

/** A process that runs operations, and can be traced and made to fail while it does; `kill()` it in the end. */
export class TracedHost {
  #child;
  #exited;
  /** The thread's numbers: `main`, and `pool`. */
  #threads;

  constructor() {
    // One thread in the pool, so that its calls come in the same order each time.
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
    this.#child = fork(program, [], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#exited = once(this.#child, 'exit');
    this.#threads = this.#next().then((pool) => ({ main: this.#child.pid, pool }));
    this.#threads.catch(() => {}); // Reported by the next call of a method.
  }

  /** Opens the cache in `dir` and makes it what the operation `name` starts from. */
  async prepare(name, dir) {
    await this.#step('prepare', { name, dir });
  }

  async run() {
    await this.#step('run');
  }

  /** Runs it to its end, and resolves to the calls that it made. */
  async trace(dir, refused) {
    const threads = await this.#threads;
    const { detach } = await attach(threads.main, { inject: refusal(refused), allThreads: true });
    await this.#step('run');
    return tracedCalls(await detach(), dir, threads);
  }

  /** Runs it with what `fault` says done to one call, and resolves to the lines of all calls of that name. */
  async runWithFault({ thread, call, nth }, fault, refused) {
    const inject = [...refusal(refused), `inject=${call}:${fault}:when=${nth}`];
    const { detach } = await attach((await this.#threads)[thread], { calls: [call, refused ?? call], inject });
    const died = await this.#step('run').then(
      () => false,
      () => true,
    );
    return { died, lines: await detach() };
  }

  /** Outcome of the operation, and its leftovers in the process. `excused`: it may have done less than it reported. */
  async finish({ excused = false } = {}) {
    const outcome = await this.#step('finish', { excused });
    const locks = (await readFile('/proc/locks', 'utf8')).split('\n');
    const own = new RegExp(`FLOCK .* ${this.#child.pid} `);
    return { ...outcome, locked: locks.filter((lock) => own.test(lock)) };
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #step(step, args) {
    await this.#threads;
    const answer = this.#next();
    this.#child.send({ step, args });
    return await answer;
  }

  /** Resolves to the next message of the process. */
  async #next() {
    const over = new AbortController();
    const gone = this.#exited.then(([code, signal]) => {
      throw new Error(`the traced process has gone: ${code ?? signal}`);
    });
    const [{ value, failure }] = await Promise.race([
      once(this.#child, 'message', { signal: over.signal }),
      gone,
    ]).finally(() => over.abort());
    if (failure !== undefined) throw new Error(failure);
    return value;
  }
}

function refusal(call) {
  return call === undefined ? [] : [`inject=${call}:error=EPERM`];
}
