// A site that has been opened gets a newer one: node update.mjs OLD_SITE NEW_SITE. Both below a path, as hosts have them.

import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { open, waitUntilKept, waitUntilStarted, watch } from './browser.mjs';
import { serve } from './serve.mjs';

const [old, newer] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'mlctl-sites-'));
const put = async (site) => {
  await rm(join(folder, 'app'), { recursive: true, force: true });
  await cp(site, join(folder, 'app'), { recursive: true });
};
const version = async (site) => /VERSION = "(\w+)"/.exec(await readFile(join(site, 'service-worker.js'), 'utf8'))[1];

await put(old);
const served = await serve(folder);
const url = `${served.url}app/`;
const browser = await open();
const seen = watch(browser.context, url);
let result;
try {
  const page = browser.context.pages()[0];
  await page.goto(url);
  const before = (await waitUntilStarted(page)).facts.title;
  await waitUntilKept(page);
  await put(newer);
  await page.reload();
  await waitUntilStarted(page);
  // Still the old one, whole, until the person agrees.
  const kept = (await waitUntilStarted(page)).facts.title;
  await page.locator('#reload').click();
  await page.waitForEvent('load');
  const after = (await waitUntilStarted(page)).facts.title;
  const caches = await page.evaluate(() => window.caches.keys());
  const right = before === kept && after !== before && caches.length === 1 && caches[0].endsWith(await version(newer));
  result = { ok: right && !seen.errors.length && !seen.elsewhere.length, before, kept, after, caches, seen };
} catch (error) {
  result = { ok: false, error: String(error), seen };
} finally {
  await browser.close();
  await served.close();
  await rm(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(result));
process.exitCode = result.ok ? 0 : 1;
