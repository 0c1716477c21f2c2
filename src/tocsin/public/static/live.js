// The live page: the stream, and what the reader sees of it.
//
// Whenever time may have stood still here (a frozen tab, a sleeping phone) everything is unknown first,
// and is asked for then.  What a server or a feed says becomes text, never markup.
// How long a state holds is decided in `told.js`; the sentence is said as `pages.py` says it.

const $ = (id) => document.getElementById(id);
const { modules } = JSON.parse($("given").textContent);
const [text, { Told, WORST_FIRST }] = await Promise.all([import(modules.words), import(modules.told)]);
const { given, words, say, span, second, inert, codeName } = text;

const GAP_MS = 2_000; // a tick of one second that takes this long: the page stood still
const MANY = 4; // more names than this are read aloud as a number

const { areas } = given; // code -> [name, parent]; the catalogue adds to it
const told = new Told(areas, given.board, () => performance.now());
const clock = (ms) => text.clock(ms, told.now);
// In a replay its clock runs on between two frames, and the ages on the page with it.
const asOf = () => text.asOf(told.rate === 1 ? told.asOf : told.now);

// --- In words ------------------------------------------------------------------------------------

const nameOf = (area) => areas[area]?.[0] ?? area;
const prefix = () => (["exercise", "test"].includes(told.head.realm) ? `${words[`in_${told.head.realm}`]}: ` : "");

function wordOf({ high, state }, area) {
  const key = high ? "high" : state;
  return prefix() + words[key === "partly" && !told.board.has(area) ? "partly_finer" : key];
}

function sinceOf({ since, covered }) {
  return since && covered ? say("since", { time: clock(since), age: span(told.now - since) }) : "";
}

function threatOf({ threat, entry }) {
  const kind = [entry.subtype && codeName(entry.subtype), entry.text && inert(entry.text)];
  return [codeName(threat), ...kind].filter(Boolean).join(": ");
}

function moreOf(verdict, parts) {
  const more = verdict.raised.map(threatOf);
  if (verdict.state === "partly" && parts?.length) more.push(say("parts", { names: parts.map(nameOf).join(", ") }));
  if (verdict.standing) more.push(words.standing);
  else if (verdict.lapsed) more.push(say("lapsed", { time: clock(verdict.lapsed) }));
  else if (verdict.unheard) more.push(words.unconfirmed);
  else if (verdict.state === "raised" && told.now - verdict.since > given.usual_ms) more.push(words.overdue);
  if (verdict.cancelled) more.push(words.cancelled);
  if (verdict.aside) more.push(words.set_aside);
  if (!verdict.covered) more.push(words.not_covered);
  return more.join("; ");
}

// Everything that is shown of an area.
function look(area) {
  const verdict = told.judge(area);
  const { state, high, unheard, covered } = verdict;
  const name = nameOf(area), word = wordOf(verdict, area), since = sinceOf(verdict);
  const more = moreOf(verdict, view.parts.get(area));
  const kind = [state, high && "high", unheard && "lapsed", !covered && "not_covered"].filter(Boolean).join(" ");
  const label = [`${name}: ${word}`, since, more].filter(Boolean).join(", ");
  return { area, name, verdict, kind, word, since, more, label };
}

function subject(raised, partly, clear, unknown) {
  if (raised) return ["raised_in", raised];
  if (partly) return ["partly_in", partly];
  return clear || !unknown ? ["clear_in", clear] : ["unknown_of", unknown];
}

function sentence(rows) {
  const all = [...rows.values()].map((row) => row.verdict);
  const counted = all.filter((one) => !one.standing);
  const [raised, partly, clear, unknown] = ["raised", "partly", "clear", "unknown"].map(
    (state) => counted.filter((one) => one.state === state).length);
  if (unknown === all.length) return prefix() + say("unknown_all", { n: unknown });
  const alarming = counted.filter((one) => one.state === (raised ? "raised" : "partly"));
  const air = alarming.every((one) => one.raised.every(({ threat }) => threat === "air"));
  const [key, count] = subject(raised, partly, clear, unknown);
  let first = say(key, { what: words[air ? "air_alert" : "any_alert"], count, n: counted.length });
  if (raised && partly) first += say("partly_more", { n: partly });
  if (all.length > counted.length) first += say("standing_more", { n: all.length - counted.length });
  const more = unknown && key !== "unknown_of" ? ` ${say("unknown_in", { n: unknown })}` : "";
  return `${prefix()}${first}.${more}`;
}

function mineSentence(row) {
  if (!row) return "";
  const word = row.word[0].toLowerCase() + row.word.slice(1);
  return ` ${say("one_area", { name: row.name, word, since: row.since && ` ${row.since}` })}`;
}

function adviceOf({ state, raised }) {
  if (state !== "raised") return words[`do_${state}`];
  return words[`do_${raised.find((one) => one.state === "raised").threat}`] ?? words.do_other;
}

// --- What is shown -------------------------------------------------------------------------------

