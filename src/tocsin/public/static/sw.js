// Keeps the page's style and script for later.  It never keeps a state: without the server it says that
// nobody knows.
//
// The two sentences are those of `words.py`; a test compares them.

const SHELL = "shell-1";
const OFFLINE = {
  uk: "Немає зв’язку із сервером. Стан невідомий: дійте як під час тривоги.",
  en: "No contact with the server. The state is unknown: treat as danger.",
};
const SECURITY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

// A page that says that it knows nothing, and asks again by itself.
async function offline(request) {
  const kept = await (await caches.open(SHELL)).keys();
  const { pathname, search } = new URL(kept.find(({ url }) => url.includes(".css"))?.url ?? "/none", request.url);
  const langs = new URL(request.url).pathname === "/en" ? ["en", "uk"] : ["uk", "en"];
  const head = ["viewport\" content=\"width=device-width", "color-scheme\" content=\"light dark"];
  const page = [
    `<!doctype html><html lang="${langs[0]}"><meta charset="utf-8"><meta http-equiv="refresh" content="5">`,
    ...head.map((one) => `<meta name="${one}">`),
    `<title>${OFFLINE[langs[0]]}</title><link rel="stylesheet" href="${pathname}${search}"><body class="offline">`,
    ...langs.map((lang) => `<p class="gone" lang="${lang}">${OFFLINE[lang]}</p>`),
  ];
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": SECURITY };
  return new Response(page.join("\n"), { status: 503, headers });
}

// A file with its version in its address never changes; older versions of it go.
async function shell(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.delete(request, { ignoreSearch: true });
    await cache.put(request, answer.clone());
  }
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, searchParams } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => offline(request)));
  else if (pathname.startsWith("/static/") && searchParams.has("v")) event.respondWith(shell(request));
});
