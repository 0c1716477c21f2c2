"""The pages: what a board says, as a sentence, a list and tiles, in HTML and in plain text.

Three rules decide what a reader is told.

1.  Only what is vouched for at the board's own moment is clear.  The rest is unknown, is never
    counted as clear, and is called danger.
2.  A raise stays a raise, also when nobody confirms it any longer; then it says since when.
3.  Every page says when it was made, and of a replay or an exercise that it is one.

A board comes in as the decoded `board.json` and goes out as bytes: nothing here reads a clock.
The script on the page (`static/live.js`) goes on by the same rules from the same words.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.areas import Country
from tocsin.countries.desk import desk_pack
from tocsin.model import WORST_FIRST, AreaId, State
from tocsin.public.drills import DrillsPage
from tocsin.public.real import RealPage
from tocsin.public.status import Status, StatusPage
from tocsin.public.when import Zone, date_of
from tocsin.public.words import CODES, LANGUAGES, WORDS, inert, name_of, say, span

__all__ = ["LANGUAGES", "Pages"]

_STYLE, _MODULES = "live.css", ("live.js", "words.js", "told.js", "mine.js", "picture.js", "push.js")
_PACK = ["pack"]  # the sources of a raise that stands for years
_SIGNS = {"raised": "[!]", "partly": "[/]", "unknown": "[?]", "clear": "[ ]"}
_LEGEND = (  # classes, and the words for them
    ("raised", "raised"), ("raised high", "high"), ("raised lapsed", "unconfirmed"), ("partly", "partly"),
    ("unknown", "unknown"), ("unknown not_covered", "not_covered"), ("clear", "clear"),
)  # fmt: skip
_KINDS = {".js": "text/javascript; charset=utf-8", ".webmanifest": "application/manifest+json"}

Entry = Mapping[str, Any]


class Verdict(NamedTuple):
    """What one area is told about all threats together."""

    state: str
    covered: bool
    since: datetime | None
    raised: list[tuple[str, Entry]]  # threat and entry, of what is raised or partly raised
    high: bool  # a raise of the red level
    standing: bool  # raised by the country pack alone
    unheard: bool  # raised, and nobody confirms it now
    lapsed: datetime | None  # since when nobody does, where that is known
    cancelled: bool  # the last alert here was sent in error
    set_aside: bool  # a silent source's raise, that two people set aside


class Row(NamedTuple):
    """One area as the list shows it."""

    id: AreaId
    name: str
    kind: str  # classes: "raised high"
    word: str
    since: str
    more: str
    verdict: Verdict

    @property
    def label(self) -> str:
        """The whole row in one line, for a screen reader."""
        return ", ".join(filter(None, (f"{self.name}: {self.word}", self.since, self.more)))


class Tile(NamedTuple):
    """One area on the tile grid."""

    row: Row
    x: int
    y: int
    short: str


class Pages:
    """The public door's pages.

    Args:
        country: Areas, names, tiles and the time zone that times are shown in.
        map_svg: A map to show instead of the one that the set-up drew: a path for each area of
            the board with its code as id, and in a group ``finer`` paths of finer areas.
    """

    def __init__(self, country: Country, map_svg: bytes | None = None) -> None:
        self._country = country
        self._map = f"map-{country.code}.svg"
        self._map_svg = map_svg
        self._zone = Zone(country.timezone)
        self._usual = timedelta(hours=desk_pack(country.code).usual_hours)
        self._order = {area: place for place, area in enumerate(country.areas.board)}
        self._short = {lang: _short(country, lang) for lang in LANGUAGES}
        environment = Environment(
            loader=PackageLoader("tocsin.public"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("board.html")
        self._versions = {name: self._version(name) for name in (_STYLE, *_MODULES)}
        style = f"/static/{_STYLE}?v={self._versions[_STYLE]}"
        self.drills = DrillsPage(environment, self._zone, country.areas.name, style)
        self.real = RealPage(environment, country.areas, self._zone, style, self._told)
        self._status = StatusPage(environment, self._zone, style)

    def board(self, snapshot: Mapping[str, Any], lang: str, *, wall: bool = False) -> bytes:
        """Return the live map's first HTML: sentence, tiles and list, and what its script begins with.

        Args:
            snapshot: A decoded `board.json`.
            lang: One of `LANGUAGES`.
            wall: For a large screen in a duty room.
        """
        at = _time(snapshot["as_of"])
        rows = self._rows(snapshot, lang)
        head = notice_lines(snapshot, lang)
        sentence = self._sentence(rows, snapshot, lang)
        page = self._template.render(
            lang=lang,
            other=next(other for other in LANGUAGES if other != lang),
            realm=snapshot.get("realm", "actual"),
            languages=[(other, WORDS[other]["language"]) for other in LANGUAGES],
            words=WORDS[lang],
            wall=wall,
            notice=head,
            title=" ".join([*head[:1], sentence]),
            sentence=sentence,
            as_of=self._zone.as_of(at, lang),
            rows=rows,
            tiles=self._tiles(rows, lang),
            legend=_LEGEND,
            sources=self._sources(snapshot, at, lang),
            versions=self._versions,
            has_map=self.asset(self._map) is not None,
            given=self._given(snapshot, lang),
        )
        return page.encode()

    def text(self, snapshot: Mapping[str, Any], lang: str) -> bytes:
        """Return the same as plain text, for very old devices and for screen readers."""
        at = _time(snapshot["as_of"])
        rows = self._rows(snapshot, lang)
        words = WORDS[lang]
        lines = [line.upper() for line in notice_lines(snapshot, lang)]
        lines += [
            "",
            self._sentence(rows, snapshot, lang),
            self._zone.as_of(at, lang) + ".",
            words["made_text"],
            "",
        ]
        widest = max((len(row.name) for row in rows), default=0)
        for row in rows:
            told = ", ".join(filter(None, (row.word, row.since, row.more)))
            lines.append(f"{_SIGNS.get(row.verdict.state, '[?]')} {row.name.ljust(widest)}  {told}")
        lines += ["", words["sources"] + ": " + "; ".join(self._sources(snapshot, at, lang))]
        return ("\n".join(lines).strip() + "\n").encode()

    def status(self, status: Status, snapshot: Mapping[str, Any], lang: str) -> bytes:
        """Return the status page; see `StatusPage.html`."""
        return self._status.html(status, snapshot, notice_lines(snapshot, lang), lang)

    def asset(self, name: str) -> tuple[bytes, str] | None:
        """Return a static file and its media type; None where there is none of that name."""
        if "/" in name or "\\" in name or name.startswith("."):
            return None
        if name == self._map and self._map_svg is not None:
            return self._map_svg, "image/svg+xml"
        file = files("tocsin.public").joinpath("static", name)
        if not file.is_file():
            return None
        kind = _KINDS.get(name[name.rfind(".") :]) or mimetypes.guess_type(name)[0]
        return file.read_bytes(), kind or "application/octet-stream"

    def _version(self, name: str) -> str:
        found = self.asset(name)
        return hashlib.sha256(found[0]).hexdigest()[:8] if found else "0"

    def _rows(self, snapshot: Mapping[str, Any], lang: str) -> list[Row]:
        """Return the areas of the board level: raised first, by how long, then partly, unknown and clear."""
        parts = self._raised_parts(snapshot)
        rows = [self._row(area, snapshot, parts.get(area, ()), lang) for area in self._country.areas.board]
        return sorted(rows, key=self._place)

    def _place(self, row: Row) -> tuple[int, bool, float, int]:
        found = row.verdict
        waits = found.since if found.state in ("raised", "partly") else None
        rank = WORST_FIRST.index(State(found.state))
        return rank, found.standing, waits.timestamp() if waits else 0, self._order[row.id]

    def _row(self, area: AreaId, snapshot: Mapping[str, Any], parts: Iterable[AreaId], lang: str) -> Row:
        at, words = _time(snapshot["as_of"]), WORDS[lang]
        found = judge(snapshot["areas"].get(area, {}).get("threats", {}), at)
        shown = "high" if found.high else found.state
        since = ""
        if found.since is not None and found.covered:
            age = span(lang, (at - found.since).total_seconds())
            since = say(lang, "since", time=self._zone.clock(found.since, at, lang), age=age)
        more = [_threat(threat, entry, lang) for threat, entry in found.raised]
        if found.state == "partly" and (names := [self._country.areas.name(part, lang) for part in parts]):
            more.append(say(lang, "parts", names=", ".join(names)))
        if found.standing:
            more.append(words["standing"])
        elif found.lapsed:
            more.append(say(lang, "lapsed", time=self._zone.clock(found.lapsed, at, lang)))
        elif found.unheard:
            more.append(words["unconfirmed"])
        elif found.state == "raised" and found.since is not None and at - found.since > self._usual:
            more.append(words["overdue"])
        notes = {"cancelled": found.cancelled, "set_aside": found.set_aside, "not_covered": not found.covered}
        more += [words[name] for name, holds in notes.items() if holds]
        word = _prefix(snapshot, lang) + words[shown]
        return Row(
            area, self._country.areas.name(area, lang), _kind(found), word, since, "; ".join(more), found
        )

    def _told(self, area: AreaId, snapshot: Mapping[str, Any], lang: str) -> str:
        """Return in one line what an area of any level is told."""
        chain = self._country.areas.chain(area)
        told = next((one for one in chain if one in snapshot["areas"] or one in self._order), chain[-1])
        row, name = self._row(told, snapshot, (), lang), self._country.areas.name(area, lang)
        return row._replace(name=name if told == area else f"{name} ({row.name})").label

    def _raised_parts(self, snapshot: Mapping[str, Any]) -> dict[AreaId, list[AreaId]]:
        """Return, for each area of the board, the largest areas in it that are raised."""
        areas, at = self._country.areas, _time(snapshot["as_of"])
        raised = {
            area
            for area, told in snapshot["areas"].items()
            if area in areas and judge(told.get("threats", {}), at).state == "raised"
        }
        parts: dict[AreaId, list[AreaId]] = {}
        for area in areas:
            above = areas.chain(area.id)[1:] if area.id in raised else ()
            board = next((one for one in above if one in self._order), None)
            if board is not None and not raised.intersection(above):
                parts.setdefault(board, []).append(area.id)
        return parts

    def _sentence(self, rows: list[Row], snapshot: Mapping[str, Any], lang: str) -> str:
        """Return the one sentence: in how many areas is what; standing raises are counted apart."""
        found = [row.verdict for row in rows]
        counted = [one for one in found if not one.standing]
        count = {state: sum(one.state == state for one in counted) for state in WORST_FIRST}
        raised, partly, unknown = count[State.RAISED], count[State.PARTLY], count[State.UNKNOWN]
        if unknown == len(found):
            return _prefix(snapshot, lang) + say(lang, "unknown_all", n=unknown)
        alarming = [one for one in counted if one.state == (State.RAISED if raised else State.PARTLY)]
        air = {threat for one in alarming for threat, _ in one.raised} <= {"air"}
        key, number = _subject(raised, partly, count[State.CLEAR], unknown)
        what = WORDS[lang]["air_alert" if air else "any_alert"]
        first = say(lang, key, what=what, count=number, n=len(counted))
        if raised and partly:
            first += say(lang, "partly_more", n=partly)
        if standing := len(found) - len(counted):
            first += say(lang, "standing_more", n=standing)
        told = unknown and key != "unknown_of"
        more = " " + say(lang, "unknown_in", n=unknown) if told else ""
        return f"{_prefix(snapshot, lang)}{first}.{more}"

    def _tiles(self, rows: list[Row], lang: str) -> list[Tile]:
        places = self._country.tiles
        found = [Tile(row, *places[row.id], self._short[lang][row.id]) for row in rows if row.id in places]
        return sorted(found, key=lambda tile: (tile.y, tile.x))

    def _sources(self, snapshot: Mapping[str, Any], at: datetime, lang: str) -> list[str]:
        told = []
        for source, until in snapshot.get("fresh", {}).items():
            name = WORDS[lang]["pack"] if source == "pack" else inert(source)
            heard = _time(until) > at
            time = self._zone.clock(_time(until), at, lang)
            told.append(say(lang, "source_heard" if heard else "source_lost", source=name, time=time))
        return told or [WORDS[lang]["source_none"]]

    def _given(self, snapshot: Mapping[str, Any], lang: str) -> str:
        """Return what the script begins with, as JSON that may stand in HTML."""
        areas = self._country.areas
        above = {one: None for area in snapshot["areas"] if area in areas for one in areas.chain(area)}
        given = {
            "lang": lang,
            "zone": self._zone.name,
            "words": WORDS[lang],
            "codes": CODES,
            "board": areas.board,
            "root": areas.root,
            "usual_ms": self._usual.total_seconds() * 1_000,
            "areas": {one: [areas.name(one, lang), areas[one].parent] for one in (*areas.board, *above)},
            "modules": {name[:-3]: f"/static/{name}?v={self._versions[name]}" for name in _MODULES},
            "map": f"/static/{self._map}" if self.asset(self._map) else None,
            "snapshot": snapshot,
        }
        text = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
        # In a script element only these three can end or change it (HTML, 4.12.1.3).
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def judge(threats: Mapping[str, Entry], at: datetime) -> Verdict:
    """Return what an area is told at one moment, given the entry of each threat.

    A clear that nobody vouches for at ``at``, and a state that we do not know, are unknown.
    """
    seen = [(threat, _state(entry, at), entry) for threat, entry in threats.items()]
    covered = [one for one in seen if one[1] != State.NOT_COVERED]
    state = min((one[1] for one in covered), key=WORST_FIRST.index, default=State.UNKNOWN)
    begun = [_since(entry, told) for _, told, entry in covered if told == state]
    times = [time for time in begun if time is not None]
    raised = [(threat, entry) for threat, told, entry in covered if told in (State.RAISED, State.PARTLY)]
    whole = [entry for _, told, entry in covered if told == State.RAISED]
    standing = bool(whole) and all(entry.get("sources") == _PACK for entry in whole)
    vouched = max((_time(e["fresh_until"]) for _, e in raised if "fresh_until" in e), default=None)
    unheard = bool(raised) and not standing and not (vouched and vouched > at)
    return Verdict(
        state=str(state),
        covered=bool(covered),
        since=(max if state == State.CLEAR else min)(times, default=None),
        raised=raised,
        high=any(entry.get("level") == "red" for entry in whole),
        standing=standing,
        unheard=unheard,
        lapsed=vouched if unheard else None,
        cancelled=any(
            told in (State.CLEAR, State.UNKNOWN) and entry.get("cancelled") for _, told, entry in covered
        ),
        set_aside=any(entry.get("set_aside") for _, _, entry in covered),
    )


def _kind(found: Verdict) -> str:
    """Return the classes that a row, a tile and a shape of the map have alike."""
    more = {"high": found.high, "lapsed": found.unheard, "not_covered": not found.covered}
    return " ".join([found.state, *(name for name, holds in more.items() if holds)])


def _state(entry: Entry, at: datetime) -> State:
    told = entry.get("state")
    if told not in list(State):
        return State.UNKNOWN
    if told == State.CLEAR and not ("fresh_until" in entry and _time(entry["fresh_until"]) > at):
        return State.UNKNOWN
    return State(told)


def _since(entry: Entry, told: State) -> datetime | None:
    """Return since when it is told so; a clear that lapsed is unknown since then."""
    lapsed = told == State.UNKNOWN and entry.get("state") == State.CLEAR
    time = entry.get("fresh_until" if lapsed else "since")
    return _time(time) if time else None


def notice_lines(snapshot: Mapping[str, Any], lang: str) -> list[str]:
    """Return what a replay or an exercise says of itself, in the asked language and then in the others.

    A board without a notice and of the actual realm has none.
    """
    realm, notice = snapshot.get("realm", "actual"), snapshot.get("notice")
    if realm == "actual":
        return [inert(notice)] if notice else []
    order = [lang, *(other for other in LANGUAGES if other != lang)]
    if realm not in ("replay", "exercise", "test"):
        return [inert(notice or str(realm))]
    lines = [_realm_line(realm, notice, one) for one in order]
    day = _day_named(notice)
    if realm == "replay" and notice and day is None:
        lines.append(inert(notice))  # it says more than we can translate
    return lines


def _realm_line(realm: str, notice: str | None, lang: str) -> str:
    day = _day_named(notice) if realm == "replay" else None
    return say(lang, "replay_of", date=date_of(day, lang)) if day else WORDS[lang][realm]


def _day_named(notice: str | None) -> datetime | None:
    """Return the day in "replay of 2 January 2024, no present danger"; None where it names none."""
    words = (notice or "").partition(",")[0].split()
    months = WORDS["en"]["months"].split()
    if len(words) != 5 or words[:2] != ["replay", "of"] or words[3] not in months:
        return None
    try:
        return datetime(int(words[4]), months.index(words[3]) + 1, int(words[2]), tzinfo=UTC)
    except ValueError:
        return None


def _prefix(snapshot: Mapping[str, Any], lang: str) -> str:
    """Return the word that every line of an exercise or a test begins with."""
    realm = snapshot.get("realm")
    return WORDS[lang][f"in_{realm}"] + ": " if realm in ("exercise", "test") else ""


def _subject(raised: int, partly: int, clear: int, unknown: int) -> tuple[str, int]:
    """Return which sentence is said, and of how many areas."""
    if raised:
        return "raised_in", raised
    if partly:
        return "partly_in", partly
    return ("clear_in", clear) if clear or not unknown else ("unknown_of", unknown)


def _threat(threat: str, entry: Entry, lang: str) -> str:
    """Return one raise in words: air raid: drones (not the level: the row's own word says it)."""
    told = [name_of(lang, entry["subtype"])] if entry.get("subtype") else []
    if entry.get("text"):
        told.append(inert(entry["text"]))
    return ": ".join([name_of(lang, threat), *told])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _short(country: Country, lang: str) -> dict[AreaId, str]:
    """Return a short name of each tile: the first letters that no other name begins with, three at least.

    Where one name begins another, as Kyiv does Kyiv Oblast's, the longer one gets its kind: Kyiv Obl.
    """
    full = {area: country.areas.name(area, lang) for area in country.areas.board}
    names = {area: _proper(name) for area, name in full.items()}
    short = {}
    for area, name in names.items():
        others = [other for one, other in names.items() if one != area]
        kind = full[area].split()[-1]
        namesake = next((other for other in others if name.startswith(other) and kind != name), None)
        sizes = (n for n in range(3, len(name) + 1) if not any(o.startswith(name[:n]) for o in others))
        short[area] = f"{namesake} {kind[:3]}" if namesake else name[: next(sizes, len(name))]
    return short


def _proper(name: str) -> str:
    """Return the part of a name that tells it from others: Крим of Автономна Республіка Крим."""
    words: Iterator[str] = (word for word in name.split() if word[0].isupper())
    proper = [
        word for word in words if word not in ("Oblast", "Autonomous", "Republic", "Автономна", "Республіка")
    ]
    return proper[0] if proper else name
