// My area: the card of the place that the reader chose.  It is kept in this browser and never sent.

let page, chooser;

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function option(value, label) {
  const made = element("option", "", label);
  made.value = value;
  return made;
}

function select(id, label, changed) {
  const made = element("select");
  made.id = id;
  made.addEventListener("change", () => changed(made.value));
  const caption = element("label", "", label);
  caption.htmlFor = id;
  return [element("p", "field", caption, made), made];
}

function boardOf(area) {
  let one = area;
  while (one && !page.told.board.has(one)) one = page.areas[one]?.[1];
  return one ?? "";
}

// The chooser is made once; the finer areas come when somebody opens it.
function makeChooser() {
  const { given, words } = page.text;
  const [coarse, board] = select("pick-board", words.mine, (area) => { fillFiner(area); page.pin(area); });
  const [fine, finer] = select("pick-finer", words.pick_finer, (area) => page.pin(area || board.value));
  const names = given.board.map((area) => [area, page.nameOf(area)]);
  names.sort(([, one], [, other]) => one.localeCompare(other, given.lang));
  board.append(option("", "—"), ...names.map((one) => option(...one)));
  const summary = element("summary", "", words.pick);
  const made = element("details", "pick", summary, coarse, fine, element("p", "quiet", words.kept_here));
  made.addEventListener("toggle", async () => {
    if (!made.open) return;
    await page.loadNames();
    fillFiner(board.value);
  });
  made.addEventListener("toggle", async () => {
    const { offer } = await import(page.modules.push);
    await offer(page, made, () => page.view.pinned);
  }, { once: true });
  fine.hidden = true;
  return { made, summary, board, finer, fine };
}

function fillFiner(area) {
  const { words, lang } = page.text;
  const children = new Map();
  for (const [one, [, parent]] of Object.entries(page.areas)) {
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(one);
  }
  const rows = [];
  const below = (parent, depth) => {
    const found = (children.get(parent) ?? []).map((one) => [one, page.nameOf(one)]);
    for (const [one, name] of found.sort(([, a], [, b]) => a.localeCompare(b, lang))) {
      rows.push(option(one, `${"\u2003".repeat(depth)}${name}`));
      below(one, depth + 1);
    }
  };
  if (area) below(area, 0);
  chooser.finer.replaceChildren(option("", words.whole), ...rows);
  chooser.finer.value = area && rows.some((one) => one.value === page.view.pinned) ? page.view.pinned : "";
  chooser.fine.hidden = rows.length === 0;
}

function line(area) {
  const { name, word, since } = page.look(area);
  return element("li", "", page.text.say("above", { name, word }), since ? `, ${since}` : "");
}

// What the areas around say, and the parts that are raised.
function around(mine) {
  const above = [];
  let one = page.areas[mine.area]?.[1];
  while (one && one !== page.text.given.root) {
    above.push(one);
    one = page.areas[one]?.[1];
  }
  const parts = mine.verdict.state === "partly" ? page.view.parts.get(mine.area) ?? [] : [];
  return [...above, ...parts].map(line);
}

let shown = "";
function show(mine) {
  const { card } = nodes;
  const key = mine ? `${mine.label}|${around(mine).map((one) => one.textContent)}` : "";
  card.className = mine ? `card ${mine.kind}` : "card none";
  if (chooser.board.value !== boardOf(mine?.area) && document.activeElement !== chooser.board) {
    chooser.board.value = boardOf(mine?.area);
  }
  if (key === shown) return;
  shown = key;
  if (!mine) return nodes.body.replaceChildren();
  const state = element("p", "state", element("span", "sign"), element("strong", "", mine.word));
  const lines = ["name", "since", "more"].map((part) => element("p", part, mine[part]));
  lines.splice(1, 0, state);
  const advice = element("p", "advice", page.adviceOf(mine.verdict));
  const list = element("ul", "around", ...around(mine));
  nodes.body.replaceChildren(...[...lines, advice, list].filter((one) => one.textContent));
}

const nodes = {};

export function start(given) {
  page = given;
  if (!page.$("mine")) return; // the wall has no reader of its own
  chooser = makeChooser();
  nodes.card = page.$("card");
  nodes.body = element("div", "told");
  nodes.card.append(nodes.body, chooser.made);
  page.$("mine").hidden = false;
  page.watch(show);
}
