// All trials as a table, which is also what those read who can't see the charts.
const COLUMNS = [
  { name: "Trial", of: (trial) => trial.trial },
  { name: "State", of: (trial) => trial.state },
  ...data.metrics.map((m, at) => ({ name: m.name, of: (trial) => trial.values[at] })),
  { name: "Step", of: (trial) => trial.step },
  { name: "Seconds", of: (trial) => trial.seconds },
  ...data.axes.map((axis, at) => ({ name: axis.name, of: (trial) => (isCategory(axis) || trial.params[at] === null ? trial.params[at] : Number(trial.params[at])) })),
  { name: "Found", of: (trial) => trial.found },
  { name: "Run", of: (trial) => trial.run },
  { name: "Reason", of: (trial) => trial.reason },
];
const sorted = { by: 0, down: false };

// What is missing comes last, in both directions.
function compare(a, b) {
  const isNone = (value) => value === null || value === undefined || value === "";
  if (isNone(a) || isNone(b)) return Number(isNone(a)) - Number(isNone(b));
  const way = sorted.down ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return (a - b) * way;
  return String(a).localeCompare(String(b), "en", { numeric: true }) * way;
}

function table(body) {
  const box = el("div", { class: "tablebox", tabindex: -1 }, null, body);
  const made = el("table", { "aria-label": "All trials" }, null, box);
  const head = el("tr", {}, null, el("thead", {}, null, made));
  const rows = el("tbody", {}, null, made);
  const all = trials.map((trial, t) => row(trial, t));
  const titles = COLUMNS.map((column, at) => {
    const title = el("th", { scope: "col" }, null, head);
    const button = el("button", { type: "button" }, column.name, title);
    button.addEventListener("click", () => {
      sorted.down = sorted.by === at && !sorted.down;
      sorted.by = at;
      order();
    });
    return { title, button, name: column.name };
  });
  const order = () => {
    const { of } = COLUMNS[sorted.by];
    const places = trials.map((_, t) => t).sort((a, b) => compare(of(trials[a]), of(trials[b])) || a - b);
    rows.replaceChildren(...places.map((t) => all[t]));
    titles.forEach(({ title, button, name }, at) => {
      const isBy = at === sorted.by;
      if (isBy) title.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else title.removeAttribute("aria-sort");
      button.textContent = isBy ? `${name} ${sorted.down ? "\u25be" : "\u25b4"}` : name;
    });
    if (rows.firstChild && !rows.querySelector('tr[tabindex="0"]')) rows.firstChild.tabIndex = 0;
  };
  order();
  const show = () => all.forEach((tr, t) => {
    tr.classList.toggle("picked", t === now.picked);
    tr.setAttribute("aria-selected", String(t === now.picked));
  });
  const fade = () => all.forEach((tr, t) => tr.classList.toggle("faded", !now.within[t]));
  show();
  fade();
  onPick.push(show, () => {
    const tr = all[now.picked];
    if (!tr || box.contains(document.activeElement)) return;
    box.scrollTop = tr.offsetTop - box.clientHeight / 2;
  });
  onRange.push(fade);
  rows.addEventListener("click", (event) => {
    const tr = event.target.closest("tr");
    if (tr) reach(tr);
  });
  rows.addEventListener("keydown", (event) => {
    const tr = event.target.closest("tr");
    const next = { ArrowDown: tr.nextSibling, ArrowUp: tr.previousSibling, Home: rows.firstChild, End: rows.lastChild };
    if (event.key === "Enter" || event.key === " ") reach(tr);
    else if (event.key === "Escape") pick(null);
    else if (next[event.key]) reach(next[event.key]);
    else return;
    event.preventDefault();
  });
  const reach = (tr) => {
    rows.querySelectorAll('tr[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    tr.tabIndex = 0;
    tr.focus();
    pick(all.indexOf(tr));
  };
}

function row(trial) {
  const tr = el("tr", { tabindex: -1 });
  if (isBest(trial)) tr.className = "best";
  for (const { name, of } of COLUMNS) {
    const value = of(trial);
    const isNone = value === null || value === undefined || value === "";
    const text = name === "Trial" && isBest(trial) ? `${value} \u2605` : isNone ? "" : short(value);
    el("td", name === "Reason" && value ? { class: "reason" } : {}, text, tr);
  }
  return tr;
}
