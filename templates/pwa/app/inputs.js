// The inputs of the model, each by what fits its signature.

import { make } from './dom.js';
import { NumberInput, TextInput } from './fields.js';
import { PictureInput, pictureOf } from './picture.js';

export class Inputs {
  constructor(place, described, onChange) {
    this.ready = false;
    const changed = () => (this.ready ? onChange() : undefined);
    this.parts = described.map((input) => {
      if (input.dtype === 'string') return { input, part: new TextInput(input, changed) };
      if (pictureOf(input)) return { input, part: new PictureInput(input, changed) };
      return { input, part: new NumberInput(input, changed) };
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
    if (part instanceof PictureInput) return part.mode === 'draw' ? 'Draw something to see the answer.' : 'Choose a picture to see the answer.';
    return part instanceof TextInput ? 'Write something to see the answer.' : 'Enter numbers to see the answer.';
  }

  // How an example looks: the first picture of it, or null.
  pictureOf(inputs) {
    const found = this.parts.find(({ part }) => part instanceof PictureInput);
    return found ? { values: inputs[found.input.name], ...found.part.picture() } : null;
  }
}
