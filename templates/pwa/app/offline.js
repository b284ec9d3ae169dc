// What makes the page one that can be installed and opened without a network.

import { byId, show } from './dom.js';

export async function startOffline() {
  const chip = byId('offline');
  const tell = (text, ready) => {
    chip.textContent = text;
    chip.classList.toggle('good', ready);
    show(chip, true);
  };
  offerInstall();
  if (!('serviceWorker' in navigator)) {
    if (!window.isSecureContext) tell('Not offline: needs HTTPS', false);
    return;
  }
  const now = () => tell(navigator.onLine ? 'Works offline' : 'Offline, and working', true);
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    offerUpdate(registration);
    if (!registration.active) tell('Getting ready for offline…', false);
    await navigator.serviceWorker.ready;
    now();
    for (const name of ['online', 'offline']) window.addEventListener(name, now);
  } catch {
    // A private window may forbid it; the page itself works all the same.
    tell('Not available offline', false);
  }
}

function offerInstall() {
  const button = byId('install');
  let asked = null;
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    asked = event;
    show(button, true);
  });
  window.addEventListener('appinstalled', () => show(button, false));
  button.addEventListener('click', async () => {
    await asked?.prompt();
    show(button, false);
  });
}

function offerUpdate(registration) {
  let wanted = false;
  const offer = () => show(byId('update'), Boolean(registration.waiting && navigator.serviceWorker.controller));
  offer();
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer));
  byId('reload').addEventListener('click', () => {
    wanted = true;
    registration.waiting?.postMessage('activate');
  });
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (wanted) location.reload();
  });
}
