// Debian's glance-api as it is: sqlite, a store of files, no authentication, the cache middleware over the xattr driver.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { defer } from '../support/defer.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const run = promisify(execFile);
const missing = ['glance-api', 'glance-manage'].filter((program) => !existsSync(`/usr/bin/${program}`));
const startTimeoutMs = 60_000;

/** The `skip` of a test that works with the service: false, or the reason. */
export const needsGlanceApi = missing.length > 0 && `not installed: ${missing.join(', ')} (Debian's glance-api)`;

/**
 * A glance-api of its own on loopback, and its cache directory. `upload(bytes)` resolves to an image's id, `request` is
 * `fetch` of one of its paths, and `tool('pruner')` runs glance-cache-pruner beside it: or `cleaner`, or `prefetcher`.
 */
export async function glanceApi(t, { maxSize = 2 ** 30 } = {}) {
  const root = await temporaryDirectory(t);
  const port = await freePort();
  const dir = join(root, 'cache');
  const config = join(root, 'glance-api.conf');
  for (const part of ['images', 'staging', 'tasks', 'lock', 'policy.d', 'cache']) mkdirSync(join(root, part));
  writeFileSync(config, configuration({ root, dir, port, maxSize }));
  // A request without authentication has no roles either.
  writeFileSync(join(root, 'policy.yaml'), policies.map((name) => `"${name}": ""\n`).join(''));
  await run('/usr/bin/glance-manage', ['--config-file', config, 'db_sync']);

  const child = spawn('/usr/bin/glance-api', ['--config-file', config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  defer(t, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const request = (path, options) => fetch(`http://127.0.0.1:${port}${path}`, options);
  for (const startMs = performance.now(); !(await answers(request)); await sleep(100)) {
    if (child.exitCode === null && performance.now() - startMs < startTimeoutMs) continue;
    throw new Error(`glance-api does not answer: ${readFileSync(join(root, 'api.log')).subarray(-2_000)}`);
  }

  const upload = async (bytes) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'image', container_format: 'bare', disk_format: 'raw' });
    const { id } = await (await request('/v2/images', { method: 'POST', headers, body })).json();
    const type = { 'content-type': 'application/octet-stream' };
    const { status } = await request(`/v2/images/${id}/file`, { method: 'PUT', headers: type, body: bytes });
    if (status !== 204) throw new Error(`uploading: ${status}`);
    return id;
  };
  const tool = async (name) => await run('/usr/bin/python3', ['-B', '-c', toolProgram(name), '--config-file', config]);
  return { dir, request, upload, tool };
}

/** Sets the thread model: Glance never does, so its prefetcher would stop immediately (LP 2065087). The others need none. */
function toolProgram(name) {
  return `
from glance import async_
async_.set_threadpool_model('native')
from glance.cmd.cache_${name} import main
main()`;
}

async function answers(request) {
  try {
    return (await request('/versions')).status < 500;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const policies = [
  'default',
  'manage_image_cache',
  'cache_image',
  'cache_list',
  'cache_delete',
  'add_image',
  'delete_image',
  'get_image',
  'get_images',
  'modify_image',
  'upload_image',
  'download_image',
];

function configuration({ root, dir, port, maxSize }) {
  return `[DEFAULT]
bind_host = 127.0.0.1
bind_port = ${port}
workers = 0
public_endpoint = http://127.0.0.1:${port}
enabled_backends = store:file
image_cache_dir = ${dir}
image_cache_driver = xattr
image_cache_max_size = ${maxSize}
log_file = ${root}/api.log
use_stderr = False
enforce_secure_rbac = False
[database]
connection = sqlite:///${root}/glance.sqlite
[glance_store]
default_backend = store
[store]
filesystem_store_datadir = ${root}/images
[os_glance_staging_store]
filesystem_store_datadir = ${root}/staging
[os_glance_tasks_store]
filesystem_store_datadir = ${root}/tasks
[paste_deploy]
flavor = cachemanagement
config_file = /etc/glance/glance-api-paste.ini
[oslo_concurrency]
lock_path = ${root}/lock
[oslo_policy]
policy_file = ${root}/policy.yaml
policy_dirs = ${root}/policy.d
[oslo_messaging_notifications]
driver = noop
`;
}
