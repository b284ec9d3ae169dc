// The last layer of the model: what goes into it, and a new one trained in its place.

import { execute, ordered } from './model.js';

// Between the last layer and the output; none of these has weights.
const PASSED = new Set(['Identity', 'Softmax', 'Sigmoid', 'BiasAdd', 'Add', 'AddV2']);
const plain = (input) => input.replace(/^\^/, '').split(':')[0];

// `{features, weights, bias, inputs, outputs, activation}`, or null where the model doesn't end with a dense layer.
export function findHead(tf, loaded) {
  const found = loaded.graph ? graphHead(loaded) : layersHead(tf, loaded);
  if (!found) return null;
  const [inputs, outputs] = found.shape;
  return { ...found, inputs, outputs };
}

function graphHead({ model, described, outputs }) {
  const nodes = new Map(described.modelTopology.node.map((node) => [node.name, node]));
  let node = nodes.get(plain(outputs[0].tensor));
  let activation = 'linear';
  let bias = null;
  const constant = (input) => model.weights[plain(input)]?.[0] ?? null;
  while (node && PASSED.has(node.op)) {
    if (node.op === 'Softmax' || node.op === 'Sigmoid') activation = node.op.toLowerCase();
    if (['BiasAdd', 'Add', 'AddV2'].includes(node.op)) {
      bias = constant(node.input[1]);
      if (!bias) return null;
    }
    node = nodes.get(plain(node.input[0]));
  }
  if (!node || !['MatMul', '_FusedMatMul'].includes(node.op)) return null;
  const fused = (node.attr?.fused_ops?.list?.s ?? []).map((text) => atob(text));
  if (fused.includes('Sigmoid')) activation = 'sigmoid';
  if (fused.some((name) => !['BiasAdd', 'Sigmoid'].includes(name))) return null;
  const matrix = constant(node.input[1]);
  if (!matrix || matrix.rank !== 2 || node.attr?.transpose_a?.b) return null;
  if (fused.includes('BiasAdd')) bias = constant(node.input[2]);
  const turned = Boolean(node.attr?.transpose_b?.b);
  const weights = turned ? matrix.transpose() : matrix;
  return { features: node.input[0], weights, bias, activation, shape: weights.shape };
}

function layersHead(tf, { model }) {
  let layer = model.outputs[0].sourceLayer;
  let activation = null;
  if (['Activation', 'Softmax'].includes(layer.getClassName())) {
    activation = layer.getConfig().activation ?? 'softmax';
    layer = layer.input.sourceLayer;
  }
  if (layer.getClassName() !== 'Dense' || layer.input.shape.length !== 2) return null;
  const [weights, bias = null] = layer.getWeights();
  const part = tf.model({ inputs: model.inputs, outputs: layer.input });
  return { part, weights, bias, activation: activation ?? layer.getConfig().activation, shape: weights.shape };
}

// What the last layer is given for these inputs, a row for each.
export async function features(tf, loaded, head, given) {
  const tensors = ordered(loaded, given);
  const result = head.part
    ? tf.tidy(() => head.part.predict(tensors.length === 1 ? tensors[0] : tensors))
    : await execute(tf, loaded, tensors, [head.features]);
  return Array.isArray(result) ? result[0] : result;
}

// The last layer as it is, as plain numbers: `{weights: [[...] for each class], bias, activation}`.
export async function original(head) {
  const flat = await head.weights.data();
  const offsets = head.bias ? await head.bias.data() : new Float32Array(head.outputs);
  const columns = Array.from({ length: head.outputs }, (_, column) => Array.from({ length: head.inputs }, (_, row) => flat[row * head.outputs + column]));
  return { weights: columns, bias: Array.from(offsets), activation: head.activation };
}

// A layer to start from: the model's own, widened by classes that it hasn't, or one of new classes alone.
export function beginning(model, { kind, classes, known, inputs }) {
  if (kind === 'number') return model;
  const zero = () => new Array(inputs).fill(0);
  let { weights, bias } = model;
  if (known && model.activation === 'sigmoid' && bias.length === 1) {
    // Yes or no is a choice between two, of which the first always has the score 0.
    [weights, bias] = [[zero(), weights[0]], [0, bias[0]]];
  }
  return {
    activation: 'softmax',
    weights: classes.map((_, index) => (known ? weights[index] : null) ?? zero()),
    bias: classes.map((_, index) => (known ? bias[index] : null) ?? 0),
  };
}

// Trains a layer on rows of features. What it started from is held on to: few examples say little about the rest.
export async function train(tf, { rows, targets, start, kind, hold, steps, onStep }) {
  const count = start.bias.length;
  const x = tf.tensor2d(rows);
  const y = kind === 'number' ? tf.tensor2d(targets, [targets.length, 1]) : tf.oneHot(tf.tensor1d(targets, 'int32'), count);
  const from = [tf.tidy(() => tf.tensor2d(start.weights).transpose()), tf.tensor1d(start.bias)];
  const [weights, bias] = from.map((tensor) => tf.variable(tensor));
  // Numbers may be of any size; steps go with it.
  const size = tf.tidy(() => x.square().sum(1).mean().sqrt().dataSync()[0]) || 1;
  const optimizer = tf.train.adam(kind === 'number' ? 0.05 : Math.min(0.05, 0.5 / size));
  const scores = () => tf.add(tf.matMul(x, weights), bias);
  const loss = () => {
    const out = scores();
    const error = kind === 'number' ? tf.losses.meanSquaredError(y, start.activation === 'sigmoid' ? tf.sigmoid(out) : out) : tf.losses.softmaxCrossEntropy(y, out);
    return error.add(weights.sub(from[0]).square().sum().add(bias.sub(from[1]).square().sum()).mul(hold));
  };
  let last = NaN;
  for (let step = 0; step < steps; step += 1) {
    const value = optimizer.minimize(loss, true, [weights, bias]);
    if (step % 10 === 9 || step === steps - 1) {
      [last] = await value.data();
      onStep((step + 1) / steps, last);
      // Lets the page answer to the person.
      await new Promise((resolve) => setTimeout(resolve));
    }
    value.dispose();
  }
  const columns = tf.tidy(() => weights.transpose().arraySync());
  const result = { weights: columns, bias: Array.from(await bias.data()), activation: start.activation, loss: last };
  tf.dispose([x, y, ...from, weights, bias]);
  optimizer.dispose();
  return result;
}

// What a layer answers to one row of features: small enough to need no library.
export function applyLayer({ weights, bias, activation }, row) {
  const scores = bias.map((offset, column) => weights[column].reduce((sum, weight, index) => sum + weight * row[index], offset));
  if (activation === 'sigmoid') return scores.map((score) => 1 / (1 + Math.exp(-score)));
  if (activation !== 'softmax') return scores;
  const most = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - most));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
}
