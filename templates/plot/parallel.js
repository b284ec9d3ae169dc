// Lines of trials: across all axes, and over steps.

// One path has all lines of a shade. `lines` are `{t, places}` with places in the drawing.
function wires(root, lines, levelOf) {
  const layer = svg("g", { "aria-hidden": "true" }, root);
  const paths = new Map();
  for (const name of [" faded", ""]) {
    for (let q = 0; q < 9; q++) paths.set(q + name, svg("path", { class: `trialline s${q}${name}` }, layer));
  }
  const mark = svg("path", { class: "pickedmark" }, layer);
  const drawn = new Map(lines.map(({ t, places }) => {
    const d = `M${places.map((place) => place.join(" ")).join("L")}`;
    return [t, places.length > 1 ? d : shape("", places[0][0], places[0][1], 2)];
  }));
  const show = () => {
    const parts = new Map();
    for (const { t } of lines) {
      const name = levelOf(t) + (now.within[t] ? "" : " faded");
      if (!parts.has(name)) parts.set(name, []);
      parts.get(name).push(drawn.get(t));
    }
    paths.forEach((path, name) => path.setAttribute("d", (parts.get(name) || []).join("")));
  };
  const showPicked = () => mark.setAttribute("d", drawn.get(now.picked) || "");
  show();
  showPicked();
  onRange.push(show);
  onPick.push(showPicked);
  steer(root, lines.map(({ t }) => t), (px, py) => {
    let near = null, least = 12 ** 2;
    for (const { t, places } of lines) {
      if (!now.within[t]) continue;
      for (let at = 0; at < places.length; at++) {
        const far = distance(px, py, places[at], places[at + 1] || places[at]);
        if (far < least) [near, least] = [t, far];
      }
    }
    return near;
  });
}

// The square of the distance of a point from a piece of a line.
function distance(px, py, [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = dx * dx + dy * dy;
  const share = along > 0 ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / along)) : 0;
  return (ax + share * dx - px) ** 2 + (ay + share * dy - py) ** 2;
}

function parallel(body, width) {
  const shown = counted();
  const axes = data.axes.map((axis, at) => ({
    name: axis.name, scale: scaleOf(axis), of: (t) => paramOf(at, t), isOptional: axis.conditional,
    step: isCategory(axis) ? 1 / axis.choices.length : 0.05,
  }));
  data.metrics.forEach((m, at) => {
    const of = (t) => trials[t].values[at];
    const values = shown.map(of).filter((value) => value !== null);
    axes.push({ name: m.name, scale: valueScale(values), of, isOptional: false, step: 0.05 });
  });
  const room = 62;
  const each = Math.max(88, (width - room - 30) / Math.max(1, axes.length - 1));
  const whole = Math.max(width, room + 30 + each * (axes.length - 1));
  const [top, height] = [34, 330];
  // Trials that lack a parameter go through a place of their own below its axis.
  const bottom = height - (axes.some((axis) => axis.isOptional) ? 44 : 18);
  const x = (at) => room + at * each;
  const y = (axis, value) => (value === null ? height - 14 : bottom - axis.scale.at(value) * (bottom - top));
  const box = el("div", { class: "scroll" }, null, body);
  const root = canvas(box, whole, height, `Parameters and metrics of all trials, in a stronger colour where ${metric().name} is better. ${hint} Tab goes to the axes.`);
  const lines = shown.map((t) => ({ t, places: axes.map((axis, at) => [round(x(at)), round(y(axis, axis.of(t)))]) }));
  const shade = shades();
  lines.sort((a, b) => shade(valueOf(a.t)) - shade(valueOf(b.t)));
  wires(root, lines, (t) => shade(valueOf(t)));
  axes.forEach((axis, at) => draw(root, axis, x(at), at, { top, bottom, height, each, shown }));
  el("p", { class: "hint" }, "Drag along an axis for a range, click it to take the range away. By keyboard: Tab to an axis, Enter for a range, Up and Down move its upper end, with Shift its lower end, Escape takes it away.", body);
}

