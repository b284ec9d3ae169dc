// A TensorFlow.js model of either format, asked by the names of its inputs: in Node, and as a part of the page.

// `described` is model.json, `data` an ArrayBuffer of all shards one after the other.
export async function loadModel(tf, described, data) {
  const { weightsManifest = [], ...rest } = described;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const graph = described.format === 'graph-model';
  const load = graph ? tf.loadGraphModel : tf.loadLayersModel;
  const model = await load(tf.io.fromMemory({ ...rest, weightSpecs, weightData: data }));
  const inputs = graph ? named(model.inputs, described.signature?.inputs) : layers(model.inputs);
  const outputs = graph ? named(model.outputs, described.signature?.outputs) : layers(model.outputs);
  return { model, graph, inputs, outputs, described, batch: fixedBatch(model.inputs) };
}

// The shards' names, in the order in which they are to be joined.
export function shards(described) {
  return (described.weightsManifest ?? []).flatMap(({ paths }) => paths);
}

// What callers name an input or output, beside what the model does.
function named(tensors, signature) {
  if (!signature) return tensors.map(({ name }) => ({ name: name.split(':')[0], tensor: name }));
  return Object.entries(signature).map(([name, info]) => ({ name, tensor: info.name ?? name }));
}

// Keras names inputs and outputs by their layers.
function layers(tensors) {
  return tensors.map(({ sourceLayer }) => ({ name: sourceLayer.name, tensor: sourceLayer.name }));
}

function fixedBatch(inputs) {
  const first = inputs[0]?.shape?.[0];
  return first > 0 ? first : undefined;
}

// Tensors in the order of the model's inputs, given by name; where a name fits none, by position.
export function ordered({ inputs }, given) {
  const values = Object.values(given);
  if (values.length !== inputs.length) {
    throw new Error(`the model takes ${inputs.length} inputs, and ${values.length} are given`);
  }
  const known = inputs.every(({ name }) => name in given);
  return inputs.map(({ name }, index) => (known ? given[name] : values[index]));
}

// Outputs by name for inputs by name.
export async function run(tf, loaded, given) {
  const { model, graph, outputs } = loaded;
  const tensors = ordered(loaded, given);
  let results;
  if (graph) {
    results = await execute(tf, loaded, tensors, outputs.map(({ tensor }) => tensor));
  } else {
    results = tf.tidy(() => model.predict(tensors.length === 1 ? tensors[0] : tensors));
  }
  results = Array.isArray(results) ? results : [results];
  return Object.fromEntries(outputs.map(({ name }, index) => [name, results[index]]));
}

// What a graph model has at the named nodes.
export async function execute(tf, { model, inputs }, tensors, fetches) {
  const feeds = Object.fromEntries(inputs.map(({ tensor }, index) => [tensor, tensors[index]]));
  try {
    return tf.tidy(() => model.execute(feeds, fetches));
  } catch (error) {
    // Loops, conditions and operations whose outputs have no known size.
    if (!/executeAsync/.test(error.message)) throw error;
    return model.executeAsync(feeds, fetches);
  }
}
