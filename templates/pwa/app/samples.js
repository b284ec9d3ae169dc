// One row of each input that is the same whoever makes it (`sample` in pwa.py), and whether answers to it agree.

export function size(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

// The shape of one row: what is free is 1.
export function rowShape({ shape }) {
  return shape.map((n) => n ?? 1);
}

// The shape of `count` rows of `length` values in all. A free size beside that of the rows is what the values fill.
export function filledShape({ shape }, count, length) {
  const sizes = shape.map((n, index) => (index === 0 ? n ?? count : n));
  const free = sizes.indexOf(null);
  const known = size(sizes.filter((n) => n !== null));
  return sizes.map((n, index) => (index === free ? Math.max(1, length / known) : n ?? 1));
}

// Whether a row has as many values as one likes.
export const isFree = ({ shape }) => shape.slice(1).filter((n) => n === null).length === 1;

export function isWhole(dtype) {
  return !/^(float|bfloat|half|double|bool|string)/.test(dtype);
}

// The type that TensorFlow.js has for a type of TensorFlow.
export function typeOf({ dtype }) {
  if (dtype === 'string' || dtype === 'bool') return dtype;
  return isWhole(dtype) ? 'int32' : 'float32';
}

export function sample(described) {
  const count = size(rowShape(described));
  const type = typeOf(described);
  if (type === 'string') return new Array(count).fill('a sample');
  const [low, high] = described.range ?? [0, 1];
  const value = (index) => low + (((index * 7919) % 1013) / 1013) * (high - low);
  if (type === 'bool') return Uint8Array.from({ length: count }, (_, index) => value(index) > (low + high) / 2);
  if (type === 'int32') return Int32Array.from({ length: count }, (_, index) => Math.floor(value(index)));
  return Float32Array.from({ length: count }, (_, index) => value(index));
}

// Graphics hardware may compute with half the digits, so near is good enough; a wrong kernel is far off.
const NEAR = 0.02;

export function agree(check, answers) {
  return Object.entries(check).every(([name, expected]) => {
    const values = answers[name]?.values;
    if (!values) return false;
    const scale = Math.max(1, ...expected.map(Math.abs));
    return expected.every((value, index) => Math.abs(value - values[index]) <= NEAR * scale);
  });
}
