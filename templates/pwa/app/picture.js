// An input that is a picture: drawn, chosen, pasted, or from the camera.

import { choice, make, newId, settings, show } from './dom.js';
import { Pad } from './pad.js';
import { fromDrawing, fromPicture, paint, toRange } from './pixels.js';
import { isWhole, size } from './samples.js';

const RANGES = [[0, 1], [0, 16], [0, 255], [-1, 1]];
const DRAWN_UP_TO = 64;
const sign = (number) => String(number).replace('-', '−');

// The picture that an input is, or null: [n, h, w, channels], [n, h, w] or the same without n.
export function pictureOf({ shape, dtype }) {
  if (dtype === 'string' || dtype === 'bool') return null;
  const [height, width, channels] = shape.length === 3 && shape[0] === null ? [...shape.slice(1), 1] : shape.slice(-3);
  const whole = isWhole(dtype);
  if (shape.length < 3 || shape.length > 4 || ![1, 3, 4].includes(channels)) return null;
  // Two-dimensional data without channels may be anything; small grids are rather tables.
  if (shape.length === 3 && (shape[0] === null) && Math.min(height ?? 0, width ?? 0) < 16) return null;
  return { height: height ?? 224, width: width ?? 224, channels, whole };
}

// The square of grey pixels that a row of numbers may be, as in many collections of digits, or null.
export function squareOf({ shape, dtype }) {
  const side = Math.sqrt(shape[1] ?? 0);
  const right = shape.length === 2 && side >= 8 && side <= 128 && Number.isInteger(side) && dtype !== 'string' && dtype !== 'bool';
  return right ? { height: side, width: side, channels: 1, whole: isWhole(dtype) } : null;
}

export class PictureInput {
  constructor(input, onChange) {
    this.spec = pictureOf(input) ?? squareOf(input);
    this.name = input.name;
    this.onChange = onChange;
    this.known = Boolean(input.range);
    this.range = input.range ?? JSON.parse(settings.get(`range ${this.name}`) ?? 'null') ?? (this.spec.whole ? [0, 255] : [0, 1]);
    this.invert = settings.get(`invert ${this.name}`) === 'yes';
    this.centre = true;
    // Nobody draws a photograph.
    const small = Math.max(this.spec.width, this.spec.height) <= DRAWN_UP_TO;
    this.drawable = small || this.spec.channels === 1;
    this.mode = small && this.spec.channels === 1 ? 'draw' : 'file';
    this.source = null;
    this.build();
    this.enter(this.mode);
  }

  build() {
    this.pad = new Pad(this.spec, this.name, () => this.changed());
    this.seen = make('canvas', { class: 'seen', role: 'img', 'aria-label': 'What the model sees' });
    this.shown = make('canvas', { class: 'shown', role: 'img', 'aria-label': 'The chosen picture' });
    this.video = make('video', { class: 'shown', muted: true, playsInline: true, 'aria-label': 'The camera’s picture' });
    this.message = make('p', { class: 'muted small', role: 'status' });
    this.file = make('input', { type: 'file', accept: 'image/*', class: 'hidden-file', id: newId('file'), onchange: () => this.choose(this.file.files[0]) });
    this.drop = make('label', { class: 'drop', for: this.file.id }, make('strong', {}, 'Choose a picture'), make('span', { class: 'muted small' }, 'or drop or paste one here'));
    this.clearing = make('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, 'Clear');
    this.filePart = make('div', { class: 'frame' }, this.file, this.drop, this.shown);
    this.videoPart = make('div', { class: 'frame' }, this.video);
    const ways = [...(this.drawable ? [['draw', 'Draw']] : []), ['file', 'Picture'], ['camera', 'Camera']];
    const modes = choice(`Where ${this.name} comes from`, ways, this.mode, (mode) => this.enter(mode));
    this.element = make('div', { class: 'picture' },
      modes,
      make('div', { class: 'stage' }, this.pad.element, this.filePart, this.videoPart),
      make('div', { class: 'row' },
        make('div', { class: 'seen-frame' }, this.seen),
        make('div', { class: 'grow' },
          make('p', { class: 'small' }, 'What the model sees'),
          make('p', { class: 'muted small' }, `${this.spec.width} × ${this.spec.height}, ${this.spec.channels === 1 ? 'grey' : 'colour'}`)),
        this.clearing),
      this.message,
      this.options());
    this.listen();
    this.paintSeen(null);
  }

  options() {
    const ranges = RANGES.some((range) => String(range) === String(this.range)) ? RANGES : [...RANGES, this.range];
    const select = make('select', { onchange: () => {
      this.range = JSON.parse(select.value);
      settings.set(`range ${this.name}`, select.value);
      this.changed();
    } }, ranges.map(([low, high]) => make('option', { value: `[${low},${high}]`, selected: String([low, high]) === String(this.range) }, `${sign(low)} to ${sign(high)}`)));
    const check = (text, checked, act) => make('label', { class: 'check' }, make('input', { type: 'checkbox', checked, onchange: ({ target }) => { act(target.checked); this.changed(); } }), make('span', {}, text));
    return make('details', { class: 'options', open: !this.known },
      make('summary', {}, 'Adjust'),
      this.known ? null : make('p', { class: 'muted small' }, 'The model doesn’t say what values its pixels have. If answers look wrong, try another range.'),
      make('div', { class: 'row wrap' },
        make('label', { class: 'inline' }, 'Pixel values', select),
        check('Invert light and dark', this.invert, (on) => { this.invert = on; settings.set(`invert ${this.name}`, on ? 'yes' : 'no'); }),
        this.drawable ? check('Centre what is drawn', this.centre, (on) => { this.centre = on; }) : null));
  }

  listen() {
    this.element.addEventListener('dragover', (event) => event.preventDefault());
    this.element.addEventListener('drop', (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files);
    });
    document.addEventListener('paste', (event) => {
      if (this.element.isConnected && event.clipboardData?.files.length) this.take(event.clipboardData.files);
    });
  }

