// The picture: the map, the choice between map and tiles, and the last day as strips.

const SVG = "http://www.w3.org/2000/svg";
const NARROW = "(max-width: 699px)"; // below it the tiles are easier to read and to hit
const DAY_MS = 60_000; // the strips are asked for again after this, or a little after an alert
const SOON_MS = 5_000;

let page;

function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// --- The map -------------------------------------------------------------------------------------

const map = { svg: null };
for (const kind of ["shapes", "finer", "clocks", "names"]) map[kind] = new Map(); // area -> what is drawn

function patterns() {
  const size = { width: 24, height: 24 }, base = () => drawn("rect", { ...size, class: "base" });
  const pattern = (id, more, ...parts) =>
    drawn("pattern", { id, ...size, ...more, patternUnits: "userSpaceOnUse" }, base(), ...parts);
  const dot = (at) => drawn("circle", { cx: at, cy: at, r: 3.4 });
  const stripe = drawn("rect", { width: 10, height: 24, class: "line" });
  const hatch = pattern("hatch", { patternTransform: "rotate(45)" }, stripe);
  return drawn("defs", {}, hatch, pattern("dots", {}, dot(6), dot(18)));
}

// Only what we know is taken over: outlines and circles.
function outline(node) {
  if (node.localName === "path") return drawn("path", { d: node.getAttribute("d") ?? "" });
  const circle = node.querySelector("circle");
  if (!circle) return null;
  const [cx, cy, r] = ["cx", "cy", "r"].map((name) => Number(circle.getAttribute(name)));
  const label = drawn("text", { x: cx - r * 2.2, y: cy + r * 0.7 }, page.nameOf(node.id));
  return drawn("g", {}, drawn("circle", { cx, cy, r: r * 1.5 }), label);
}

function draw(file) {
  const root = file.documentElement;
  const coarse = drawn("g", { class: "areas" });
  const layer = (name) => drawn("g", { class: name, "aria-hidden": "true" });
  const [finer, names, clocks] = ["finer", "names", "clocks"].map(layer);
  for (const node of root.querySelectorAll("path[id], g[id]")) {
    const below = node.parentNode.id === "finer", known = page.told.board.has(node.id);
    const shape = (known || below) && outline(node);
    if (!shape) continue;
    if (below) {
      map.finer.set(node.id, shape);
      finer.append(shape);
    } else {
      Object.assign(shape.dataset, { area: node.id });
      for (const [key, value] of Object.entries({ id: node.id, role: "img" })) shape.setAttribute(key, value);
      map.shapes.set(node.id, shape);
      coarse.append(shape);
    }
  }
  const frame = { viewBox: root.getAttribute("viewBox"), "fill-rule": "evenodd", role: "group" };
  map.svg = drawn("svg", { ...frame, "aria-labelledby": "picture-title" }, patterns(), coarse, finer, names, clocks);
  Object.assign(map, { nameLayer: names, clockLayer: clocks });
}

// An area without an outline would be missed: then the tiles are the only picture.
const whole = () => page.text.given.board.every((area) => map.shapes.has(area));

function fetchMap() {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", page.text.given.map);
    request.responseType = "document"; // parsed without a text that might be code
    request.overrideMimeType("image/svg+xml");
    request.onload = () => (request.responseXML ? resolve(request.responseXML) : reject(new Error("no map")));
    request.onerror = reject;
    request.send();
  });
}

function fill(shape, { state }) {
  const paint = { partly: "url(#hatch)", unknown: "url(#dots)" }[state];
  const target = shape.localName === "g" ? shape.firstChild : shape;
  if (paint) target.setAttribute("fill", paint);
  else target.removeAttribute("fill");
}