const view = {
  rows: new Map(), // area of the board -> what is shown of it
  parts: new Map(), // area of the board -> its raised parts
  pinned: null,
  notice: document.title.slice(0, document.title.length - $("sentence").textContent.length),
};
const watchers = []; // the card and the picture, once they are loaded

function put(node, words) {
  if (node && node.textContent !== words) node.textContent = words;
}

function dress(node, base, { kind, label }) {
  if (node.getAttribute("class") !== `${base} ${kind}`) node.setAttribute("class", `${base} ${kind}`);
  if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
}

function showRow(row) {
  const item = $(`row-${row.area}`);
  dress(item, "row", row);
  for (const part of ["word", "since", "more"]) put(item.querySelector(`.${part}`), row[part]);
}

function rank({ area, verdict: { state, standing, since } }) {
  const waits = state === "raised" || state === "partly" ? since ?? 0 : 0;
  return [WORST_FIRST.indexOf(state), Number(standing), waits, given.board.indexOf(area)];
}

function order() {
  const ranked = [...view.rows.values()].map((row) => [rank(row), $(`row-${row.area}`)]);
  ranked.sort(([one], [other]) => {
    const at = one.findIndex((value, i) => value !== other[i]);
    return at < 0 ? 0 : one[at] - other[at];
  });
  const list = $("list"), focused = document.activeElement;
  ranked.forEach(([, item], i) => {
    if (list.children[i] !== item) list.insertBefore(item, list.children[i]);
  });
  if (focused !== document.activeElement) focused?.focus({ preventScroll: true }); // a moved row loses it
}

function showSources() {
  const list = $("sources");
  if (!list) return;
  const lines = [...told.fresh].sort().map(([source, { until }]) => {
    const name = source === "pack" ? words.pack : inert(source);
    return say(told.holds(source) ? "source_heard" : "source_lost", { source: name, time: clock(until) });
  });
  if (!lines.length) lines.push(words.source_none);
  while (list.children.length > lines.length) list.lastElementChild.remove();
  while (list.children.length < lines.length) list.append(document.createElement("li"));
  lines.forEach((line, i) => put(list.children[i], line));
}

function showSentence(mine, gone) {
  const line = gone + sentence(view.rows) + mineSentence(mine);
  put($("sentence"), line);
  put($("checked"), (gone ? "" : `${say("checked", { age: span(told.silentMs) })} `) + `${asOf()}.`);
  document.body.classList.toggle("lost", gone !== "");
  // A hidden tab is woken seldom, so its title says of when it is.
  const title = view.notice + line + (document.hidden ? ` ${asOf()}.` : "");
  if (document.title !== title) document.title = title;
}

function show() {
  const root = document.documentElement.classList;
  try {
    showAll();
    root.remove("broken");
    root.add("live");
  } catch (error) { // a fault of ours must not leave an old clear standing
    root.remove("live");
    root.add("broken");
    throw error;
  }
}

function showAll() {
  view.parts = told.raisedParts();
  view.rows = new Map(given.board.map((area) => [area, look(area)]));
  const mine = areas[view.pinned] ? look(view.pinned) : null;
  const gone = told.lost ? `${say("lost", { time: second(told.asOf) })} ` : "";
  showSentence(mine, gone);
  for (const row of view.rows.values()) showRow(row);
  order();
  for (const tile of $("tiles").children) {
    dress(tile, tile.className.split(" ").slice(0, 3).join(" "), view.rows.get(tile.dataset.area));
  }
  showSources();
  aloud(mine, gone);
  for (const watch of watchers) watch(mine);
}

let due = 0;
function soon() {
  due ||= setTimeout(() => { due = 0; show(); }, 0); // what comes at once is shown at once
}

// Reads changes aloud: politely; without waiting only a raise of the reader's own area.
const said = { words: null, mine: "", gone: "" };
function aloud(mine, gone) {
  if (gone !== said.gone) put($("polite"), gone || sentence(view.rows));
  said.gone = gone;
  if (gone || !told.sure) return;
  const changed = new Map();
  for (const { area, word, name } of view.rows.values()) {
    if (said.words && said.words.get(area) !== word) changed.set(word, [...(changed.get(word) ?? []), name]);
  }
  const lines = [...changed].map(([word, names]) =>
    say("told", { word, names: names.length > MANY ? say("regions", { n: names.length }) : names.join(", ") }));
  if (lines.length) put($("polite"), lines.join(" "));
  said.words = new Map([...view.rows].map(([area, row]) => [area, row.word]));
  aloudMine(mine);
}

function aloudMine(mine) {
  const was = said.mine;
  said.mine = mine ? `${mine.area} ${mine.verdict.state}` : "";
  const raised = mine?.verdict.state === "raised";
  if (!raised) put($("assertive"), ""); // so that the next raise is a change again
  if (!raised || was === said.mine || !was.startsWith(`${mine.area} `)) return;
  put($("assertive"), say("told_mine", { name: mine.name, word: mine.word, advice: adviceOf(mine.verdict) }));
}