  take(files) {
    if (!files.length) return;
    this.element.querySelector('input[value=file]').click();
    this.choose(files[0]);
  }

  enter(mode) {
    this.mode = mode;
    this.source = null;
    this.message.textContent = '';
    show(this.pad.element, mode === 'draw');
    show(this.filePart, mode === 'file');
    show(this.videoPart, mode === 'camera');
    show(this.drop, true);
    show(this.shown, false);
    show(this.clearing, mode !== 'camera');
    if (mode === 'camera') this.startCamera();
    else this.stopCamera();
    this.changed();
  }

  async choose(file) {
    if (!file) return;
    try {
      this.source = await createImageBitmap(file);
    } catch {
      this.message.textContent = `${file.name} isn’t a picture that this browser can open.`;
      return;
    }
    this.message.textContent = '';
    const scale = Math.min(1, 720 / Math.max(this.source.width, this.source.height));
    this.shown.width = Math.max(1, this.source.width * scale);
    this.shown.height = Math.max(1, this.source.height * scale);
    this.shown.getContext('2d').drawImage(this.source, 0, 0, this.shown.width, this.shown.height);
    show(this.drop, false);
    show(this.shown, true);
    this.file.value = '';
    this.changed();
  }

  async startCamera() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    } catch {
      this.message.textContent = 'The camera can’t be used: the browser or you didn’t allow it, or there is none.';
      return;
    }
    if (this.mode !== 'camera') return this.stopCamera();
    this.video.srcObject = this.stream;
    await this.video.play();
    this.source = this.video;
    this.look();
  }

  // Asks for the next picture when the last one has been answered.
  async look() {
    while (this.source === this.video && this.mode === 'camera') {
      await this.changed();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  }

  stopCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  clear() {
    this.source = null;
    show(this.drop, true);
    show(this.shown, false);
    if (this.mode === 'draw') this.pad.clear();
    else this.changed();
  }

  changed() {
    this.values = this.compute();
    this.paintSeen(this.values);
    return this.onChange();
  }

  compute() {
    const { spec, invert } = this;
    const drawn = this.mode === 'draw';
    if (!drawn && (!this.source || (this.source === this.video && !this.video.videoWidth))) return null;
    const part = drawn ? fromDrawing(this.pad.canvas, this.pad.box(), spec, this.centre) : fromPicture(this.source, spec);
    if (!part) return null;
    const all = drawn && spec.channels > 1 ? Float32Array.from({ length: size([spec.width, spec.height, spec.channels]) }, (_, index) => part[Math.floor(index / spec.channels)] ?? 0) : part;
    const values = toRange(all, this.range, { invert, whole: spec.whole });
    return spec.whole ? Int32Array.from(values) : values;
  }

  paintSeen(values) {
    const { spec } = this;
    paint(this.seen, values ?? new Float32Array(size([spec.width, spec.height, spec.channels])), spec, values ? this.range : [0, 1]);
  }

  // The values of one row, or null while there is nothing.
  read() {
    return this.values ?? null;
  }

  picture() {
    return { spec: this.spec, range: this.range };
  }
}
