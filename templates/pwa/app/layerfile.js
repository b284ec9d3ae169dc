// A trained layer as a file, to take to another device.

import { make } from './dom.js';

const FORMAT = 1;
const LARGEST = 64e6;

export function exportLayer(layer, facts) {
  const { weights, bias, activation, classes } = layer;
  const text = JSON.stringify({ format: FORMAT, model: facts.model, weights, bias, activation, classes });
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = make('a', { href: url, download: `${facts.title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'model'}-layer.json` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const isNumbers = (value, count) => Array.isArray(value) && value.length === count && value.every(Number.isFinite);

// Only what this page could have written itself is taken.
export async function importLayer(file, inputs, kind) {
  const wrong = (why) => new Error(`${file.name} can’t be used: ${why}.`);
  if (file.size > LARGEST) throw wrong('it is too large');
  let layer;
  try {
    layer = JSON.parse(await file.text());
  } catch {
    throw wrong('it is no JSON');
  }
  const { format, weights, bias, activation, classes } = layer ?? {};
  if (format !== FORMAT) throw wrong('it is no layer that such a page has saved');
  const count = bias?.length ?? 0;
  if (!count || !isNumbers(bias, count) || !Array.isArray(weights) || weights.length !== count) throw wrong('its numbers are incomplete');
  if (!weights.every((column) => isNumbers(column, inputs))) throw wrong('it was trained for another model');
  if (!['softmax', 'sigmoid', 'linear'].includes(activation)) throw wrong('it is of a kind unknown here');
  if (kind === 'classes') {
    if (!Array.isArray(classes) || classes.length !== count || activation !== 'softmax') throw wrong('it has no names of classes');
    return { weights, bias, activation, classes: classes.map(String) };
  }
  if (count !== 1) throw wrong('it was trained for another model');
  return { weights, bias, activation, classes: [] };
}
