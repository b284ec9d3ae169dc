// The study, what is chosen in it, and scales. Names, values and reasons are foreign text: they get
// into the page by textContent and setAttribute alone.
const data = JSON.parse(document.getElementById("data").textContent);
const trials = data.trials;
const byId = (id) => document.getElementById(id);
const isBest = (t) => data.best.includes(t.trial);

// What is chosen: the metric, a trial by its place, ranges of axes by their places, and the trials that
// are within all ranges.
const now = { metric: 0, log: false, picked: null, ranges: new Map(), within: trials.map(() => true) };
// What to call when the chosen trial or the ranges change, filled in by each drawing.
const onPick = [];
const onRange = [];

function el(name, attributes = {}, text = null, parent = null) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function svg(name, attributes = {}, parent = null, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function short(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

const clip = (text, most) => (text.length > most ? text.slice(0, most - 1) + "\u2026" : text);

// A parameter's value in a trial: a number, the text of a category, or null where it has none.
const isCategory = (axis) => axis.kind === "category";
const numbers = data.axes.map((axis, at) => trials.map((t) => {
  const value = t.params[at];
  if (value === null) return null;
  return isCategory(axis) ? String(value) : Number(value);
}));
const paramOf = (at, t) => numbers[at][t];
const valueOf = (t) => trials[t].values[now.metric];
const counted = () => trials.map((_, t) => t).filter((t) => trials[t].counts && valueOf(t) !== null);
const metric = () => data.metrics[now.metric];

// Scales: a place from 0 to 1 for a value, and marks to draw. A scale without a range is in its middle.
function linear(low, high) {
  const span = high - low;
  return {
    at: (value) => (span > 0 ? (value - low) / span : 0.5),
    ticks: () => (span > 0 ? even(low, high) : [low]),
    low, high,
  };
}

function even(low, high, most = 5) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((by) => by * power).find((by) => by >= raw * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return ticks.map((value) => Number(value.toPrecision(12)));
}

function logarithm(low, high) {
  const from = Math.log10(low), span = Math.log10(high) - from;
  const decades = () => {
    const ticks = [];
    for (let k = Math.ceil(from - 1e-9); k <= from + span + 1e-9; k++) ticks.push(Number(`1e${k}`));
    const stride = Math.ceil(ticks.length / 6);
    const few = ticks.filter((_, at) => at % stride === 0);
    if (few.length > 1) return few;
    for (let k = Math.floor(from); k <= from + span; k++) {
      for (const by of [1, 2, 5]) few.push(Number(`${by}e${k}`));
    }
    const between = [...new Set(few)].filter((tick) => tick >= low && tick <= high);
    return between.length > 1 ? between : [low, high];
  };
  return { at: (value) => (span > 0 ? (Math.log10(value) - from) / span : 0.5), ticks: decades, low, high };
}

// Large values are told apart more finely, as the search does it.
function reverse(low, high) {
  const inner = logarithm(low, high);
  return {
    at: (value) => 1 - inner.at(Math.max(high - value + low, low)),
    ticks: () => [low, ...[0.33, 0.66].map((u) => high - low * (high / low) ** (1 - u) + low), high],
    low, high,
  };
}

function categories(choices) {
  const texts = choices.map(String);
  return {
    at: (value) => (texts.indexOf(String(value)) + 0.5) / texts.length,
    ticks: () => texts,
    choices: texts,
  };
}

function scaleOf(axis) {
  if (isCategory(axis)) return categories(axis.choices);
  const [low, high] = axis.kind === "discrete"
    ? [axis.values[0], axis.values[axis.values.length - 1]] : [axis.low, axis.high];
  const scale = (axis.scale === "log" && logarithm) || (axis.scale === "reverseLog" && reverse) || linear;
  const made = scale(low, high);
  if (axis.kind === "integer" && high - low < 12 && axis.scale === "linear") {
    made.ticks = () => even(low, high).filter(Number.isInteger);
  }
  if (axis.kind === "discrete" && axis.values.length < 9) made.ticks = () => axis.values;
  return made;
}

// The scale of values of a metric, with the logarithm where it is wanted and all are above zero.
function valueScale(values, log = now.log) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) return linear(0, 1);
  if (low === high) return linear(low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2);
  if (log && low > 0) return logarithm(low / (high / low) ** 0.04, high * (high / low) ** 0.04);
  const room = (high - low) * 0.04;
  return linear(low - room, high + room);
}

// How good a value is among those that count, from 0 for the worst to 8 for the best.
function shades() {
  const all = counted().map(valueOf);
  const scale = valueScale(all);
  const isSmall = metric().goal === "minimize";
  return (value) => {
    const at = scale.at(value);
    return Math.max(0, Math.min(8, Math.floor((isSmall ? 1 - at : at) * 9)));
  };
}

// A parameter's value for people: numbers come as texts where they have an unusual form.
function word(value) {
  const isNumber = typeof value === "number" || (typeof value === "string" && /^[-+]?\d/.test(value) && Number.isFinite(Number(value)));
  return isNumber ? short(Number(value)) : String(value);
}

function tell(t) {
  const trial = trials[t];
  const pairs = (named, values) => named.map((one, at) => [one.name, values[at]])
    .filter((pair) => pair[1] !== null && pair[1] !== undefined)
    .map(([name, value]) => `${name} ${word(value)}`).join(", ");
  return {
    head: `Trial ${trial.trial}, ${trial.state}${isBest(trial) ? ", best" : ""}`,
    values: pairs(data.metrics, trial.values),
    params: pairs(data.axes, trial.params),
  };
}
