import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The `skip` of a test that traces a process: false, or the reason. */
export const needsStrace = await straceRefusal();

/**
 * Traces a thread that runs already, or with `allThreads` its whole process: attaching takes 10 ms, where a Node that is
 * started under strace takes half a second, and counts its calls from here.
 *
 * `calls` are traced (empty: all of them); what strace is to do to some is said by `inject`, in its own words. `detach()`
 * resolves to the lines that were traced.
 */
export async function attach(threadId, { calls = [], inject = [], allThreads = false } = {}) {
  const options = [`trace=${calls.length === 0 ? 'all' : calls.map((call) => `?${call}`).join()}`, ...inject];
  const args = ['-y', ...(allThreads ? ['-f'] : []), ...options.flatMap((option) => ['-e', option])];
  const strace = spawn('strace', [...args, '-p', String(threadId)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(strace, 'close');
  let output = '';
  strace.stderr.setEncoding('utf8');
  await new Promise((resolve, reject) => {
    strace.stderr.on('data', (text) => {
      output += text;
      if (/^strace: Process \d+ attached/m.test(output)) resolve();
    });
    closed.then(() => reject(new Error(`strace does not attach: ${output}`)), reject);
  });
  const detach = async () => {
    strace.kill('SIGINT');
    await closed;
    return output.split('\n').filter((line) => line !== '' && !line.startsWith('strace: '));
  };
  return { detach };
}

async function straceRefusal() {
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await once(sleeper, 'spawn');
    const { detach } = await attach(sleeper.pid);
    await detach();
    return false;
  } catch (error) {
    return error.code === 'ENOENT' ? 'needs strace' : `needs the right to trace (${error.message.trim()})`;
  } finally {
    sleeper.kill('SIGKILL');
  }
}
