// Inputs that are numbers or texts.

import { make, newId } from './dom.js';
import { isFree, isWhole, rowShape, size, typeOf } from './samples.js';

// More numbers than this are one list to paste.
const FIELDS = 48;
const sign = (number) => String(number).replace('-', '−');
const APART = /[\s,;]+/;

export function numbersIn(text) {
  return text.split(/[^0-9eE+.\-]+/).filter((part) => part !== '').map(Number);
}

export class NumberInput {
  constructor(input, onChange) {
    this.input = input;
    this.count = size(rowShape(input));
    this.type = typeOf(input);
    this.onChange = onChange;
    this.free = isFree(input);
    this.element = this.count <= FIELDS && !this.free ? this.fields() : this.list();
  }

  fields() {
    const { name, range, names } = this.input;
    const whole = isWhole(this.input.dtype);
    this.boxes = Array.from({ length: this.count }, (_, index) => make('input', {
      type: 'text', inputmode: whole ? 'numeric' : 'decimal', autocomplete: 'off', placeholder: '0',
      id: newId('number'), oninput: () => this.onChange(), onpaste: (event) => this.paste(event, index),
    }));
    const labels = this.boxes.map((box, index) => make('label', { class: 'field', for: box.id },
      make('span', {}, names?.[index] ?? (this.count === 1 ? name : `${name} ${index + 1}`)), box));
    const told = [
      range ? `Values from ${sign(range[0])} to ${sign(range[1])}.` : null,
      this.count > 1 ? 'Paste a list, such as 1.5, 2, 3, to fill several at once.' : null,
    ].filter(Boolean).join(' ');
    return make('div', { class: 'numbers' },
      make('div', { class: 'grid' }, labels),
      told ? make('p', { class: 'muted small' }, told) : null);
  }

  paste(event, index) {
    const text = event.clipboardData?.getData('text') ?? '';
    const parts = text.trim().replace(/^[[(]|[\])]$/g, '').split(APART).filter(Boolean);
    if (parts.length < 2) return;
    event.preventDefault();
    for (const [offset, part] of parts.entries()) {
      if (this.boxes[index + offset]) this.boxes[index + offset].value = part;
    }
    this.onChange();
  }

  list() {
    const id = newId('list');
    this.area = make('textarea', { id, rows: 6, spellcheck: false, oninput: () => this.onChange() });
    this.told = make('p', { class: 'muted small', role: 'status' });
    this.tellList([]);
    const shape = this.input.shape.slice(1).map((n) => n ?? 'any').join(' × ');
    return make('div', { class: 'numbers' },
      make('label', { class: 'field', for: id }, make('span', {}, `${this.input.name} (${shape})`), this.area), this.told);
  }

  read() {
    const given = this.boxes ? this.readBoxes() : this.readList();
    if (!given) return null;
    if (this.type === 'bool') return Uint8Array.from(given, (value) => (value ? 1 : 0));
    return this.type === 'int32' ? Int32Array.from(given, Math.round) : Float32Array.from(given);
  }

  // An empty field counts as 0 once another has a number.
  readBoxes() {
    if (this.boxes.every((box) => box.value.trim() === '')) return null;
    const values = this.boxes.map((box) => Number(box.value.trim().replace(/^(-?\d+),(\d+)$/, '$1.$2')));
    for (const [index, box] of this.boxes.entries()) box.setAttribute('aria-invalid', String(!Number.isFinite(values[index])));
    return values.every(Number.isFinite) ? values : null;
  }

  readList() {
    const values = numbersIn(this.area.value);
    const right = this.free ? values.length > 0 && values.length % this.count === 0 : values.length === this.count;
    this.tellList(values, right);
    return right && values.every(Number.isFinite) ? values : null;
  }

  tellList(values, right) {
    const wanted = !this.free ? `of ${this.count} numbers` : this.count > 1 ? `numbers, of a multiple of ${this.count}` : 'numbers';
    this.told.textContent = right ? `${values.length} numbers are here.` : `${values.length} ${wanted}, apart by commas or spaces.`;
  }

  clear() {
    for (const box of this.boxes ?? [this.area]) box.value = '';
    this.onChange();
  }
}

export class TextInput {
  constructor(input, onChange) {
    this.count = size(rowShape(input));
    const id = newId('text');
    this.area = make('textarea', { id, rows: 4, oninput: onChange, placeholder: 'Write something' });
    this.element = make('div', {},
      make('label', { class: 'field', for: id }, make('span', {}, input.name), this.area),
      this.count > 1 ? make('p', { class: 'muted small' }, `${this.count} texts, each on its own line.`) : null);
  }

  read() {
    const lines = this.count > 1 ? this.area.value.split('\n') : [this.area.value];
    return this.area.value.trim() === '' ? null : Array.from({ length: this.count }, (_, index) => lines[index] ?? '');
  }
}
