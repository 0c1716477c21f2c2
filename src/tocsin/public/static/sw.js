// Keeps the page's style and script for later.  It never keeps a state: without the server it says that
// nobody knows.
//
// Its words are those of `words.py`; a test compares them.

const SHELL = "shell-1";
const ASKED = "asked"; // kept by `push.js`
const OFFLINE = {
  uk: "Немає зв’язку із сервером. Стан невідомий: дійте як під час тривоги.",
  en: "No contact with the server. The state is unknown: treat as danger.",
};
const SECURITY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (![SHELL, ASKED].includes(name)) await caches.delete(name);
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

// --- What is pushed ------------------------------------------------------------------------------------------

const STATES = {
  raised: { uk: "Тривога", en: "Alert" },
  partly: { uk: "Тривога в частині", en: "Alert in part" },
  clear: { uk: "Відбій", en: "All clear" },
  unknown: { uk: "Невідомо, дійте як під час тривоги", en: "Unknown, treat as danger" },
};
const CANCELLED = { uk: "тривогу надіслано помилково", en: "the alert was sent in error" };
const LATE = { uk: "із запізненням", en: "late" };
const OLD_MS = 900_000; // what was said longer ago is shown, never sounded

// Pushes overtake each other: what is on the screen is not replaced by what was said before it.
async function newer(tag, word) {
  const [shown] = await self.registration.getNotifications({ tag });
  const [epoch, seq] = (shown?.data?.id ?? "").split(/-(?=\d+$)/);
  const [other, mine] = (word.id ?? "").split(/-(?=\d+$)/);
  return shown && epoch === other && Number(seq) > Number(mine) ? shown : null;
}

async function pushed(data) {
  let word = {};
  try { word = data.json(); } catch { /* it is said that nobody knows */ }
  const kept = await (await caches.open(ASKED)).match("/asked");
  const { lang = "uk", names = {} } = kept ? await kept.json() : {};
  const over = word.state === "clear" && !(Date.parse(word.until) > Date.now());
  const state = over || !STATES[word.state] ? "unknown" : word.state;
  const late = Boolean(word.late) || !(Date.now() - Date.parse(word.said_at) < OLD_MS);
  const area = word.areas?.find((one) => names[one]);
  const name = area ? names[area] : Object.values(names)[0] ?? "";
  const tag = `${area ?? word.area}/${word.threat}`;
  const shown = await newer(tag, word);
  if (shown) {
    const { title, body, tag: same, data: id } = shown;
    return self.registration.showNotification(title, { body, tag: same, data: id, silent: true });
  }
  const more = [word.cancelled && CANCELLED[lang], late && LATE[lang]].filter(Boolean);
  const at = Date.parse(word.said_at);
  const time = Number.isNaN(at) ? "" : new Date(at).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
  return self.registration.showNotification([name, STATES[state][lang]].filter(Boolean).join(": "), {
    body: [time, ...more].filter(Boolean).join(", "),
    tag,
    lang,
    icon: "/static/icon.svg",
    data: { id: word.id },
    silent: late,
    renotify: !late,
    requireInteraction: state === "raised",
  });
}

self.addEventListener("push", (event) => event.waitUntil(pushed(event.data)));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/"));
});
