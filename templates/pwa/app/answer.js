// The answer, as its kind asks for: classes with bars, numbers, pictures.

import { make } from './dom.js';
import { paint } from './pixels.js';

// Classes in their own order up to this many; of more, the likeliest.
const ALL = 10;
const LIKELIEST = 6;
const VALUES = 60;
// Between two answers that are spoken, in ms.
const PAUSE = 1200;

export function softmax(values) {
  const most = Math.max(...values);
  const parts = Array.from(values, (value) => Math.exp(value - most));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
}

function areShares(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) < 0.02 && values.every((value) => value >= -1e-6);
}

// What an output of one row is: `{kind, values}`, with shares for classes.
export function understand({ shape, values }, labels) {
  const plain = Array.from(values);
  if (plain.length === 1) return { kind: 'number', values: plain };
  const flat = shape.filter((n) => n !== 1).length <= 1;
  if (flat && plain.every((value) => typeof value === 'number')) {
    if (areShares(plain)) return { kind: 'classes', values: plain };
    if (labels?.length === plain.length) return { kind: 'classes', values: softmax(plain) };
  }
  const [height, width, channels] = shape.length === 4 ? shape.slice(1) : [...shape.slice(1), 1];
  if (shape.length >= 3 && [1, 3].includes(channels) && height >= 16 && width >= 16) {
    return { kind: 'picture', values: plain, spec: { height, width, channels } };
  }
  return { kind: 'values', values: plain };
}

export const percent = (share) => `${(share * 100).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;

export function number(value) {
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1e5 || (size < 1e-3 && size > 0)) return Number(value.toPrecision(5)).toString().replace('-', '−');
  return value.toFixed(size >= 100 ? 1 : size >= 1 ? 3 : 4).replace('-', '−');
}

const nameOf = (labels, index) => labels?.[index] ?? String(index);

export class AnswerView {
  constructor(place, spoken) {
    this.place = place;
    this.spoken = spoken;
    this.bars = [];
    this.state = null;
  }

  waiting(text) {
    this.state = null;
    clearTimeout(this.later);
    this.spoken.textContent = '';
    this.place.replaceChildren(make('p', { class: 'waiting' }, text));
  }

  // `answers` are outputs by name of one row.
  show(answers, labels) {
    const parts = Object.entries(answers).map(([name, output]) => ({ name, ...understand(output, labels) }));
    const state = JSON.stringify([parts.map(({ name, kind, values }) => [name, kind, values.length]), labels]);
    if (state !== this.state) {
      this.state = state;
      this.updates = [];
      this.place.replaceChildren(...parts.map((part) => this.build(part, parts.length > 1, labels)));
    }
    for (const [index, part] of parts.entries()) this.updates[index](part);
    const said = parts.map((part) => this.say(part, labels)).join('; ');
    this.short = said.replace(', ', ' · ').replace(' percent', ' %');
    this.announce(said);
  }

  // For who listens: not with each stroke, nor with each picture of the camera.
  announce(said) {
    clearTimeout(this.later);
    const wait = (this.announced ?? -Infinity) + PAUSE - performance.now();
    this.later = setTimeout(() => {
      if (this.spoken.textContent !== said) this.spoken.textContent = said;
      this.announced = performance.now();
    }, Math.max(0, wait));
  }

  say({ name, kind, values }, labels) {
    if (kind === 'classes') {
      const best = values.indexOf(Math.max(...values));
      return `${nameOf(labels, best)}, ${Math.round(values[best] * 100)} percent`;
    }
    return kind === 'number' ? `${name}: ${number(values[0])}` : `${name}: ${values.length} values`;
  }

  build(part, titled, labels) {
    const kinds = { classes: this.classes, number: this.number, values: this.values, picture: this.picture };
    const element = kinds[part.kind].call(this, part, labels);
    return make('div', { class: 'output' }, titled ? make('h3', {}, part.name) : null, element);
  }

  classes({ values }, labels) {
    const count = values.length;
    const best = make('span', { class: 'best' });
    const share = make('span', { class: 'share' });
    const rows = Array.from({ length: count <= ALL ? count : LIKELIEST }, () => {
      const [name, value] = [make('span', { class: 'bar-name' }), make('span', { class: 'bar-value' })];
      const fill = make('span', { class: 'bar-fill' });
      return { name, value, fill, row: make('li', {}, name, make('span', { class: 'bar', 'aria-hidden': 'true' }, fill), value) };
    });
    this.updates.push(({ values: shares }) => {
      const order = shares.map((_, index) => index).sort((a, b) => shares[b] - shares[a]);
      best.textContent = nameOf(labels, order[0]);
      best.classList.toggle('long', best.textContent.length > 3);
      share.textContent = percent(shares[order[0]]);
      const shown = count <= ALL ? shares.map((_, index) => index) : order;
      for (const [position, { name, value, fill, row }] of rows.entries()) {
        const index = shown[position];
        name.textContent = nameOf(labels, index);
        name.title = name.textContent;
        value.textContent = percent(shares[index]);
        fill.style.width = `${Math.max(0, Math.min(1, shares[index])) * 100}%`;
        row.classList.toggle('likeliest', index === order[0]);
      }
    });
    return make('div', { class: 'classes' }, make('p', { class: 'headline' }, best, share), make('ul', { class: 'bars' }, rows.map(({ row }) => row)));
  }

  number({ name }) {
    const value = make('span', { class: 'best' });
    this.updates.push(({ values }) => {
      value.textContent = number(values[0]);
      value.classList.toggle('long', value.textContent.length > 3);
    });
    return make('p', { class: 'headline' }, value, make('span', { class: 'share' }, name));
  }

  values({ values }) {
    const cells = Array.from({ length: Math.min(values.length, VALUES) }, () => make('li'));
    this.updates.push(({ values: given }) => {
      for (const [index, cell] of cells.entries()) cell.textContent = number(given[index]);
    });
    const more = values.length > VALUES ? make('p', { class: 'muted small' }, `The first ${VALUES} of ${values.length} values.`) : null;
    return make('div', {}, make('ol', { class: 'values' }, cells), more);
  }

  picture({ spec }) {
    const canvas = make('canvas', { class: 'shown', role: 'img', 'aria-label': 'The answer, a picture' });
    this.updates.push(({ values }) => {
      const range = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
      paint(canvas, values, spec, range);
    });
    return canvas;
  }
}
