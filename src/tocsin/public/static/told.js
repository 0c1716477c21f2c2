// What the server told, and how long it holds.  No page and no network: times are handed in.
//
// 1. A clear holds while its source vouches for it: so many seconds from receipt, on a clock that nobody
//    can set.  Past that it is unknown, whatever else happens.  A raise stays a raise.
// 2. An area that no alert named is as the nearest area above it that one did name.
// 3. While it is not sure that time went on here, nothing is clear.
//
// The same rules in Python: `warn/told.py` (merge) and `pages.py` (judge).

export const WORST_FIRST = ["raised", "partly", "unknown", "clear", "not_covered"];
const SILENT_MS = 12_000; // beats come every 5 s: two are missing, and 15 s are not over
const LATE_MS = 1_000; // a frame may be this much later than the quickest one of its connection

export class Told {
  // areas: code -> [name, parent].  board: the codes that are always shown.  lasted: milliseconds that only go on.
  constructor(areas, board, lasted) {
    Object.assign(this, { areas, lasted, board: new Set(board) });
    this.threats = new Map(); // threat -> area -> entry
    this.fresh = new Map(); // source -> {end: on our clock, until: in its words}
    this.head = {}; // epoch, realm, notice
    this.cursor = null; // EPOCH-SEQ
    this.sure = true; // false: time may have stood still
    this.heardAt = 0; // on our clock
    this.asOf = 0; // of the last frame, on the board's clock
    this.rate = 1; // of the board's clock: a replay's goes faster
    this.lastSeq = 0; // of the last snapshot or alert
    this.quickest = null;
  }

  get silentMs() { return this.lasted() - this.heardAt; }
  get lost() { return this.silentMs > SILENT_MS; }
  // A replay that nobody hears any more has no time; ours goes on.
  get now() { return this.asOf + (this.lost && this.rate !== 1 ? 0 : this.silentMs * this.rate); }

  connected() { this.quickest = null; }

  void() { Object.assign(this, { sure: false, cursor: null }); }

  // Takes one frame in; returns false for one of another log, or one that we do not know.
  take(kind, frame, received) {
    if (kind !== "snapshot" && frame.epoch !== this.head.epoch) return false;
    const at = Date.parse(frame.as_of), newer = at >= this.asOf;
    const from = this.arrival(frame.realm, at, received);
    if (kind === "snapshot") this.replace(frame);
    if (kind === "alert") this.merge(frame, newer && from);
    else this.vouch(frame.fresh, at, from);
    if (kind !== "alert" || newer) this.keepTime(frame.realm, at, from);
    this.head = { epoch: frame.epoch, realm: frame.realm, notice: frame.notice };
    this.cursor = `${frame.epoch}-${frame.seq}`;
    return true;
  }

  // When a frame counts as received: one that was held up on its way is older than it looks.
  arrival(realm, at, received) {
    if (realm === "replay") return received;
    const lag = received - at;
    this.quickest = Math.min(this.quickest ?? lag, lag);
    return lag - this.quickest > LATE_MS ? received - (lag - this.quickest) : received;
  }

  keepTime(realm, at, received) {
    const passed = received - this.heardAt;
    if (realm === "replay" && passed > 500 && this.asOf) this.rate = Math.max(0, (at - this.asOf) / passed);
    Object.assign(this, { heardAt: received, asOf: at });
  }

  replace(frame) {
    this.threats = new Map();
    for (const [area, { threats }] of Object.entries(frame.areas)) {
      for (const [threat, entry] of Object.entries(threats)) this.of(threat).set(area, { ...entry });
    }
    this.lastSeq = frame.seq;
  }

  of(threat) {
    if (!this.threats.has(threat)) this.threats.set(threat, new Map());
    return this.threats.get(threat);
  }

  // An alert of some time ago, sent to catch up, vouches for nothing now; the beat behind it does.
  merge(frame, from) {
    if (frame.seq <= this.lastSeq) return;
    const { areas, threat, ...entry } = frame;
    const left = Date.parse(frame.fresh_until) - Date.parse(frame.as_of);
    if (from !== false && left > 0) entry.end = from + left;
    for (const area of areas) this.of(threat).set(area, entry);
    this.lastSeq = frame.seq;
  }

  vouch(fresh, at, from) {
    this.fresh = new Map();
    for (const [source, text] of Object.entries(fresh)) {
      const until = Date.parse(text);
      this.fresh.set(source, { end: from + until - at, until });
    }
    // The beat knows better than the alerts before it.
    for (const one of this.threats.values()) for (const entry of one.values()) delete entry.end;
    this.sure = true;
  }

  entry(area, threat) {
    const here = this.threats.get(threat);
    for (let one = area; one; one = this.areas[one]?.[1]) {
      if (here.has(one)) return here.get(one);
      if (this.board.has(one)) return null;
    }
    return null;
  }

  holds(source) {
    return this.sure && !this.lost && this.fresh.get(source)?.end > this.lasted();
  }

  vouched(entry) {
    const by = (entry.sources ?? []).map((source) => this.fresh.get(source)).filter(Boolean);
    const end = Math.max(entry.end ?? -Infinity, ...by.map((one) => one.end));
    const until = Math.max(Date.parse(entry.fresh_until) || 0, ...by.map((one) => one.until));
    return { holds: this.sure && !this.lost && end > this.lasted(), until: until || null };
  }

  // What an area is told about all threats together.
  judge(area) {
    const covered = [];
    for (const threat of this.threats.keys()) {
      const entry = this.entry(area, threat);
      if (!entry || entry.state === "not_covered") continue;
      const by = this.vouched(entry);
      const stale = !WORST_FIRST.includes(entry.state) || (entry.state === "clear" && !by.holds);
      const since = stale ? by.until : Date.parse(entry.since) || null;
      covered.push({ threat, entry, state: stale ? "unknown" : entry.state, since, ...by });
    }
    return verdict(covered);
  }

  // For each area of the board, the largest areas in it that are raised.
  raisedParts() {
    const spoken = new Set([...this.threats.values()].flatMap((one) => [...one.keys()]));
    const known = [...spoken, ...this.board].filter((one) => this.areas[one]);
    const raised = new Set(known.filter((one) => this.judge(one).state === "raised"));
    const parts = new Map();
    for (const area of [...raised].filter((one) => !this.board.has(one)).sort()) {
      let above = this.areas[area][1];
      while (above && !raised.has(above) && !this.board.has(above)) above = this.areas[above]?.[1];
      if (this.board.has(above) && !raised.has(above)) parts.set(above, [...(parts.get(above) ?? []), area]);
    }
    return parts;
  }
}

function verdict(covered) {
  const state = WORST_FIRST.find((one) => covered.some((told) => told.state === one)) ?? "unknown";
  const times = covered.filter((one) => one.state === state && one.since).map((one) => one.since);
  const raised = covered.filter((one) => one.state === "raised" || one.state === "partly");
  const whole = raised.filter((one) => one.state === "raised");
  const standing = whole.length > 0 && whole.every(({ entry }) => String(entry.sources) === "pack");
  const unheard = raised.length > 0 && !standing && !raised.some((one) => one.holds);
  return {
    state,
    raised,
    standing,
    unheard,
    covered: covered.length > 0,
    since: times.length ? Math[state === "clear" ? "max" : "min"](...times) : null,
    high: whole.some(({ entry }) => entry.level === "red"),
    lapsed: unheard ? Math.max(0, ...raised.map((one) => one.until)) : 0,
    cancelled: covered.some((one) => ["clear", "unknown"].includes(one.state) && one.entry.cancelled),
    aside: covered.some((one) => one.entry.set_aside),
  };
}
