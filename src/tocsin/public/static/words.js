// What the page says, in the reader's language.  The texts come with the page: `words.py` is their one home.

export const given = JSON.parse(document.getElementById("given").textContent);
export const { words, lang } = given;

function form(n) {
  if (lang === "en") return n === 1 ? 0 : 1;
  if (n % 10 === 1 && n % 100 !== 11) return 0;
  return [2, 3, 4].includes(n % 10) && ![12, 13, 14].includes(n % 100) ? 1 : 2;
}

export function say(key, values = {}) {
  const forms = words[key].split("|");
  const text = forms["n" in values ? Math.min(form(values.n), forms.length - 1) : 0];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return say("seconds", { n: s });
  if (s < 3600) return say("minutes", { n: Math.floor(s / 60) });
  if (s < 86400) return say("hours", { h: Math.floor(s / 3600), n: Math.floor((s % 3600) / 60) });
  return say("days", { n: Math.floor(s / 86400) });
}

// Without control, bidirectional and zero-width characters, which could make a text read otherwise.
export const inert = (text) => String(text).replace(/[\n\t]/g, " ").replace(/[\p{Cc}\p{Cf}]/gu, "");
export const codeName = (code) => (given.codes.includes(code) ? words[code] : inert(code));

function zoned() {
  const parts = { year: "numeric", month: "numeric", day: "numeric" };
  Object.assign(parts, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  // Browsers from before 2022 know Kyiv's zone by its old spelling only.
  for (const timeZone of [given.zone, given.zone.replace("Kyiv", "Kiev")]) {
    try {
      return [new Intl.DateTimeFormat("en-GB", { ...parts, timeZone }), given.zone];
    } catch { /* the next one */ }
  }
  return [new Intl.DateTimeFormat("en-GB", { ...parts, timeZone: "UTC" }), "UTC"];
}

const [format, zone] = zoned();

function local(ms) {
  const found = {};
  for (const { type, value } of format.formatToParts(ms)) found[type] = value;
  found.date = `${Number(found.day)} ${words.months.split(" ")[found.month - 1]}`;
  return found;
}

// A time of day, with its date where that is not today's.
export function clock(ms, today) {
  const at = local(ms), other = local(today);
  const time = `${at.hour}:${at.minute}`;
  if (at.date === other.date && at.year === other.year) return time;
  return `${time}, ${at.date}${at.year === other.year ? "" : ` ${at.year}`}`;
}

export function second(ms) {
  const at = local(ms);
  return `${at.hour}:${at.minute}:${at.second}`;
}

export function asOf(ms) {
  const at = local(ms);
  return say("as_of", { time: `${second(ms)}, ${at.date} ${at.year}`, zone: words[`zone_${zone}`] ?? zone });
}