// The point of a shape that is farthest from its edge, on a coarse grid: where a name has room.
function middle(shape) {
  const box = shape.getBBox(), n = 16;
  const points = [];
  for (let i = -1; i <= n; i += 1) {
    for (let j = -1; j <= n; j += 1) {
      const at = { x: box.x + ((i + 0.5) / n) * box.width, y: box.y + ((j + 0.5) / n) * box.height };
      points.push({ ...at, inside: shape.isPointInFill?.(new DOMPoint(at.x, at.y)) });
    }
  }
  const outside = points.filter((one) => !one.inside);
  // A name is wide: room to its sides counts for less than room above and below.
  const room = (one) => Math.min(...outside.map((other) => Math.hypot((one.x - other.x) * 0.6, one.y - other.y)));
  const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2, room: 0 };
  const rooms = points.filter((one) => one.inside).map((one) => ({ ...one, room: room(one) }));
  return rooms.reduce((best, one) => (one.room > best.room ? one : best), centre);
}

// The short names of the tiles, once the shapes have a size.
function placeNames() {
  for (const [area, shape] of map.shapes) {
    if (shape.localName !== "path") continue; // a marker has its whole name
    const { x, y } = middle(shape);
    const short = page.$("tiles").querySelector(`[data-area="${area}"] b`)?.textContent ?? "";
    const name = drawn("text", { x, y: y + 11 }, short);
    map.names.set(area, name);
    map.nameLayer.append(name);
  }
}

function mark(area, shape, unheard) {
  const has = map.clocks.get(area);
  if (!unheard) {
    has?.remove();
    map.clocks.delete(area);
  } else if (!has) {
    const box = shape.getBBox();
    const x = Number(map.names.get(area)?.getAttribute("x") ?? box.x + box.width / 2);
    const y = Number(map.names.get(area)?.getAttribute("y") ?? box.y);
    const clock = drawn("use", { x: x - 21, y: y + 8, width: 42, height: 42, href: "#clock" });
    map.clocks.set(area, map.clockLayer.appendChild(clock));
  }
}

function showMap() {
  if (!map.svg?.isConnected || page.$("map").hidden) return;
  if (!map.names.size) placeNames();
  for (const [area, shape] of map.shapes) {
    const row = page.view.rows.get(area);
    page.dress(shape, shape.localName === "g" ? "marker shape" : "shape", row);
    fill(shape, row.verdict);
    mark(area, shape, row.verdict.unheard);
    map.names.get(area)?.setAttribute("class", row.kind);
  }
  for (const [area, shape] of map.finer) showFiner(area, shape);
}

// A finer area is drawn where it is told something else than the area of the board around it.
function showFiner(area, shape) {
  const spoken = [...page.told.threats.values()].some((one) => one.has(area));
  let above = page.areas[area]?.[1];
  while (above && !page.told.board.has(above)) above = page.areas[above]?.[1];
  const row = spoken && above ? page.look(area) : null;
  const apart = row && row.verdict.state !== page.told.judge(above).state;
  shape.toggleAttribute("hidden", !apart);
  if (!apart) return;
  page.dress(shape, "shape", row);
  fill(shape, row.verdict);
}

// --- Map or tiles --------------------------------------------------------------------------------

let chosenView = null;

function choose(view) {
  const hasMap = map.svg !== null;
  const shown = hasMap ? view : "tiles";
  page.$("map").hidden = shown !== "map";
  page.$("tiles").hidden = shown !== "tiles";
  for (const button of page.$("views").children) {
    button.setAttribute("aria-pressed", String(button.dataset.view === shown));
  }
  showMap();
}

function fitting() {
  return chosenView ?? (matchMedia(NARROW).matches ? "tiles" : "map");
}

async function startViews() {
  const views = page.$("views");
  views.addEventListener("click", (event) => {
    const view = event.target.dataset.view;
    if (view) choose((chosenView = view));
  });
  matchMedia(NARROW).addEventListener("change", () => choose(fitting()));
  page.rove(page.$("tiles"), tell);
  if (!page.text.given.map) return;
  draw(await fetchMap());
  if (!whole()) {
    map.svg = null;
    return;
  }
  page.$("map").append(map.svg);
  page.rove(page.$("map"), tell);
  views.hidden = false;
  choose(fitting());
}

// --- The place that the reader points at ---------------------------------------------------------

let pointed = null;

function tell(area) {
  pointed = area;
  showChosen();
}

