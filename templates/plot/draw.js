// Frames, points and what can be done with them by mouse and keyboard.
const MARGIN = { left: 58, right: 16, top: 24, bottom: 42 };

// Chooses a trial by its place, or none.
function pick(t, isTold = true) {
  now.picked = t;
  onPick.forEach((show) => show());
  if (!isTold) return;
  if (t === null) {
    byId("said").textContent = "No trial is chosen";
    return;
  }
  const told = tell(t);
  byId("said").textContent = [told.head, told.values, told.params].filter(Boolean).join(". ");
}

// Which trials are within all ranges, after one of them has changed.
function narrow() {
  now.within = trials.map((_, t) => [...now.ranges.values()].every((range) => range.holds(t)));
  onRange.forEach((show) => show());
}

function tip(event, t) {
  const box = byId("tip");
  box.hidden = t === null;
  if (t === null) return;
  const told = tell(t);
  box.textContent = [told.head, told.values, told.params].filter(Boolean).join("\n");
  const { clientWidth, clientHeight } = document.documentElement;
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, clientWidth - box.offsetWidth - 4))}px`;
  box.style.top = `${Math.max(4, Math.min(event.clientY + 14, clientHeight - box.offsetHeight - 4))}px`;
}

// A drawing that can be focused; what it shows is said by its label, and the table has the numbers.
function canvas(parent, width, height, label) {
  const made = svg("svg", {
    width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-label": label,
  }, parent);
  return made;
}

// Axes with their marks. Gives where values lie in the drawing.
function frame(parent, { width, height, xs, ys, xname, yname, label }) {
  const root = canvas(parent, width, height, label);
  const inner = { w: width - MARGIN.left - MARGIN.right, h: height - MARGIN.top - MARGIN.bottom };
  const x = (value) => MARGIN.left + xs.at(value) * inner.w;
  const y = (value) => MARGIN.top + (1 - ys.at(value)) * inner.h;
  const bottom = MARGIN.top + inner.h;
  const grid = svg("g", { "aria-hidden": "true" }, root);
  let lines = "";
  for (const tick of ys.ticks()) {
    lines += `M${MARGIN.left} ${y(tick)}h${inner.w}`;
    svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, grid, clip(short(tick), 8));
  }
  const ticks = xs.ticks();
  const stride = xs.choices ? Math.ceil(ticks.length / Math.max(1, Math.floor(inner.w / 40))) : 1;
  const room = Math.max(4, Math.floor((inner.w / ticks.length) * stride / 7));
  let last = -Infinity;
  ticks.forEach((tick, at) => {
    const text = clip(short(tick), room);
    const half = text.length * 3.4;
    if (at % stride !== 0 || x(tick) - half < last + 4) return;
    last = x(tick) + half;
    lines += `M${x(tick)} ${bottom}v4`;
    svg("text", { x: Math.min(x(tick), width - half), y: bottom + 17, "text-anchor": "middle" }, grid, text);
  });
  svg("path", { class: "grid", d: `${lines}M${MARGIN.left} ${bottom}h${inner.w}` }, grid);
  const most = Math.floor(inner.w / 7);
  svg("text", { x: MARGIN.left + inner.w / 2, y: height - 5, "text-anchor": "middle", class: "name" }, grid, clip(xname, most));
  if (yname) svg("text", { x: 2, y: 10, class: "name" }, grid, clip(yname, Math.floor(width / 7)));
  return { root, x, y, inner, bottom };
}

const LOOK = { succeeded: "succeeded", stopped: "stopped", failed: "failed", infeasible: "failed", cancelled: "failed" };
const look = (trial) => LOOK[trial.state] || "running";

function shape(kind, x, y, r) {
  if (kind === "stopped") return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
  if (kind === "failed") return `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
  if (kind === "running") return `M${x} ${y - r}l${r} ${2 * r}h${-2 * r}z`;
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
}

const round = (number) => Math.round(number * 10) / 10;

