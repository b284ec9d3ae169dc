// The inputs of the model, each by what fits its signature.

import { choice, make, show } from './dom.js';
import { NumberInput, TextInput } from './fields.js';
import { PictureInput, pictureOf, squareOf } from './picture.js';

// Numbers that may be the pixels of a square picture: entered as either.
class SquareInput {
  constructor(input, onChange) {
    this.parts = { numbers: new NumberInput(input, onChange), picture: new PictureInput(input, onChange) };
    const enter = (which) => {
      for (const [name, { element }] of Object.entries(this.parts)) show(element, name === which);
      this.now = this.parts[which];
      onChange();
    };
    const kinds = choice(`What ${input.name} is`, [['numbers', 'Numbers'], ['picture', 'A picture of them']], 'numbers', enter);
    this.element = make('div', { class: 'either' }, kinds, ...Object.values(this.parts).map(({ element }) => element));
    enter('numbers');
  }

  read() {
    return this.now.read();
  }

  picture() {
    return this.now.picture?.();
  }
}

export class Inputs {
  constructor(place, described, onChange) {
    this.ready = false;
    const changed = () => (this.ready ? onChange() : undefined);
    this.parts = described.map((input) => {
      if (input.dtype === 'string') return { input, part: new TextInput(input, changed) };
      if (pictureOf(input)) return { input, part: new PictureInput(input, changed) };
      const Numbers = squareOf(input) ? SquareInput : NumberInput;
      return { input, part: new Numbers(input, changed) };
    });
    this.ready = true;
    const titled = described.length > 1;
    place.replaceChildren(...this.parts.map(({ input, part }) => make('div', { class: 'one-input' }, titled ? make('h3', {}, input.name) : null, part.element)));
  }

  // Flat values by name of one row, or null while an input is empty or wrong.
  read() {
    const values = this.parts.map(({ input, part }) => [input.name, part.read()]);
    return values.every(([, value]) => value) ? Object.fromEntries(values) : null;
  }

  // What asks for something, for the place of the answer.
  prompt() {
    const [{ part }] = this.parts;
    const first = part.now ?? part;
    if (first instanceof PictureInput) return first.mode === 'draw' ? 'Draw something to see the answer.' : 'Choose a picture to see the answer.';
    return first instanceof TextInput ? 'Write something to see the answer.' : 'Enter numbers to see the answer.';
  }

  // How an example looks: the first picture of it, or null.
  pictureOf(inputs) {
    for (const { input, part } of this.parts) {
      const look = part.picture?.();
      if (look) return { values: inputs[input.name], ...look };
    }
    return null;
  }
}
