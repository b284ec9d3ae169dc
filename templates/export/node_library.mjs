// TensorFlow.js in Node: the files that the page loads, without the rest of its packages.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';

const require = createRequire(import.meta.url);

// It says on every start that a native package would be faster, and on every model what it thinks of it.
function quiet() {
  for (const name of ['log', 'info', 'warn']) console[name] = () => {};
}

export async function loadLibrary(folder, wasm) {
  quiet();
  const tf = require(join(folder, '@tensorflow/tfjs/dist/tf.es2017.min.js'));
  tf.enableProdMode();
  if (wasm) {
    const dist = join(folder, '@tensorflow/tfjs-backend-wasm/dist/');
    const file = join(dist, 'tf-backend-wasm.es2017.min.js');
    const module = { exports: {} };
    // The core that this file asks for by name is part of the one loaded above.
    const core = (name) => (name === '@tensorflow/tfjs-core' ? tf : require(name));
    const parameters = ['exports', 'module', 'require', '__filename', '__dirname'];
    compileFunction(readFileSync(file, 'utf8'), parameters)(module.exports, module, core, file, dist);
    // Threads would need a file of their own, and be no quicker for one row.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    module.exports.setWasmPaths(dist);
  }
  return tf;
}
