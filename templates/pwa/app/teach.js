// Training of the last layer on the person's own examples.

import { byId, choice, make, newId, settings, show } from './dom.js';
import { examples, layers } from './examples.js';
import { applyLayer, beginning, features, findHead, original, train } from './head.js';
import { Gallery } from './gallery.js';
import { exportLayer, importLayer } from './layerfile.js';

// A number may be far from what the model says; a class isn't.
const STEPS = { classes: 150, number: 400 };
// How strongly a layer that starts from the model's own is held on to it.
const HOLD = 0.002;

export class Teacher {
  constructor(engine, inputs, onChange) {
    this.engine = engine;
    this.inputs = inputs;
    this.onChange = onChange;
    this.layer = null;
    this.on = false;
    this.known = settings.get('classes') !== 'own';
    // A layer fits the model whose features it was trained on.
    this.state = JSON.stringify([engine.facts.bytes, engine.facts.check ?? null]);
  }

  async start() {
    const { facts, loaded, tf } = this.engine;
    this.head = findHead(tf, loaded);
    this.kind = this.kindOfHead();
    show(byId('teach'), Boolean(this.kind));
    if (!this.kind) return;
    this.model = await original(this.head);
    this.labels = this.kind === 'classes' ? this.modelLabels(facts) : [];
    this.build();
    try {
      this.list = await examples.all();
      const kept = await layers.read();
      if (kept?.state === this.state) this.take(kept, settings.get('own layer') === 'on');
    } catch (error) {
      this.list = [];
      this.tell(error.message);
    }
    this.refresh();
  }

  // Classes to tell apart, a number, or null where it isn't clear what the outputs are.
  kindOfHead() {
    if (!this.head) return null;
    const { outputs, activation } = this.head;
    if (activation === 'softmax' || (activation === 'sigmoid' && outputs === 1)) return 'classes';
    if (outputs === 1 && activation === 'linear') return 'number';
    return outputs > 1 && this.engine.facts.labels?.length === outputs && activation === 'linear' ? 'classes' : null;
  }

  modelLabels({ labels }) {
    const count = this.model.activation === 'sigmoid' ? 2 : this.model.bias.length;
    return Array.from({ length: count }, (_, index) => labels?.[index] ?? String(index));
  }

  // After the backend has changed: the head's tensors are of the model that was let go.
  async reload() {
    if (this.kind) this.head = findHead(this.engine.tf, this.engine.loaded);
  }

