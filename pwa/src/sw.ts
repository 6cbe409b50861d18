// Keeps the built files on the device, so that the app opens without a network.
declare const self: ServiceWorkerGlobalScope & {
  __WB_MANIFEST: { url: string; revision: string | null }[];
};
// A module, so that `self` may be declared anew.
export {};

const files = self.__WB_MANIFEST;
const cacheName = "bincard-" + files.map((file) => file.revision ?? file.url).join();

async function keepFiles(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll(files.map((file) => "/" + file.url));
}

async function dropOldFiles(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name)));
}

async function answer(request: Request): Promise<Response> {
  const page = request.mode === "navigate" ? "/index.html" : request;
  return (await caches.match(page)) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(keepFiles()));
self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldFiles());
  // The very first page must find its later parts offline too.
  event.waitUntil(self.clients.claim());
});
// Never in the middle of work: the new build waits until the worker agrees.
self.addEventListener("message", (event) => {
  if (event.data === "update") event.waitUntil(self.skipWaiting());
});
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== self.location.origin || /^\/(api|sync|schema|health|ready|metrics)(\/|$)/.test(pathname)) return;
  event.respondWith(answer(event.request));
});