function showChosen() {
  const { words, say } = page.text;
  const line = page.$("chosen");
  line.hidden = false;
  const row = page.view.rows.get(pointed);
  line.className = `chosen ${row ? row.kind : ""}`;
  page.put(line.querySelector("span"), row ? row.label : words.pick_place);
  const button = line.querySelector("button");
  button.hidden = !row || !page.$("mine") || page.view.pinned === row.area;
  page.put(button, row ? say("pin_area", { name: row.name }) : words.pin);
}

function startChosen() {
  const button = document.createElement("button");
  button.type = "button";
  button.addEventListener("click", () => page.pin(pointed));
  page.$("chosen").append(document.createElement("span"), button);
  for (const picture of ["map", "tiles"]) {
    for (const type of ["focusin", "pointerover"]) {
      page.$(picture).addEventListener(type, (event) => {
        const area = event.target.closest("[data-area]")?.dataset.area;
        if (area && area !== pointed) tell(area);
      });
    }
  }
}

// --- The last day as strips ----------------------------------------------------------------------

const day = { askedAt: -Infinity, cursor: null, busy: false };

function html(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function strip(past, from, to) {
  const scale = (text) => ((Math.min(Math.max(Date.parse(text), from), to) - from) / (to - from)) * 1000;
  const bars = past.intervals.map(([since, until, end]) => {
    const x = scale(since), width = Math.max(1.5, scale(until) - x); // a minute stays visible
    return drawn("rect", { x, width, y: 0, height: 10, class: end });
  });
  if (past.standing) bars.unshift(drawn("rect", { x: 0, width: 1000, y: 0, height: 10, class: "standing" }));
  const svg = drawn("svg", { viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" }, ...bars);
  const { words, say, span } = page.text;
  const long = past.standing ? words.standing : past.seconds ? span(past.seconds * 1000) : "";
  // Where nobody reports, an empty line would look like a quiet one.
  const covered = page.view.rows.get(past.area)?.verdict.covered;
  const name = html("span", "name", page.nameOf(past.area));
  const item = html("li", covered ? "" : "unknown", name, svg, html("span", "sum", long));
  const inferred = past.inferred_seconds ? `, ${words.inferred}` : "";
  const said = past.standing ? words.standing : say("day_sums", { age: span(past.seconds * 1000) });
  item.setAttribute("aria-label", `${page.nameOf(past.area)}: ${said}${inferred}`);
  return item;
}

function hours(from, to) {
  const svg = drawn("svg", { class: "hours", "aria-hidden": "true" });
  const step = 6 * 3_600_000;
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const x = `${((at - from) / (to - from)) * 100}%`;
    svg.append(drawn("line", { x1: x, x2: x, y1: 0, y2: 5 }), drawn("text", { x, y: 18 }, page.clock(at).slice(0, 5)));
  }
  return html("li", "axis", html("span", "name"), svg, html("span", "sum"));
}

function showDay(answer) {
  const { words, asOf } = page.text;
  const from = Date.parse(answer.from), to = Date.parse(answer.to);
  const list = html("ul", "strips", ...answer.areas.map((past) => strip(past, from, to)), hours(from, to));
  list.setAttribute("aria-label", words.day_about);
  const notice = document.querySelector("#notice p")?.textContent ?? "";
  const caption = html("p", "quiet", [notice, `${asOf(to)}.`, words.day_blank].filter(Boolean).join(" "));
  page.$("strips").replaceChildren(list, caption);
  page.$("day").hidden = false;
}

async function askDay() {
  const { told } = page;
  const passed = performance.now() - day.askedAt, changed = told.cursor !== day.cursor;
  if (day.busy || document.hidden || told.lost || passed < (changed ? SOON_MS : DAY_MS)) return;
  Object.assign(day, { askedAt: performance.now(), cursor: told.cursor, busy: true });
  try {
    showDay(await (await fetch("/v1/history.json?intervals=1")).json());
  } catch { /* the strips keep what they show, and of when it is */ }
  day.busy = false;
}

export async function start(given) {
  page = given;
  startChosen();
  page.watch(() => {
    showMap();
    showChosen();
    if (page.$("day")) askDay();
  });
  await startViews().catch(() => {}); // without a map there are the tiles
}
