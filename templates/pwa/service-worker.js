// Keeps all files of the site, so that it opens without a network. VERSION and FILES are written above when the site is
// made; VERSION changes with any of the files.

// Sites that share an origin keep apart.
const OWN = `site ${self.registration.scope} `;
const CACHE = OWN + VERSION;

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    // Past the browser's own cache: it may hold files of the version before.
    await cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })));
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(OWN) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

// The page asks for it once the person has agreed to reload.
self.addEventListener('message', (event) => {
  if (event.data === 'activate') self.skipWaiting();
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const page = request.mode === 'navigate' && new URL(request.url).pathname === new URL('./', self.registration.scope).pathname;
  const kept = await cache.match(page ? './' : request, { ignoreSearch: true });
  return kept ?? fetch(request);
}

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method !== 'GET' || !url.startsWith(self.registration.scope)) return;
  event.respondWith(answer(event.request));
});
