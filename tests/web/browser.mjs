// A Chromium with a profile of its own, and what a page may not do in it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // WebGL and WebGPU by the processor: a machine for tests has no graphics hardware.
  '--enable-unsafe-swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

// Not in a private window: such a one says of every site that it can't be installed.
export async function open(options = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'mlctl-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    ...options,
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

// Collects what a page says to the console, throws, or asks of other hosts.
export function watch(context, url) {
  const seen = { console: [], errors: [], elsewhere: [] };
  const { origin } = new URL(url);
  context.on('request', (request) => {
    const asked = new URL(request.url());
    if (!['data:', 'blob:'].includes(asked.protocol) && asked.origin !== origin) seen.elsewhere.push(request.url());
  });
  context.on('page', listen);
  for (const page of context.pages()) listen(page);
  function listen(page) {
    page.on('console', (message) => {
      // The browser's own word on a machine without graphics hardware.
      if (message.text() === 'No available adapters.') return;
      if (['error', 'warning'].includes(message.type())) seen.console.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => seen.errors.push(String(error)));
  }
  return seen;
}

// The page's own objects, once it has started: `{facts, engine, page}`.
export const started = `import(new URL('app/main.js', document.baseURI).href).then((main) => main.ready)`;

export async function waitUntilStarted(page) {
  return page.evaluate(`${started}.then(({ facts, engine }) => ({ facts, results: engine.results ?? [], backend: engine.backend }))`);
}

export async function waitUntilKept(page) {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => { navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }); });
    }
  });
}
