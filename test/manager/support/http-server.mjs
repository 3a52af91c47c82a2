import { once } from 'node:events';
import { createServer } from 'node:http';

import { defer } from '../../support/defer.mjs';

/** Serves `handlers` by path until `t` is over. `closed(path)` resolves when the response of that path has ended. */
export async function serve(t, handlers) {
  const closed = Object.fromEntries(Object.keys(handlers).map((path) => [path, deferred()]));
  const server = createServer((request, response) => {
    const path = request.url.slice(1);
    response.on('close', () => closed[path].resolve());
    handlers[path](response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, closed: (path) => closed[path].promise };
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => {
    made.resolve = resolve;
  });
  return made;
}