  build() {
    const number = this.kind === 'number';
    byId('teach-intro').textContent = number
      ? 'Give right answers for inputs of yours and train the model’s last layer on them. They stay in this browser.'
      : 'Add examples of its classes, or of new ones, and train the model’s last layer on them. They stay in this browser.';
    const list = make('datalist', { id: newId('classes') });
    this.options = list;
    this.target = make('input', { type: 'text', inputmode: number ? 'decimal' : 'text', id: newId('target'), autocomplete: 'off', maxLength: 60, placeholder: number ? 'Such as 12.5' : 'A class, or a new name', oninput: () => this.refreshButtons() });
    if (!number) this.target.setAttribute('list', list.id);
    this.target.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !this.adding.disabled) this.add(); });
    this.adding = make('button', { type: 'button', onclick: () => this.add() }, 'Add this input');
    this.advice = make('p', { class: 'small muted', role: 'status' });
    this.told = make('p', { class: 'small muted', role: 'status' });
    this.progress = make('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'Training' });
    this.training = make('button', { type: 'button', class: 'primary', onclick: () => this.train() }, 'Train the last layer');
    this.switch = make('input', { type: 'checkbox', role: 'switch', disabled: true, onchange: () => this.turn(this.switch.checked) });
    this.gallery = new Gallery(this.inputs, (id) => this.remove(id));
    const button = (text, act) => make('button', { type: 'button', class: 'quiet', onclick: act }, text);
    this.exporting = button('Save trained layer', () => exportLayer(this.layer, this.engine.facts));
    this.file = make('input', { type: 'file', accept: '.json,application/json', class: 'hidden-file', id: newId('layer'), tabIndex: -1, 'aria-hidden': 'true', onchange: () => this.import() });
    this.deleting = button('Delete all', () => this.deleteAll());
    byId('teach-body').replaceChildren(
      make('div', { class: 'row wrap end' }, make('label', { class: 'field grow', for: this.target.id }, make('span', {}, number ? 'Right answer' : 'This is'), this.target), list, this.adding),
      this.gallery.element,
      number ? '' : choice('Classes to tell apart', [['known', 'Model’s and mine'], ['own', 'Only mine']], this.known ? 'known' : 'own', (value) => {
        this.known = value === 'known';
        settings.set('classes', value);
        this.refreshButtons();
      }),
      this.advice,
      make('div', { class: 'row wrap' }, this.training, make('label', { class: 'check' }, this.switch, make('span', {}, 'Use my trained layer'))),
      this.progress,
      this.told,
      make('div', { class: 'row wrap' }, this.exporting, button('Load a layer', () => this.file.click()), this.file, this.deleting),
    );
  }

  tell(text) {
    this.told.textContent = text;
  }

  // What the next example would be.
  offer(given) {
    this.given = given;
    if (this.kind && this.adding) this.refreshButtons();
  }

  classes() {
    const own = [...new Set(this.list.map(({ target }) => target))];
    return this.known ? [...this.labels, ...own.filter((name) => !this.labels.includes(name))] : own;
  }

  refresh() {
    this.options.replaceChildren(...[...new Set([...this.labels, ...this.list.map(({ target }) => String(target))])].map((value) => make('option', { value })));
    this.gallery.show(this.list, this.kind);
    this.refreshButtons();
  }

  refreshButtons() {
    if (!this.list) return;
    const value = this.target.value.trim();
    const right = this.kind === 'classes' ? value !== '' : value !== '' && Number.isFinite(Number(value.replace(',', '.')));
    this.adding.disabled = !this.given || !right;
    const enough = this.kind === 'number' ? this.list.length > 0 : this.list.length > 0 && this.classes().length > 1;
    this.advice.textContent = this.adviceFor(this.list.map(({ target: name }) => name));
    this.training.disabled = !enough || Boolean(this.busy);
    this.exporting.disabled = !this.layer;
    this.deleting.disabled = !this.list.length && !this.layer;
    this.switch.disabled = !this.layer;
    this.switch.checked = this.on;
    show(byId('learned'), this.on);
  }

  // What would make the training better, while something is missing.
  adviceFor(names) {
    if (this.kind === 'number' || !names.length) return '';
    if (this.classes().length < 2) return 'Add examples of another class, too: one alone can’t be told from anything.';
    const onlyNew = this.known && names.every((name) => !this.labels.includes(name));
    return onlyNew ? 'Add a few examples of the model’s own classes, too, so that it keeps telling them apart.' : '';
  }

  async add() {
    const target = this.kind === 'number' ? Number(this.target.value.trim().replace(',', '.')) : this.target.value.trim();
    const example = { target, inputs: this.given };
    try {
      example.id = await examples.add(example);
    } catch (error) {
      example.id = `unkept ${performance.now()}`;
      this.tell(`The example lasts until the page is closed: ${error.message}`);
    }
    this.list.push(example);
    this.refresh();
  }

  async remove(id) {
    this.list = this.list.filter((example) => example.id !== id);
    if (typeof id === 'number') await examples.remove(id);
    this.refresh();
  }

  // Twice, so that nothing is lost by a slip.
  async deleteAll() {
    if (!this.sure) {
      this.sure = setTimeout(() => { this.sure = null; this.deleting.textContent = 'Delete all'; }, 4000);
      this.deleting.textContent = 'Really delete?';
      return;
    }
    clearTimeout(this.sure);
    this.sure = null;
    this.deleting.textContent = 'Delete all';
    this.list = [];
    this.layer = null;
    this.on = false;
    await Promise.all([examples.clear(), layers.clear()]).catch(() => {});
    this.tell('All examples and the trained layer are deleted.');
    this.refresh();
    this.onChange();
  }

  async featuresOf(given) {
    const { tf, loaded } = this.engine;
    return this.engine.inTurn(async () => {
      const start = performance.now();
      const tensors = this.engine.tensors(given);
      const result = await features(tf, loaded, this.head, tensors);
      const row = Array.from(await result.data());
      tf.dispose([Object.values(tensors), result]);
      this.engine.ms = performance.now() - start;
      return row;
    });
  }

  async train() {
    this.busy = true;
    this.refreshButtons();
    show(this.progress, true);
    this.tell('Training…');
    try {
      const classes = this.kind === 'classes' ? this.classes() : [];
      const rows = [];
      for (const { inputs } of this.list) rows.push(await this.featuresOf(inputs));
      const targets = this.list.map(({ target }) => (this.kind === 'classes' ? classes.indexOf(target) : target));
      const known = this.known || this.kind === 'number';
      const start = beginning(this.model, { kind: this.kind, classes, known, inputs: this.head.inputs });
      const layer = await this.engine.inTurn(() => train(this.engine.tf, {
        rows, targets, start, kind: this.kind, hold: known ? HOLD : HOLD / 10, steps: STEPS[this.kind], onStep: (part) => { this.progress.value = part; },
      }));
      this.take({ ...layer, classes, state: this.state }, true);
      await layers.write(this.layer).catch(() => {});
      // What took work isn't to be cleared away when the browser needs room.
      await navigator.storage?.persist?.().catch(() => {});
      this.tell(this.result(rows, targets));
      this.onChange();
    } catch (error) {
      this.tell(`The training failed: ${error.message}`);
    }
    this.busy = false;
    show(this.progress, false);
    this.refreshButtons();
  }

  result(rows, targets) {
    const count = `${rows.length} ${rows.length === 1 ? 'example' : 'examples'}`;
    const answers = rows.map((row) => applyLayer(this.layer, row));
    if (this.kind === 'number') {
      const error = answers.reduce((sum, [answer], index) => sum + Math.abs(answer - targets[index]), 0) / rows.length;
      return `Trained on ${count}: answers are ${error.toFixed(3)} off on average.`;
    }
    const right = answers.filter((answer, index) => answer.indexOf(Math.max(...answer)) === targets[index]).length;
    return `Trained on ${count}: ${right} of ${rows.length} are now right.`;
  }

  take(layer, on) {
    this.layer = layer;
    this.turn(on);
  }

  turn(on) {
    this.on = on;
    settings.set('own layer', on ? 'on' : 'off');
    this.refreshButtons();
    this.onChange();
  }

  async import() {
    try {
      this.take({ ...await importLayer(this.file.files[0], this.head.inputs, this.kind), state: this.state }, true);
      await layers.write(this.layer).catch(() => {});
      this.tell('The layer is loaded and in use.');
    } catch (error) {
      this.tell(error.message);
    }
    this.file.value = '';
    this.refreshButtons();
  }

  // Outputs by name for one row, by the model or by the layer in place of its last.
  async answer(given) {
    const { facts } = this.engine;
    if (!this.on) {
      const answers = await this.engine.answer(given);
      return { answers, labels: facts.labels };
    }
    const values = applyLayer(this.layer, await this.featuresOf(given));
    const { name } = this.engine.loaded.outputs[0];
    const known = facts.outputs.some((output) => output.name === name);
    const answers = { [known ? name : facts.outputs[0].name]: { shape: [1, values.length], dtype: 'float32', values } };
    return { answers, labels: this.kind === 'classes' ? this.layer.classes : undefined };
  }
}
