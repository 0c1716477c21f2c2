// Web Push: this browser is told of the reader's area, also while the page is closed.
//
// Nothing is sent before the reader asks for it, and then only the area and where the browser can be reached.
// Where the server takes no subscriptions, or the browser none, nothing is offered.

const PATH = "/v1/push";
const KEPT = "asked"; // what the worker needs to say it: the language, and the name of the area

async function subscription() {
  const worker = await navigator.serviceWorker.ready;
  return { worker, kept: await worker.pushManager.getSubscription() };
}

function ask(method, kept, areas) {
  const headers = { "Content-Type": "application/json" };
  return fetch(PATH, { method, headers, body: JSON.stringify({ subscription: kept, areas }) });
}

async function keyOf() {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return null;
  const answer = await fetch(`${PATH}/key`).catch(() => null);
  return answer?.ok ? (await answer.json()).key : null;
}

// The button below the chooser.  `areaOf` gives the area that is chosen, or nothing.
export async function offer(page, place, areaOf) {
  const key = await keyOf();
  if (!key) return;
  const { words, given } = page.text;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "push" });
  const about = Object.assign(document.createElement("p"), { className: "quiet", textContent: words.push_about });
  let on = Boolean((await subscription()).kept);
  const show = () => { button.textContent = on ? words.push_stop : words.push_ask; };

  async function begin() {
    const area = areaOf();
    if (!area) return words.pick;
    if (await Notification.requestPermission() !== "granted") return words.push_no;
    const { worker } = await subscription();
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const names = { [area]: page.nameOf(area) };
    const store = await caches.open(KEPT);
    await store.put("/asked", new Response(JSON.stringify({ lang: given.lang, names })));
    if (!(await ask("POST", made, [area])).ok) throw new Error("refused");
    on = true;
    return words.push_about;
  }

  async function end() {
    const { kept } = await subscription();
    if (kept) {
      await ask("DELETE", kept, []);
      await kept.unsubscribe();
    }
    await caches.delete(KEPT);
    on = false;
    return words.push_about;
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    about.textContent = await (on ? end() : begin()).catch(() => words.push_no);
    button.disabled = false;
    show();
  });
  show();
  place.append(button, about);
}
