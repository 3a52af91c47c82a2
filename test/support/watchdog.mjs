import { spawn } from 'node:child_process';

const script = `
  while :; do
    read -r -t "$0" beat; status=$?
    [ $status -eq 0 ] && continue
    [ $status -gt 128 ] && kill -KILL "$1"
    exit
  done`;

/**
 * Kills this process once its event loop has stood still for so long, also on the way out: so a call that never comes back,
 * on the main thread or in the pool, is a failure of its test file and not the end of all testing.
 */
export function killIfStuck(seconds) {
  const dog = spawn('bash', ['-c', script, `${seconds}`, `${process.pid}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  dog.stdin.on('error', () => {});
  dog.stdin.unref();
  dog.unref();
  setInterval(() => dog.stdin.write('\n'), 500).unref();
}
