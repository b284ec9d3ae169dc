// The ways in which this browser can compute, and which of them is the quickest that is right.

import { settings } from './dom.js';

export const BACKENDS = [
  { id: 'webgpu', label: 'WebGPU', file: 'tf-backend-webgpu.es2017.min.js' },
  { id: 'webgl', label: 'WebGL' },
  { id: 'wasm', label: 'WASM', file: 'tf-backend-wasm.es2017.min.js' },
  { id: 'cpu', label: 'CPU' },
];

const KEY = 'backend';
const MEASURED = 'backend measured';
const TURNS = 3;
// Of a turn as long as this, in ms, one is enough.
const LONG = 1000;

export const labelOf = (id) => BACKENDS.find((backend) => backend.id === id)?.label ?? id;

const loading = new Map();

function loadScript(file) {
  if (!loading.has(file)) {
    loading.set(file, new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = `library/${file}`;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${file} can't be loaded`));
      document.head.append(script);
    }));
  }
  return loading.get(file);
}

// Asked for once: a browser warns in its console each time that there is none.
let asked = null;
function adapter() {
  asked ??= navigator.gpu?.requestAdapter() ?? Promise.resolve(null);
  return asked;
}

// Makes a backend the one that computes, or says why it can't be.
export async function use(tf, id) {
  const { file } = BACKENDS.find((backend) => backend.id === id);
  if (id === 'webgpu') {
    if (!navigator.gpu) throw new Error('this browser has no WebGPU');
    if (!await adapter()) throw new Error('there is no graphics processor for WebGPU');
  }
  if (id === 'webgl' && !document.createElement('canvas').getContext('webgl2')) {
    throw new Error('this browser has no WebGL 2');
  }
  if (file) await loadScript(file);
  if (id === 'wasm') {
    // Threads would need a page that is isolated by its server's headers.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    tf.wasm.setWasmPaths(new URL('library/', document.baseURI).href);
  }
  if (!await tf.setBackend(id)) throw new Error(`${labelOf(id)} doesn't start here`);
  await tf.ready();
}

// Whether a backend's graphics hardware is a program.
async function imitated(id) {
  if (id === 'webgpu') {
    const found = await adapter();
    const { isFallbackAdapter, architecture = '' } = found?.info ?? {};
    return Boolean(isFallbackAdapter || found?.isFallbackAdapter) || architecture === 'swiftshader';
  }
  if (id !== 'webgl') return false;
  const context = document.createElement('canvas').getContext('webgl2');
  const names = context?.getExtension('WEBGL_debug_renderer_info');
  const renderer = names ? context.getParameter(names.UNMASKED_RENDERER_WEBGL) : '';
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer);
}

export const chosen = () => settings.get(KEY) ?? 'auto';
export const choose = (id) => settings.set(KEY, id);

// Tries backends with `attempt(id)`, which answers a sample and says whether it is right, and returns for each
// `{id, ms}`, `{id, why}` where it doesn't serve, or `{id}` where it wasn't tried. What was measured is kept for the site's
// next visits.
export async function measure(attempt, version) {
  const kept = JSON.parse(settings.get(MEASURED) ?? 'null');
  if (kept?.version === version) return kept.results;
  const results = [];
  for (const { id } of [...BACKENDS].reverse()) {
    // Plain JavaScript, and graphics that the processor imitates, may take many seconds for what WASM does in one.
    const slow = id === 'cpu' || await imitated(id);
    results.unshift(slow ? { id } : await measureOne(attempt, id));
  }
  if (!quickest(results)) {
    for (const [index, { id, why }] of results.entries()) if (!why) results[index] = await measureOne(attempt, id);
  }
  settings.set(MEASURED, JSON.stringify({ version, results }));
  return results;
}

async function measureOne(attempt, id) {
  try {
    // The first turn compiles shaders.
    if (!await attempt(id)) throw new Error('its answers differ from TensorFlow’s');
    let ms = Infinity;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const start = performance.now();
      await attempt(id);
      const took = performance.now() - start;
      ms = Math.min(ms, took);
      if (took > LONG) break;
    }
    return { id, ms };
  } catch (error) {
    return { id, why: error.message };
  }
}

export function quickest(results) {
  const right = results.filter(({ ms }) => ms !== undefined).sort((a, b) => a.ms - b.ms);
  return right[0]?.id;
}
