// The model in this browser: loaded for a backend, asked for answers.

import { BACKENDS, measure, quickest, use } from './backend.js';
import { loadModel, run, shards } from './model.js';
import { agree, filledShape, sample, typeOf } from './samples.js';

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} can't be loaded (${response.status})`);
  return response;
}

function join(buffers) {
  const all = new Uint8Array(buffers.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const buffer of buffers) {
    all.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  return all.buffer;
}

export class Engine {
  constructor(tf, facts) {
    this.tf = tf;
    this.facts = facts;
    this.backend = null;
    this.loaded = null;
    // Answers one after the other: the backend is one for all.
    this.last = Promise.resolve();
  }

  async fetch() {
    this.described = await (await fetched('model/model.json')).json();
    const parts = shards(this.described).map(async (path) => (await fetched(`model/${path}`)).arrayBuffer());
    this.data = join(await Promise.all(parts));
  }

  // Measures the backends, and loads the model for the quickest that is right, or for `wanted` if it works.
  async start(wanted) {
    const attempt = async (id) => {
      await this.load(id);
      return this.isRight();
    };
    const state = `${this.facts.library} ${this.facts.bytes} ${JSON.stringify(this.facts.check)} ${navigator.userAgent}`;
    this.results = await measure(attempt, state);
    this.fastest = quickest(this.results);
    const works = this.results.some(({ id, why }) => id === wanted && !why);
    const first = works ? wanted : this.fastest;
    if (!first) throw new Error(this.results.find(({ id }) => id === 'cpu')?.why ?? 'nothing here can compute this model');
    // What worked on the last visit may not today; the plainest always does.
    const order = [first, ...BACKENDS.map(({ id }) => id).filter((id) => id !== first).reverse()];
    for (const id of order) {
      try {
        await this.load(id);
        return;
      } catch (error) {
        if (id === order.at(-1)) throw error;
      }
    }
  }

  // The model anew for each backend: not every one gives up what it holds.
  async load(id) {
    if (this.backend === id && this.loaded) return;
    this.loaded?.model.dispose();
    this.loaded = null;
    await use(this.tf, id);
    this.loaded = await loadModel(this.tf, this.described, this.data);
    this.backend = id;
  }

  // Whether the backend answers the sample as plain JavaScript did when the site was made.
  async isRight() {
    const answers = await this.answer(this.samples());
    return !this.facts.check || agree(this.facts.check, answers);
  }

  samples() {
    return Object.fromEntries(this.facts.inputs.map((input) => [input.name, sample(input)]));
  }

  // Tensors of rows, given as flat values by the input's name.
  tensors(given, count = 1) {
    return Object.fromEntries(this.facts.inputs.map((input) => {
      const values = given[input.name];
      return [input.name, this.tf.tensor(values, filledShape(input, count, values.length), typeOf(input))];
    }));
  }

  // `{name: {shape, dtype, values}}`; `ms` of it is told beside.
  answer(given, count = 1) {
    return this.inTurn(async () => {
      const start = performance.now();
      const tensors = this.tensors(given, count);
      let outputs = {};
      try {
        outputs = await run(this.tf, this.loaded, tensors);
        const read = {};
        for (const [index, [name, tensor]] of Object.entries(outputs).entries()) {
          const known = this.facts.outputs.some((output) => output.name === name);
          const key = known ? name : this.facts.outputs[index]?.name ?? name;
          read[key] = { shape: tensor.shape, dtype: tensor.dtype, values: await tensor.data() };
        }
        this.ms = performance.now() - start;
        return read;
      } finally {
        this.tf.dispose([Object.values(tensors), Object.values(outputs)]);
      }
    });
  }

  // Runs `work` when what was asked before has ended.
  inTurn(work) {
    const next = this.last.then(work, work);
    this.last = next.catch(() => {});
    return next;
  }
}
