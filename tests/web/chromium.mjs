// Tries a site in Chromium, the way a person would: opened once, then without a network.
//
// node chromium.mjs (--url URL | --site FOLDER) --expected FILE [--screenshots DIR] [--backends wasm,cpu]
//
// All backends that work are tried, or those named; graphics that the processor imitates take most of the time. FILE is
// JSON: `{"inputs": {NAME: rows}, "outputs": {NAME: rows}, "labels": [...]}`, what TensorFlow answers. The last line on
// stdout is a JSON object; the exit code is 1 where something isn't as it must be.

import { mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { open, waitUntilKept, waitUntilStarted, watch } from './browser.mjs';
import { compare, untaught } from './compare.mjs';
import { pictures } from './pictures.mjs';
import { serve } from './serve.mjs';
import { enter, switchBackends, teach } from './use.mjs';

const NEAR = 1e-4;
// Graphics by the processor computes with full floats; a share of the model's range all the same.
const NEAR_GRAPHICS = 1e-3;

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, site: { type: 'string' }, expected: { type: 'string' }, screenshots: { type: 'string' }, backends: { type: 'string' } },
});

const wrong = [];
const seconds = {};
let before = performance.now();
// How long each part took, for whoever finds the whole slow.
const lap = (name) => {
  seconds[name] = Number(((performance.now() - before) / 1000).toFixed(2));
  before = performance.now();
};
const must = (right, text) => { if (!right) wrong.push(text); };

async function installability(context, page) {
  const session = await context.newCDPSession(page);
  const manifest = await session.send('Page.getAppManifest');
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  await session.detach();
  return { manifest: manifest.errors, found: Boolean(manifest.data), install: installabilityErrors };
}

async function main() {
  const expected = { labels: [], ...JSON.parse(readFileSync(options.expected, 'utf8')) };
  const served = options.site ? await serve(options.site) : null;
  const url = options.url ?? served.url;
  const browser = await open({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  const { context } = browser;
  const seen = watch(context, url);
  const result = {};
  try {
    const page = context.pages()[0] ?? await context.newPage();
    await page.goto(url);
    const { facts, results: all } = await waitUntilStarted(page);
    const results = all.filter(({ id }) => !options.backends || options.backends.split(',').includes(id));
    await waitUntilKept(page);
    lap('open');
    const install = await installability(context, page);
    must(install.found && !install.manifest.length, `manifest: ${JSON.stringify(install.manifest)}`);
    must(!install.install.length, `can't be installed: ${JSON.stringify(install.install)}`);
    result.installable = !install.install.length && !install.manifest.length && install.found;

    // Off twice over: the browser's network, and the server itself where it is ours.
    await context.setOffline(true);
    await served?.close();
    await page.reload();
    const again = await waitUntilStarted(page);
    result.offline = (await page.locator('#offline').textContent()) === 'Offline, and working';
    must(result.offline, 'the page doesn’t say that it is offline');
    lap('offline');
    result.backend = again.backend;
    result.backends = all;

    if (Object.keys(expected.inputs).length && !facts.unable) {
      result.answers = await compare(page, expected, results);
      for (const { backend, maxDifference, accuracy, expectedAccuracy } of result.answers) {
        const near = ['webgl', 'webgpu'].includes(backend) ? NEAR_GRAPHICS : NEAR;
        must(maxDifference <= near, `${backend}: answers are ${maxDifference} off`);
        must(accuracy === expectedAccuracy, `${backend}: accuracy ${accuracy} is not ${expectedAccuracy}`);
      }
      lap('compare');
      result.shown = await enter(page, facts, expected);
      must(result.shown.length > 0, 'no answer is shown');
      result.times = await switchBackends(page, results);
      must(!await page.locator('#problem').isVisible(), 'a backend was refused when chosen');
    } else {
      must(await page.locator('#problem').isVisible() === Boolean(facts.unable), 'what the model can’t do isn’t said');
    }
    lap('enter');
    if (options.screenshots) {
      mkdirSync(options.screenshots, { recursive: true });
      result.screenshots = await pictures(page, options.screenshots);
    }
    lap('screenshots');
    if (await page.locator('#teach').isVisible()) {
      result.untaught = await untaught(page);
      must(result.untaught <= NEAR, `the last layer by itself is ${result.untaught} off`);
      result.taught = await teach(page, facts, options.screenshots);
      must(result.taught.right, `training: ${JSON.stringify(result.taught)}`);
    }
    lap('teach');
    must(!await page.evaluate(() => Boolean(document.querySelector('main img:not([src^="icons/"])'))), 'foreign text became markup');
  } finally {
    await browser.close();
  }
  lap('close');
  must(!seen.console.length, `console: ${seen.console.join(' | ')}`);
  must(!seen.errors.length, `errors: ${seen.errors.join(' | ')}`);
  must(!seen.elsewhere.length, `asked elsewhere: ${seen.elsewhere.join(' ')}`);
  console.log(JSON.stringify({ ok: !wrong.length, wrong, ...result, seconds }));
  process.exitCode = wrong.length ? 1 : 0;
}

main().catch((error) => {
  console.log(JSON.stringify({ ok: false, wrong: [...wrong, String(error?.stack ?? error)] }));
  // Whatever is still open: who waits for the end must not wait for ever.
  process.exit(1);
});
