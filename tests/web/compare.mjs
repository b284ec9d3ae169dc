// Answers of the page for all rows, by each backend that works, beside TensorFlow's.

import { started } from './browser.mjs';

const best = (row) => row.indexOf(Math.max(...row));

export async function compare(page, { inputs, outputs, labels }, results) {
  const count = Object.values(inputs)[0].length;
  const flat = Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, rows.flat(Infinity)]));
  const compared = [];
  for (const { id, why } of results) {
    if (why) continue;
    const start = performance.now();
    const answers = await page.evaluate(`${started}.then(async ({ engine, page }) => {
      const [id, flat, count] = ${JSON.stringify([id, flat, count])};
      const before = engine.backend;
      await engine.inTurn(() => engine.load(id));
      const answers = await engine.answer(flat, count);
      await engine.inTurn(() => engine.load(before));
      await page.teacher.reload();
      return Object.fromEntries(Object.entries(answers).map(([name, { values }]) => [name, Array.from(values)]));
    })`);
    compared.push({ backend: id, rows: count, ms: Math.round(performance.now() - start), ...difference(answers, outputs, labels) });
  }
  return compared;
}

// How far the page's own last layer, before it is trained, is from the model's.
export async function untaught(page) {
  return page.evaluate(`${started}.then(async ({ engine, page: { teacher } }) => {
    const { applyLayer } = await import(new URL('app/head.js', document.baseURI).href);
    const given = engine.samples();
    const [expected] = Object.values(await engine.answer(given));
    const answers = applyLayer(teacher.model, await teacher.featuresOf(given));
    return Math.max(...answers.map((value, index) => Math.abs(value - expected.values[index])));
  })`);
}

function difference(answers, outputs, labels) {
  let maxDifference = 0;
  const told = {};
  for (const [name, rows] of Object.entries(outputs)) {
    const expected = rows.flat(Infinity);
    const given = answers[name] ?? [];
    if (given.length !== expected.length) return { maxDifference: Infinity };
    for (const [index, value] of expected.entries()) maxDifference = Math.max(maxDifference, Math.abs(value - given[index]));
    if (labels.length) {
      const width = expected.length / labels.length;
      const right = (values) => labels.filter((label, row) => best(values.slice(row * width, (row + 1) * width)) === label).length / labels.length;
      told.accuracy = right(given);
      told.expectedAccuracy = right(expected);
    }
  }
  return { maxDifference, ...told };
}