// Points of trials, `{t, x, y}` in the drawing. One path has all points of a kind, so that thousands
// of them are drawn at once.
function scatter(root, points, r = 4.5, kindOf = null) {
  const layer = svg("g", { "aria-hidden": "true" }, root);
  const paths = new Map();
  const pathOf = (kind) => {
    if (!paths.has(kind)) paths.set(kind, svg("path", { class: kind }, layer));
    return paths.get(kind);
  };
  const rings = svg("path", { class: "bestring" }, layer);
  const mark = svg("path", { class: "pickedmark" }, layer);
  const show = () => {
    const parts = new Map();
    for (const { t, x, y } of points) {
      const kind = look(trials[t]);
      const name = (kindOf || kind) + (now.within[t] ? "" : " faded");
      parts.set(name, (parts.get(name) || "") + shape(kind, round(x), round(y), r));
    }
    paths.forEach((path, name) => path.setAttribute("d", parts.get(name) || ""));
    parts.forEach((d, name) => pathOf(name).setAttribute("d", d));
  };
  const ringed = points.filter(({ t }) => isBest(trials[t]));
  rings.setAttribute("d", ringed.map(({ x, y }) => shape("", round(x), round(y), r + 3)).join(""));
  show();
  layer.append(rings, mark);
  const showPicked = () => {
    const point = points.find(({ t }) => t === now.picked);
    mark.setAttribute("d", point ? shape("", round(point.x), round(point.y), r + 5) : "");
  };
  showPicked();
  onRange.push(show);
  onPick.push(showPicked);
  steer(root, points.slice().sort((a, b) => a.x - b.x || a.y - b.y).map(({ t }) => t), (px, py) => {
    let near = null, least = 24 ** 2;
    for (const { t, x, y } of points) {
      const far = (x - px) ** 2 + (y - py) ** 2;
      if (far < least) [near, least] = [t, far];
    }
    return near;
  });
}

// The mouse finds trials by `nearest(x, y)`, the arrow keys go along `order`.
function steer(root, order, nearest) {
  const at = (event) => {
    const box = root.getBoundingClientRect();
    const scale = root.viewBox.baseVal.width / box.width;
    return nearest((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
  };
  root.addEventListener("pointermove", (event) => tip(event, at(event)));
  root.addEventListener("pointerleave", (event) => tip(event, null));
  root.addEventListener("click", (event) => pick(at(event)));
  root.addEventListener("keydown", (event) => {
    if (event.target !== root || event.ctrlKey || event.metaKey || event.altKey || order.length === 0) return;
    const here = order.indexOf(now.picked);
    const last = order.length - 1;
    const steps = {
      ArrowRight: here < 0 ? 0 : Math.min(here + 1, last), ArrowUp: here < 0 ? 0 : Math.min(here + 1, last),
      ArrowLeft: here < 0 ? last : Math.max(here - 1, 0), ArrowDown: here < 0 ? last : Math.max(here - 1, 0),
      Home: 0, End: last,
    };
    if (event.key === "Escape") pick(null);
    else if (event.key in steps) pick(order[steps[event.key]]);
    else return;
    event.preventDefault();
  });
}

function legend(parent) {
  const box = el("div", { class: "legend" }, null, parent);
  const kinds = { succeeded: "succeeded", stopped: "stopped, its value counts", running: "running", failed: "without a value" };
  for (const [kind, text] of Object.entries(kinds)) {
    if (!trials.some((trial) => look(trial) === kind)) continue;
    const item = el("span", {}, null, box);
    const picture = svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, item);
    svg("path", { class: kind, d: shape(kind, 7, 7, 5) }, picture);
    item.append(text);
  }
  const item = el("span", {}, null, box);
  svg("path", { class: "bestring", d: shape("", 7, 7, 5) }, svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, item));
  item.append(data.best.length > 1 ? "beaten by none" : "the best");
}

// A choice beside a chart's title.
function choice(parent, text, names, chosen, changed) {
  const label = el("label", {}, `${text} `, parent);
  const select = el("select", {}, null, label);
  names.forEach((name, at) => el("option", { value: at }, clip(name, 40), select));
  select.value = String(chosen);
  select.addEventListener("change", () => changed(Number(select.value)));
}
