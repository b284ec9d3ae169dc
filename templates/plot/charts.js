// The charts of points and lines. Each draws into a section that it is given, as wide as that is.
const hint = "Arrow keys go from trial to trial, Escape chooses none.";

function history(body, width) {
  const values = trials.map((_, t) => t).filter((t) => valueOf(t) !== null);
  const xs = linear(0, Math.max(1, ...trials.slice(-1).map((trial) => trial.trial)));
  xs.ticks = () => even(0, xs.high).filter((tick) => Number.isInteger(tick) && tick > 0);
  const ys = valueScale(values.map(valueOf));
  const lost = trials.map((_, t) => t).filter((t) => valueOf(t) === null && look(trials[t]) === "failed");
  // Trials that have ended without a value stand on the axis, below all values.
  const lift = lost.length > 0 ? 0.08 : 0;
  const raised = { at: (value) => lift + (1 - lift) * ys.at(value), ticks: ys.ticks };
  const made = frame(body, {
    width, height: 330, xs, ys: raised, xname: "trial", yname: metric().name,
    label: `${metric().name} of each trial, with the best so far. ${hint}`,
  });
  let best = null, d = "";
  const isSmall = metric().goal === "minimize";
  for (const t of counted()) {
    const value = valueOf(t);
    const [x, y] = [round(made.x(trials[t].trial)), round(made.y(value))];
    if (best !== null && !(isSmall ? value < best : value > best)) continue;
    d += best === null ? `M${x} ${y}` : `H${x}V${y}`;
    best = value;
  }
  svg("path", { class: "bestline", d: d && `${d}H${MARGIN.left + made.inner.w}` }, made.root);
  const points = [...values, ...lost].map((t) => ({
    t, x: made.x(trials[t].trial), y: valueOf(t) === null ? made.bottom - 8 : made.y(valueOf(t)),
  }));
  scatter(made.root, points, trials.length > 300 ? 3 : 4.5);
  legend(body);
}

function slices(body, width) {
  const grid = el("div", { class: "many" }, null, body);
  const columns = Math.max(1, Math.floor((width + 10) / 280));
  const each = Math.floor((width - (columns - 1) * 10) / columns);
  const shown = counted();
  const ys = valueScale(shown.map(valueOf));
  data.axes.forEach((axis, at) => {
    const made = frame(grid, {
      width: each, height: 210, xs: scaleOf(axis), ys, xname: axis.name, yname: "",
      label: `${metric().name} against ${axis.name}. ${hint}`,
    });
    const points = shown.filter((t) => paramOf(at, t) !== null).map((t) => ({
      // Categories are spread a little, always the same way, so that points don't hide each other.
      t, y: made.y(valueOf(t)),
      x: made.x(paramOf(at, t)) + (isCategory(axis) ? (((trials[t].trial * 0.618) % 1) - 0.5) * Math.min(24, made.inner.w / axis.choices.length / 2) : 0),
    }));
    scatter(made.root, points, shown.length > 300 ? 2.5 : 3.5);
  });
}

// The two that matter most, where that is known.
const pair = (() => {
  const shares = (data.importance[0] || {}).parameters || {};
  const places = data.axes.map((_, at) => at).sort((a, b) => (shares[data.axes[b].name] || 0) - (shares[data.axes[a].name] || 0) || a - b);
  return { x: places[0], y: places[Math.min(1, places.length - 1)] };
})();

function contour(body, width) {
  const bar = el("div", { class: "controls" }, null, body);
  const names = data.axes.map((axis) => axis.name);
  const redraw = () => { body.replaceChildren(); contour(body, width); };
  choice(bar, "Across", names, pair.x, (at) => { pair.x = at; redraw(); body.querySelectorAll("select")[0].focus(); });
  choice(bar, "Up", names, pair.y, (at) => { pair.y = at; redraw(); body.querySelectorAll("select")[1].focus(); });
  const [ax, ay] = [data.axes[pair.x], data.axes[pair.y]];
  const [xs, ys] = [scaleOf(ax), scaleOf(ay)];
  const made = frame(body, {
    width, height: 350, xs, ys, xname: ax.name, yname: ay.name,
    label: `${metric().name} over ${ax.name} and ${ay.name}, in a stronger colour where it is better. ${hint}`,
  });
  const points = counted()
    .filter((t) => paramOf(pair.x, t) !== null && paramOf(pair.y, t) !== null)
    .map((t) => ({ t, u: xs.at(paramOf(pair.x, t)), v: ys.at(paramOf(pair.y, t)), value: valueOf(t) }));
  if (points.length > 2 && pair.x !== pair.y) field(made, points, cells(ax), cells(ay));
  const placed = points.map(({ t, u, v }) => ({
    t, x: MARGIN.left + u * made.inner.w, y: MARGIN.top + (1 - v) * made.inner.h,
  }));
  scatter(made.root, placed, placed.length > 300 ? 2 : 3, "onmap");
  const key = el("div", { class: "legend" }, null, body);
  const ramp = svg("svg", { width: 108, height: 12, "aria-hidden": "true" }, el("span", {}, "worst ", key));
  for (let q = 0; q < 9; q++) svg("rect", { x: q * 12, y: 0, width: 12, height: 12, class: `f${q}` }, ramp);
  ramp.parentElement.append(" best");
  const left = counted().length - points.length;
  if (left > 0) el("span", {}, `${left} trials lack one of the two`, key);
}

const cells = (axis) => (isCategory(axis) ? axis.choices.length : 64);

