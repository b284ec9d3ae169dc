// Answers rows with a TensorFlow.js model: node predict.mjs JOB. `tfjs_run.py` writes the job and reads the result.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { loadLibrary } from './node_library.mjs';
import { loadModel, run, shards } from './model.mjs';

// Rows asked for at once: enough to be quick, few enough for pictures to fit into memory.
const BATCH = 32;

const TYPES = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function readInput(input) {
  const bytes = readFileSync(input.file);
  if (input.dtype === 'string') return { ...input, values: JSON.parse(bytes) };
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { ...input, values: new TYPES[input.dtype](copy) };
}

// The rows from `start` to `end` of each input, by name.
function rows(tf, inputs, start, end) {
  return Object.fromEntries(inputs.map(({ name, dtype, shape, values }) => {
    const size = shape.slice(1).reduce((product, n) => product * n, 1);
    const part = values.slice(start * size, end * size);
    return [name, tf.tensor(part, [end - start, ...shape.slice(1)], dtype)];
  }));
}

async function answer(tf, model, inputs, start, end) {
  const given = rows(tf, inputs, start, end);
  const outputs = await run(tf, model, given);
  const read = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    read.push({ name, dtype: tensor.dtype, shape: tensor.shape, values: await tensor.data() });
  }
  tf.dispose([Object.values(given), Object.values(outputs)]);
  return read;
}

function joined(parts) {
  return parts[0].map((first, index) => {
    const all = parts.map((part) => part[index]);
    if (!first.shape.length || all.length === 1) return first;
    const values = all.flatMap(({ values }) => Array.from(values));
    return { ...first, shape: [all.reduce((sum, { shape }) => sum + shape[0], 0), ...first.shape.slice(1)], values };
  });
}

async function answers(tf, job, inputs, backend) {
  await tf.setBackend(backend);
  await tf.ready();
  // What the library and Node take is none of the model's.
  const before = process.memoryUsage().rss;
  const described = JSON.parse(readFileSync(join(job.model, 'model.json')));
  const data = Buffer.concat(shards(described).map((path) => readFileSync(join(job.model, path))));
  const model = await loadModel(tf, described, data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
  const count = inputs[0]?.shape[0] ?? 1;
  const one = Math.min(count, model.batch ?? 1);
  await answer(tf, model, inputs, 0, one);
  const memory = process.memoryUsage().rss - before;
  const step = Math.min(count, model.batch ?? BATCH);
  const parts = [];
  for (let start = 0; start < count; start += step) {
    parts.push(await answer(tf, model, inputs, start, Math.min(count, start + step)));
  }
  const times = [];
  for (let turn = 0; turn < job.repeat; turn += 1) {
    const from = performance.now();
    await answer(tf, model, inputs, 0, one);
    times.push(performance.now() - from);
  }
  return { outputs: joined(parts), times, memory };
}

async function main() {
  const job = JSON.parse(readFileSync(process.argv[2]));
  const inputs = job.inputs.map(readInput);
  const tf = await loadLibrary(job.library, job.backend !== 'cpu');
  let backend = job.backend === 'auto' ? 'wasm' : job.backend;
  let done;
  try {
    done = await answers(tf, job, inputs, backend);
  } catch (error) {
    // WASM knows fewer operations than plain JavaScript does; what fails there too is the model's own fault.
    if (job.backend !== 'auto') throw error;
    backend = 'cpu';
    done = await answers(tf, job, inputs, backend);
  }
  const outputs = done.outputs.map(({ name, dtype, shape, values }, index) => {
    const file = `output-${index}`;
    const bytes = dtype === 'string' ? JSON.stringify(Array.from(values)) : new Uint8Array(TYPES[dtype].from(values).buffer);
    writeFileSync(join(job.result, file), bytes);
    return { name, dtype, shape, file };
  });
  const result = {
    outputs,
    times: done.times,
    memoryBytes: Math.max(done.memory, 0),
    runtime: `node ${process.version} @tensorflow/tfjs ${tf.version.tfjs} (${backend})`,
  };
  writeFileSync(join(job.result, 'result.json'), JSON.stringify(result));
}

main().catch((error) => {
  // One line: it is the cause that people are shown.
  console.error(String(error?.message ?? error).replace(/\s+/g, ' ').trim());
  process.exitCode = 1;
});
