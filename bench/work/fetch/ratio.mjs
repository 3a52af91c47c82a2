import { expectEqual } from '../../harness/contents.mjs';
import { startProcess } from './processes.mjs';

/** How often an image is fetched that several processes ask for, all of them for all images, each in an order of its own. */
export async function run(peer, { processes, images, size }) {
  const all = await Promise.all(Array.from({ length: processes }, () => startProcess(peer)));
  const answers = await Promise.all(all.map(({ ask }, number) => ask('readAll', { number, images, size })));
  await Promise.all(all.map(({ end }) => end()));
  for (const { bytes } of answers) expectEqual(bytes, images * size, 'bytes read');
  const fetches = answers.reduce((sum, answer) => sum + answer.fetches, 0);
  return { batches: [fetches / images], fetches };
}
