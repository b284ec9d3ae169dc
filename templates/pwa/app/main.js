// Starts the page and joins its parts.

import { AnswerView } from './answer.js';
import { BACKENDS, choose, chosen, labelOf } from './backend.js';
import { byId, make, show } from './dom.js';
import { Engine } from './engine.js';
import { Inputs } from './inputs.js';
import { startOffline } from './offline.js';
import { Teacher } from './teach.js';

function problem(text) {
  byId('problem').textContent = text;
  show(byId('problem'), true);
}

function size(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function about(facts) {
  const tensor = ({ name, dtype, shape }) => `${name}: ${dtype} [${shape.map((n) => n ?? 'any').join(', ')}]`;
  const rows = [
    ['Model', facts.model],
    ['Size', `${size(facts.bytes)}${facts.quantize === 'none' ? '' : `, weights as ${facts.quantize}`}`],
    facts.accuracy === undefined ? null : ['Accuracy', `${(facts.accuracy * 100).toFixed(1)} % on data it hadn’t seen`],
    ['Takes', facts.inputs.map(tensor).join('\n')],
    ['Gives', facts.outputs.map(tensor).join('\n')],
    ['Library', `TensorFlow.js ${facts.library}`],
  ];
  byId('about').replaceChildren(...rows.filter(Boolean).flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
}

// The answer in short, while the answer itself is out of sight.
function peek(text) {
  const link = byId('peek');
  link.textContent = text;
  show(link, Boolean(text) && !link.seen);
}

function watchAnswer() {
  const link = byId('peek');
  const watcher = new IntersectionObserver(([{ isIntersecting, boundingClientRect }]) => {
    link.seen = isIntersecting || boundingClientRect.top < 0;
    peek(link.textContent);
  }, { rootMargin: '0px 0px -20% 0px' });
  watcher.observe(byId('answer'));
}

class Page {
  constructor(facts, engine) {
    this.facts = facts;
    this.engine = engine;
    this.view = new AnswerView(byId('answer'), byId('spoken'));
    this.inputs = new Inputs(byId('inputs'), facts.inputs, () => this.update());
    this.asked = 0;
  }

  // Answers what is in the inputs now; of several changes at once, the last.
  async update() {
    if (!this.teacher) return;
    this.asked += 1;
    const mine = this.asked;
    const given = this.inputs.read();
    this.teacher.offer(given);
    if (!given) {
      this.view.waiting(this.inputs.prompt());
      peek('');
      byId('time').textContent = '';
      return;
    }
    try {
      const { answers, labels } = await this.teacher.answer(given);
      if (mine !== this.asked) return;
      this.view.show(answers, labels);
      peek(this.view.short);
      const { ms, backend } = this.engine;
      byId('time').textContent = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms on ${labelOf(backend)}`;
    } catch (error) {
      this.view.waiting(`The model can’t answer this: ${error.message}`);
    }
  }

  async use(id) {
    await this.engine.inTurn(() => this.engine.load(id));
    await this.teacher.reload();
  }

  fillBackends() {
    const { results, fastest, backend } = this.engine;
    const automatic = `Automatic (${labelOf(fastest)})`;
    const options = BACKENDS.map(({ id, label }) => {
      const why = results.find((result) => result.id === id)?.why;
      return make('option', { value: id, disabled: Boolean(why), title: why }, why ? `${label}: not here` : label);
    });
    const select = byId('backend');
    select.replaceChildren(make('option', { value: 'auto' }, automatic), ...options);
    select.value = chosen() === backend ? backend : 'auto';
    select.disabled = false;
    select.addEventListener('change', async () => {
      const id = select.value === 'auto' ? fastest : select.value;
      byId('time').textContent = `Starting ${labelOf(id)}…`;
      try {
        await this.use(id);
        // The first answer pays for what a backend sets up, and shows whether it is right.
        if (!await this.engine.isRight()) throw new Error('its answers differ from TensorFlow’s');
        choose(select.value);
        show(byId('problem'), false);
      } catch (error) {
        problem(`${labelOf(id)} doesn’t work here: ${error.message}.`);
        choose('auto');
        select.value = 'auto';
        await this.use(fastest);
      }
      await this.update();
    });
  }
}

async function start() {
  startOffline();
  const facts = await (await fetch('facts.json')).json();
  about(facts);
  const { tf } = window;
  tf.enableProdMode();
  const engine = new Engine(tf, facts);
  const page = new Page(facts, engine);
  if (facts.unable) {
    const texts = facts.inputs.some(({ dtype }) => dtype === 'string');
    problem(`TensorFlow.js can’t compute this model: ${facts.unable}${texts ? ' Most models that take texts have operations that it lacks; export one that takes numbers, and turn texts into them outside of it.' : ''}`);
  }
  page.view.waiting('Loading the model, and finding the quickest way to run it here…');
  try {
    await engine.fetch();
    await engine.start(chosen());
  } catch (error) {
    page.view.waiting('There is no answer on this device.');
    show(byId('foot'), false);
    if (!facts.unable) problem(`The model can’t be run in this browser: ${error.message}`);
    return { facts, engine, page };
  }
  page.fillBackends();
  page.teacher = new Teacher(engine, page.inputs, () => page.update());
  watchAnswer();
  await page.teacher.start();
  await page.update();
  return { facts, engine, page };
}

export const ready = start();
ready.catch((error) => problem(`This page can’t start: ${error.message}`));
