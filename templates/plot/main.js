// The page: its sections in their order, and what is common to them.
const SECTIONS = [
  { title: "Pareto front", draw: pareto, isWide: true, isLeft: data.metrics.length < 2, empty: counted },
  { title: "History", draw: history },
  { title: "What trials report on the way", draw: curves, empty: () => trials.filter((trial) => trial.curves[now.metric].length > 1) },
  { title: "Parallel coordinates", draw: parallel, isWide: true, empty: counted },
  { title: "Which parameters matter", draw: matters },
  { title: "Two parameters", draw: contour, isLeft: data.axes.length < 2, empty: counted },
  { title: "Each parameter", draw: slices, isWide: true, empty: counted },
  { title: "All trials", draw: table, isWide: true, id: "trials" },
];

function build() {
  const main = byId("main");
  const ended = trials.filter((trial) => !["running", "stopping", "waiting"].includes(trial.state)).length;
  byId("study").textContent = data.study;
  const goals = data.metrics.map((m) => `${m.goal} ${m.name}`).join(", ");
  const state = data.isOver ? `over${data.reason ? `: ${data.reason}` : ""}` : "not over when this page was written";
  byId("summary").textContent = `${goals}. ${ended} of ${data.maxTrials} trials have ended; the study is ${state}`;
  if (ended === 0) {
    const told = trials.length ? "None of its trials has ended yet" : "It has no trials yet";
    el("p", { class: "empty wide" }, `${told}. The charts come with the first one that ends: write the page again then.`, main);
  }
  for (const section of SECTIONS) {
    if (section.isLeft || (ended === 0 && section.draw !== table) || trials.length === 0) continue;
    const box = el("section", { class: `${section.isWide ? "wide" : ""}${section.draw === table ? " long" : ""}` }, null, main);
    if (section.id) box.id = section.id;
    box.setAttribute("aria-label", section.title);
    el("h2", {}, section.title, el("div", { class: "head" }, null, box));
    section.body = el("div", {}, null, box);
  }
  if (data.metrics.length > 1) {
    byId("metric-label").hidden = false;
    data.metrics.forEach((m, at) => el("option", { value: at }, m.name, byId("metric")));
  }
  byId("metric").addEventListener("change", () => { now.metric = Number(byId("metric").value); suit(); forget(); render(); });
  byId("log").addEventListener("change", () => { now.log = byId("log").checked; forget(); render(); });
  const theme = (name) => {
    document.documentElement.dataset.theme = name;
    byId("theme").textContent = name === "dark" ? "Light" : "Dark";
    byId("theme").setAttribute("aria-label", `${name === "dark" ? "Light" : "Dark"} colours`);
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  theme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
  byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  // Paper is white.
  let screen = "light";
  addEventListener("beforeprint", () => { screen = document.documentElement.dataset.theme; theme("light"); });
  addEventListener("afterprint", () => theme(screen));
}

// Whether values are told apart better by their logarithm, and whether they have one.
function suit() {
  const values = counted().map(valueOf);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const can = low > 0 && high > low;
  byId("log-label").hidden = !can;
  now.log = can && high / low > 30;
  byId("log").checked = now.log;
}

// Ranges of metrics are places on a scale that is another one now.
function forget() {
  data.metrics.forEach((_, at) => now.ranges.delete(data.axes.length + at));
  narrow();
}

function render() {
  // A focus on what is drawn anew would be lost.
  const focused = SECTIONS.find((section) => section.body && section.body.contains(document.activeElement));
  onPick.length = 0;
  onRange.length = 0;
  onPick.push(panel);
  for (const section of SECTIONS.filter((one) => one.body)) {
    section.body.replaceChildren();
    if (section.empty && section.empty().length === 0) {
      el("p", {}, "There is nothing to show yet.", section.body);
      continue;
    }
    section.draw(section.body, section.body.clientWidth);
  }
  if (focused) (focused.body.querySelector('svg, [tabindex="0"]') || document.body).focus();
}

// What is known of the chosen trial, at the foot of the page.
function panel() {
  const box = byId("picked");
  const t = now.picked;
  box.hidden = t === null;
  box.replaceChildren();
  if (t === null) return;
  const told = tell(t);
  el("b", {}, told.head, box);
  const parts = [told.values, told.params, trials[t].run, trials[t].reason].filter(Boolean);
  parts.forEach((text) => el("span", {}, text, box));
  const close = el("button", { type: "button" }, "Close", box);
  close.addEventListener("click", () => pick(null));
}

build();
suit();
render();
let width = document.documentElement.clientWidth;
addEventListener("resize", () => {
  const is = document.documentElement.clientWidth;
  if (is === width) return;
  width = is;
  clearTimeout(render.later);
  render.later = setTimeout(render, 120);
});
