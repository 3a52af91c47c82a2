import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const dist = new URL('../../dist/index.js', import.meta.url);

/**
 * Runs a script in a Node of its own until it ends by itself, and resolves to what it printed. It finds the package's
 * exports in `xattrCache` and its arguments in `args`.
 */
export async function runScript(source, args = [], { execArgv = [], env = process.env, timeoutMs = 20_000 } = {}) {
  const prelude = `import * as xattrCache from '${dist}';\nconst args = process.argv.slice(1);\n`;
  const argv = [...execArgv, '--input-type=module', '--eval', prelude + source, '--', ...args];
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  const exited = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = await exited;
  if (code !== 0) throw new Error(`the script ended with ${code ?? signal}: ${stderr}`);
  return stdout;
}
