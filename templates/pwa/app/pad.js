// A surface to draw on: with a finger, a pen, a mouse or the arrow keys.

import { make } from './dom.js';

const SIDE = 400;
// Steps of the arrow keys over the width.
const STEPS = 16;

export class Pad {
  constructor(spec, label, onChange) {
    this.onChange = onChange;
    const wide = spec.width >= spec.height;
    const width = wide ? SIDE : Math.round((SIDE * spec.width) / spec.height);
    const height = wide ? Math.round((SIDE * spec.height) / spec.width) : SIDE;
    this.canvas = make('canvas', {
      class: 'pad', width, height, tabIndex: 0, role: 'application',
      'aria-label': `${label}: draw here. Arrow keys move the pen, Space lowers and lifts it, Delete clears.`,
    });
    this.hint = make('span', { class: 'pad-hint', 'aria-hidden': 'true' }, 'Draw here');
    this.element = make('div', { class: 'pad-frame' }, this.canvas, this.hint);
    this.context = this.canvas.getContext('2d', { willReadFrequently: true });
    // About as thick as a felt-tip is in the pictures that such models were trained with.
    this.thick = Math.min(width, height) * (Math.min(spec.width, spec.height) <= 16 ? 0.11 : 0.085);
    this.pen = null;
    this.forget();
    this.listen();
  }

  forget() {
    this.edges = [Infinity, Infinity, -Infinity, -Infinity];
  }

  // The part that has ink, as [left, top, width, height], or null.
  box() {
    const [left, top, right, bottom] = this.edges;
    return left > right ? null : [left, top, right - left, bottom - top];
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button > 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.moveTo(this.at(event));
      this.lineTo(this.at(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) this.lineTo(this.at(each));
      this.changed();
    });
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => this.changed());
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.canvas.width,
      ((event.clientY - box.top) / box.height) * this.canvas.height,
    ];
  }

  moveTo(point) {
    this.point = point;
  }

  lineTo([x, y]) {
    const { context } = this;
    context.strokeStyle = '#fff';
    context.lineWidth = this.thick;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...this.point);
    context.lineTo(x, y + 0.01);
    context.stroke();
    const { edges } = this;
    for (const [px, py] of [this.point, [x, y]]) {
      edges[0] = Math.max(0, Math.min(edges[0], px - this.thick / 2));
      edges[1] = Math.max(0, Math.min(edges[1], py - this.thick / 2));
      edges[2] = Math.min(this.canvas.width, Math.max(edges[2], px + this.thick / 2));
      edges[3] = Math.min(this.canvas.height, Math.max(edges[3], py + this.thick / 2));
    }
    this.point = [x, y];
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { width, height } = this.canvas;
    if (event.key === 'Delete' || event.key === 'Backspace') {
      this.clear();
    } else if (event.key === ' ') {
      this.pen = this.pen ? null : true;
      this.point ??= [width / 2, height / 4];
      if (this.pen) this.lineTo(this.point);
    } else if (steps[event.key]) {
      const [x, y] = this.point ?? [width / 2, height / 4];
      const step = width / STEPS;
      const next = [x + steps[event.key][0] * step, y + steps[event.key][1] * step];
      const inside = [Math.min(width, Math.max(0, next[0])), Math.min(height, Math.max(0, next[1]))];
      if (this.pen) this.lineTo(inside);
      else this.moveTo(inside);
    } else {
      return;
    }
    event.preventDefault();
    this.changed();
  }

  // At most once a frame, however many times a finger moves in it.
  changed() {
    this.hint.hidden = Boolean(this.box());
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.onChange();
    });
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.pen = null;
    this.point = null;
    this.forget();
    this.changed();
  }
}
