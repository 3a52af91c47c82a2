import { getXattr, getXattrSync, incXattr, incXattrSync, setXattr, setXattrSync } from '../../../dist/index.js';
import { before } from './scenes.mjs';

const path = ({ driver }) => driver.getImageFilepath('a');

function attribute(name, run, answer) {
  return {
    name,
    before,
    after: before,
    answer,
    prepare: (scene) => setXattrSync(path(scene), 'count', 7),
    run: (scene) => run(path(scene)),
  };
}

/** One that writes: what it says is done is on the file, and what it says failed is not. */
function writing(name, run) {
  return {
    ...attribute(name, run),
    finish: (scene) => {
      const value = getXattrSync(path(scene), 'count').toString();
      return value === (scene.error ? '7' : '12') ? undefined : `the attribute is ${value}`;
    },
  };
}

export const attributeOperations = [
  attribute('get an attribute', (file) => getXattrSync(file, 'count').toString(), '7'),
  attribute('get an attribute, in the pool', async (file) => (await getXattr(file, 'count')).toString(), '7'),
  writing('set an attribute', (file) => setXattrSync(file, 'count', 12)),
  writing('set an attribute, in the pool', (file) => setXattr(file, 'count', 12)),
  writing('increment', (file) => void incXattrSync(file, 'count', 5)),
  writing('increment, in the pool', async (file) => void (await incXattr(file, 'count', 5))),
];