// What a value is between trials: their mean by the inverse square of the distance (Shepard, 1968).
function field(made, points, columns, rows) {
  const shade = shades();
  const paths = Array(9).fill("");
  const log = valueScale(points.map((point) => point.value));
  const isLog = now.log && log.low > 0;
  const [w, h] = [made.inner.w / columns, made.inner.h / rows];
  for (let row = 0; row < rows; row++) {
    let from = 0, level = -1;
    const close = (upto) => {
      if (level < 0) return;
      paths[level] += `M${round(MARGIN.left + from * w)} ${round(MARGIN.top + row * h)}h${round((upto - from) * w + 0.3)}v${round(h + 0.3)}h${-round((upto - from) * w + 0.3)}z`;
    };
    const v = 1 - (row + 0.5) / rows;
    for (let column = 0; column < columns; column++) {
      const u = (column + 0.5) / columns;
      let sum = 0, weights = 0;
      for (const point of points) {
        const weight = 1 / ((point.u - u) ** 2 + (point.v - v) ** 2 + 1e-4);
        sum += weight * (isLog ? Math.log(point.value) : point.value);
        weights += weight;
      }
      const found = shade(isLog ? Math.exp(sum / weights) : sum / weights);
      if (found !== level) { close(column); from = column; level = found; }
    }
    close(columns);
  }
  const layer = svg("g", { "aria-hidden": "true" }, made.root);
  paths.forEach((d, q) => svg("path", { d, class: `f${q}`, stroke: "none" }, layer));
}

function matters(body, width) {
  const known = data.importance[now.metric];
  if (known.unknown) {
    el("p", {}, `Not known: ${known.unknown}.`, body);
    return;
  }
  const rows = Object.entries(known.parameters).sort((a, b) => b[1] - a[1]);
  const left = Math.min(150, width * 0.35);
  const root = svg("svg", {
    width, height: rows.length * 26 + 8, viewBox: `0 0 ${width} ${rows.length * 26 + 8}`, role: "img",
    "aria-label": rows.map(([name, share]) => `${name} ${Math.round(share * 100)} percent`).join(", "),
  }, body);
  const widest = Math.max(...rows.map((row) => row[1]), 0.01);
  rows.forEach(([name, share], at) => {
    const y = at * 26 + 6;
    svg("text", { x: left - 8, y: y + 14, "text-anchor": "end", class: "name" }, root, clip(name, Math.floor(left / 7.5)));
    svg("rect", { x: left, y, width: Math.max(1, (share / widest) * (width - left - 60)), height: 18, rx: 3, class: "bar" }, root);
    svg("text", { x: left + Math.max(1, (share / widest) * (width - left - 60)) + 6, y: y + 14 }, root, `${Math.round(share * 100)} %`);
  });
  const own = Math.min(1, rows.reduce((sum, row) => sum + row[1], 0));
  el("p", {}, `The share of the variance of ${known.metric} over the whole space that each parameter explains by itself; ${Math.round((1 - own) * 100)} % is what they do together.`, body);
  const sure = known.explained === undefined ? 0 : known.explained;
  el("p", {}, `By a random forest of ${known.trials} trials, which foretells ${Math.max(0, Math.round(sure * 100))} % of the variance of trials that it has not seen${sure < 0.3 ? ": too little to rely on these shares" : ""}.`, body);
}

function curves(body, width) {
  const at = now.metric;
  const shown = trials.map((_, t) => t).filter((t) => trials[t].curves[at].length > 0);
  const all = shown.flatMap((t) => trials[t].curves[at]);
  const steps = all.map((point) => point[0]);
  const low = steps.reduce((a, b) => Math.min(a, b), Infinity);
  const high = steps.reduce((a, b) => Math.max(a, b), -Infinity);
  const made = frame(body, {
    width, height: 330, xs: linear(low, high), ys: valueScale(all.map((point) => point[1])),
    xname: "step", yname: metric().name, label: `${metric().name} of each trial by step. ${hint}`,
  });
  const shade = shades();
  const lines = shown.map((t) => ({ t, places: trials[t].curves[at].map(([step, value]) => [round(made.x(step)), round(made.y(value))]) }));
  wires(made.root, lines, (t) => (valueOf(t) === null ? 0 : shade(valueOf(t))));
}

let front = [0, 1];

function pareto(body, width) {
  const bar = el("div", { class: "controls" }, null, body);
  const names = data.metrics.map((m) => m.name);
  const redraw = (select) => { body.replaceChildren(); pareto(body, width); body.querySelectorAll("select")[select].focus(); };
  if (names.length > 2) {
    choice(bar, "Across", names, front[0], (at) => { front = [at, front[1]]; redraw(0); });
    choice(bar, "Up", names, front[1], (at) => { front = [front[0], at]; redraw(1); });
  }
  const values = (t) => front.map((at) => trials[t].values[at]);
  const shown = trials.map((_, t) => t).filter((t) => trials[t].counts && values(t).every((value) => value !== null));
  const [xs, ys] = [0, 1].map((side) => valueScale(shown.map((t) => values(t)[side])));
  const goal = (at) => `${names[at]} (${data.metrics[at].goal === "minimize" ? "smaller" : "larger"} is better)`;
  const made = frame(body, {
    width, height: 350, xs, ys, xname: goal(front[0]), yname: goal(front[1]),
    label: `${names[front[1]]} against ${names[front[0]]}; ${data.best.length} trials are beaten by none. ${hint}`,
  });
  const points = shown.map((t) => ({ t, x: made.x(values(t)[0]), y: made.y(values(t)[1]) }));
  if (names.length === 2) {
    const best = points.filter(({ t }) => isBest(trials[t])).sort((a, b) => a.x - b.x);
    svg("path", { class: "bestline", d: best.map(({ x, y }, at) => `${at ? "L" : "M"}${round(x)} ${round(y)}`).join("") }, made.root);
  }
  scatter(made.root, points);
}