function draw(root, axis, x, at, { top, bottom, height, each, shown }) {
  const group = svg("g", { class: "axis", tabindex: 0, role: "group" }, root);
  const ink = svg("g", { "aria-hidden": "true" }, group);
  svg("path", { class: "grid", d: `M${x} ${top}V${bottom}` }, ink);
  const name = clip(axis.name, Math.floor(each / 8.5));
  svg("text", { x, y: at % 2 && each < 110 ? 12 : 22, "text-anchor": "middle", class: "name halo" }, ink, name);
  const ticks = axis.scale.ticks();
  const stride = Math.ceil((ticks.length * 14) / (bottom - top));
  ticks.filter((_, tick) => tick % stride === 0).forEach((tick) => {
    const y = bottom - axis.scale.at(tick) * (bottom - top);
    svg("text", { x: x - 5, y: y + 4, "text-anchor": "end", class: "halo" }, ink, clip(short(tick), Math.floor(each / 9)));
  });
  if (axis.isOptional) svg("text", { x: x - 5, y: height - 10, "text-anchor": "end", class: "halo" }, ink, "none");
  const band = svg("rect", { class: "range", x: x - 7, width: 14, y: 0, height: 0 }, group);
  const hit = svg("rect", { class: "hit", x: x - 13, width: 26, y: top - 6, height: bottom - top + 12 }, group);
  const inside = (t, [low, high]) => axis.of(t) !== null && axis.scale.at(axis.of(t)) >= low - 1e-9 && axis.scale.at(axis.of(t)) <= high + 1e-9;
  const show = (isTold) => {
    const range = now.ranges.get(at);
    const [low, high] = range ? range.ends : [0, 0];
    band.setAttribute("y", bottom - high * (bottom - top));
    band.setAttribute("height", (high - low) * (bottom - top));
    const held = shown.filter((t) => !range || range.holds(t)).map(axis.of).filter((value) => value !== null);
    const text = range
      ? `${axis.name}: a range with ${held.length} trials${held.length && typeof held[0] === "number" ? `, from ${short(held.reduce((a, b) => Math.min(a, b)))} to ${short(held.reduce((a, b) => Math.max(a, b)))}` : `, ${[...new Set(held)].join(", ")}`}`
      : `${axis.name}: no range`;
    group.setAttribute("aria-label", text);
    if (isTold) byId("said").textContent = text;
  };
  const set = (ends) => {
    if (ends) now.ranges.set(at, { ends, holds: (t) => inside(t, ends) });
    else now.ranges.delete(at);
    show(true);
    narrow();
  };
  show(false);
  onRange.push(() => show(false));
  drag(root, hit, top, bottom, set);
  group.addEventListener("keydown", (event) => {
    const ends = now.ranges.has(at) ? now.ranges.get(at).ends : null;
    const by = { ArrowUp: axis.step, ArrowDown: -axis.step }[event.key];
    const all = [...root.querySelectorAll("g.axis")];
    if (event.key === "Enter" || event.key === " ") set(ends ? null : [0, 1]);
    else if (event.key === "Escape" || event.key === "Delete") set(null);
    else if (event.key === "ArrowRight" && all[at + 1]) all[at + 1].focus();
    else if (event.key === "ArrowLeft" && all[at - 1]) all[at - 1].focus();
    else if (by && event.shiftKey) set([Math.max(0, Math.min((ends || [0, 1])[0] + by, (ends || [0, 1])[1])), (ends || [0, 1])[1]]);
    else if (by) set([(ends || [0, 1])[0], Math.min(1, Math.max((ends || [0, 1])[1] + by, (ends || [0, 1])[0]))]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// A range by the mouse; a click without a way takes it away.
function drag(root, hit, top, bottom, set) {
  let from = null;
  const at = (event) => {
    const box = root.getBoundingClientRect();
    const y = (event.clientY - box.top) * (root.viewBox.baseVal.height / box.height);
    return Math.max(0, Math.min(1, (bottom - y) / (bottom - top)));
  };
  hit.addEventListener("pointerdown", (event) => {
    from = at(event);
    hit.setPointerCapture(event.pointerId);
    event.preventDefault();
    hit.parentElement.focus();
  });
  hit.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = at(event);
    if (Math.abs(to - from) > 0.01) set([Math.min(from, to), Math.max(from, to)]);
    event.stopPropagation();
  });
  hit.addEventListener("pointerup", (event) => {
    if (from !== null && Math.abs(at(event) - from) <= 0.01) set(null);
    from = null;
  });
  hit.addEventListener("click", (event) => event.stopPropagation());
}
