// The examples, by class, each of which can be deleted.

import { number } from './answer.js';
import { make } from './dom.js';
import { paint } from './pixels.js';

export class Gallery {
  constructor(inputs, onRemove) {
    this.inputs = inputs;
    this.onRemove = onRemove;
    this.element = make('div', { class: 'gallery' });
  }

  show(list, kind) {
    if (!list.length) {
      this.element.replaceChildren(make('p', { class: 'empty' }, 'No examples yet.'));
      return;
    }
    const groups = new Map();
    for (const example of list) {
      const name = kind === 'number' ? 'Examples' : example.target;
      groups.set(name, [...(groups.get(name) ?? []), example]);
    }
    this.element.replaceChildren(...[...groups].map(([name, group]) => make('div', { class: 'group' },
      make('p', { class: 'group-name' }, make('strong', {}, name), make('span', { class: 'muted' }, String(group.length))),
      make('ul', { class: 'thumbs' }, group.map((example, index) => make('li', {}, this.thumb(example, name, index, kind)))))));
  }

  thumb(example, name, index, kind) {
    const picture = this.inputs.pictureOf(example.inputs);
    const label = `Delete example ${index + 1} of ${name}`;
    const attributes = { type: 'button', class: picture ? 'thumb' : 'thumb words', 'aria-label': label, title: label, onclick: () => this.onRemove(example.id) };
    if (picture) {
      const canvas = make('canvas');
      paint(canvas, picture.values, picture.spec, picture.range);
      return make('button', attributes, canvas);
    }
    const values = Object.values(example.inputs).flatMap((part) => Array.from(part, number)).join(', ');
    const text = values.length > 28 ? `${values.slice(0, 27)}…` : values;
    return make('button', attributes, kind === 'number' ? `${text} → ${number(example.target)}` : text);
  }
}