function pin(area) {
  view.pinned = area || null;
  try {
    if (area) localStorage.setItem("area", area);
    else localStorage.removeItem("area");
  } catch { /* no storage here: it is kept until the page closes */ }
  show();
}

function pinned() {
  try {
    return localStorage.getItem("area");
  } catch {
    return null;
  }
}

// A list has one stop of the tabulator; arrows go on from there, Enter chooses.
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
function rove(parent, chosen) {
  const items = () => [...parent.querySelectorAll("[data-area]")];
  const stop = (item) => {
    for (const one of items()) one.setAttribute("tabindex", one === item ? "0" : "-1");
  };
  parent.addEventListener("focusin", (event) => event.target.dataset.area && stop(event.target));
  parent.addEventListener("click", (event) => {
    const item = event.target.closest("[data-area]");
    if (item) chosen(item.dataset.area, false);
  });
  parent.addEventListener("keydown", (event) => {
    const all = items(), at = all.indexOf(event.target), { key } = event;
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Enter" || key === " ") chosen(all[at].dataset.area, true);
    const to = key === "Home" ? 0 : key === "End" ? all.length - 1 : at + (STEPS[key] ?? NaN);
    all[to]?.focus();
    if (all[to] || key === " ") event.preventDefault();
  });
  stop(items()[0]);
}

let catalogue = null; // every area; asked for once it is needed
function loadNames() {
  catalogue ??= fetch("/v1/areas.json").then((answer) => answer.json()).then((found) => {
    for (const { id, name, parent } of found.areas) areas[id] = [name[given.lang] ?? id, parent];
    soon();
    return found;
  }).catch(() => { catalogue = null; });
  return catalogue;
}

// --- The stream ----------------------------------------------------------------------------------

let stream = null, tries = 0, timer = 0;

function connect() {
  stream?.close();
  clearTimeout(timer);
  told.connected();
  const mine = (stream = new EventSource(`/v1/stream${told.cursor ? `?after=${told.cursor}` : ""}`));
  for (const kind of ["snapshot", "alert", "beat"]) {
    mine.addEventListener(kind, (event) => mine === stream && heard(kind, event.data));
  }
  mine.addEventListener("reset", () => { told.void(); soon(); }); // a snapshot follows
  mine.addEventListener("error", () => mine === stream && again());
}

function heard(kind, data) {
  try {
    const frame = JSON.parse(data);
    if (!told.take(kind, frame, performance.now())) throw new Error("another log");
    if (Object.keys(frame.areas ?? {}).length && [...told.threats.values()].some(strange)) loadNames();
    tries = 0;
  } catch { // what we cannot read or place we ask for anew
    told.void();
    again();
  }
  soon();
}

const strange = (here) => [...here.keys()].some((area) => !(area in areas));

// Comes back by itself, each reader after a time of its own, so that not all of them come at once.
function again() {
  stream?.close();
  stream = null;
  clearTimeout(timer);
  tries += 1;
  timer = setTimeout(connect, 500 + Math.random() * Math.min(8_000, 1_000 * 2 ** tries));
}

function awake() {
  told.sure = false;
  show();
  connect();
}

const ticked = { at: performance.now(), wall: Date.now() };
function tick() {
  const at = performance.now(), wall = Date.now();
  // One of these clocks stands still while a device sleeps; a jump of either costs a question, no more.
  const gap = Math.max(at - ticked.at, Math.abs(wall - ticked.wall));
  Object.assign(ticked, { at, wall });
  if (gap > GAP_MS && !document.hidden) return awake();
  if (stream && told.lost) again();
  return show();
}

function keepShell() {
  // The policy is there because a worker's address is code.
  const policy = window.trustedTypes?.createPolicy("worker", { createScriptURL: () => "/sw.js" });
  navigator.serviceWorker?.register(policy ? policy.createScriptURL("") : "/sw.js").catch(() => {});
}

function start() {
  told.take("snapshot", given.snapshot, 0); // the page was asked for at 0 and made later
  told.sure = performance.getEntriesByType("navigation")[0]?.type !== "back_forward";
  view.pinned = pinned();
  if (view.pinned && !areas[view.pinned]) loadNames();
  connect();
  show();
  setInterval(tick, 1_000);
  document.addEventListener("visibilitychange", () => (document.hidden ? show() : awake()));
  addEventListener("pageshow", (event) => event.persisted && awake());
  addEventListener("online", awake);
  // A tap in the list may be an accident: it pins the first area, and takes no pinned one away.
  rove($("list"), (area, byKey) => (byKey || !view.pinned) && pin(area));
  const watch = (one) => { watchers.push(one); soon(); };
  const page = { $, modules, text, told, view, areas, nameOf, clock, look, adviceOf, put, dress, rove, pin, loadNames, watch };
  for (const part of [modules.mine, modules.picture]) import(part).then((module) => module.start(page));
  keepShell();
}

start();
