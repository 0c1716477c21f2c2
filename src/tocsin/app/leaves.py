"""The record's pages of one data folder, all of them, made in a process of its own.

`tocsin serve` runs this as `python -m tocsin.app.leaves FOLDER COUNTRY` and reads what it prints: reading
texts takes seconds of a processor, and the process that warns has none to give away.  Everything is made
behind the embargo, and only of what is in the log of the actual realm.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from tocsin.app import record as half
from tocsin.app.record import Material, sentences
from tocsin.countries import load
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm
from tocsin.public.leaves import Item, Leaf, Part, Step, chart, word
from tocsin.public.record import Prepared, index_of
from tocsin.public.when import Zone, date_of
from tocsin.public.words import LANGUAGES, inert
from tocsin.record.bulletin import draw_up, table, told
from tocsin.record.sheet import FigureLine, Known, Line
from tocsin.record.waves import Alerted, unions
from tocsin.views.record import Shown

_DAY = timedelta(days=1)
_STEPS = 12  # of a chart
_SECTIONS = ("contested", "unknown", "timeline", "told", "background", "method")
_CLAIM = re.compile(r"\b(\d+)\.\d+\b")


def prepare(material: Material) -> Prepared:
    """Return all pages of the record as of the material's moment."""
    return _Press(material).all()


class _Press:
    """Makes the pages of one material."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._may = half.may_show(material)
        self._shown = {one.kept.id: one for one in self._may[0]}
        zone = Zone(material.country.timezone)
        self._leaf, self._zone = Leaf(zone, material.as_of), zone
        self._pages: dict[str, dict[str, bytes]] = {}
        self._rows: dict[str, list[tuple[str, str]]] = {lang: [] for lang in LANGUAGES}

    def all(self) -> Prepared:
        """Return everything."""
        days = self._days()
        for lang in LANGUAGES:
            said = self._told(lang)
            for day in days:
                self._attack(day, lang)
            reports = [self._report(entry, lang, said) for entry in self._reports()]
            bulletins = [self._bulletin(place, lang) for place in range(len(self._material.held.bulletins))]
            lists = [
                Part("days", word(lang, "days"), [self._day_item(day, lang) for day in reversed(days)]),
                Part("bulletins", word(lang, "bulletins"), bulletins[::-1]),
                Part("reports", word(lang, "reports"), reports[::-1]),
            ]
            self._keep("/record", lang, word(lang, "record"), sections=lists)
            self._rows[lang] = [
                (said[one].text, _href(one, lang)) for one in reversed(list(said)) if one in self._shown
            ]
        return Prepared(
            f"{self._material.as_of.timestamp():.0f}",
            self._pages,
            {lang: self._leaf.search(lang) for lang in LANGUAGES},
            {lang: [self._leaf.row(*row) for row in rows] for lang, rows in self._rows.items()},
            {lang: index_of([text for text, _ in rows]) for lang, rows in self._rows.items()},
        )

    def _keep(self, path: str, lang: str, title: str, **parts: Any) -> None:
        self._pages.setdefault(path, {})[lang] = self._leaf.html(path, lang, title, **parts)

    # The attack

    def _days(self) -> list[date]:
        """Return the days of which there is news that may be shown."""
        found = set()
        for one in self._shown.values():
            if not one.kept.claim.background:
                try:
                    found.add(date.fromisoformat(one.kept.incident[:10]))
                except ValueError:
                    continue
        return sorted(found)

    def _known(self, day: date, lang: str) -> Known:
        since = datetime.combine(day, time(), self._zone.info)
        until = datetime.combine(day + _DAY, time(), self._zone.info)
        return half.known_of(self._material, self._may, since, until, lang)

    def _day_item(self, day: date, lang: str) -> Item:
        return Item(self._day_title(day, lang), f"/record/{day}?lang={lang}")

    def _day_title(self, day: date, lang: str) -> str:
        return word(lang, "day", day=date_of(datetime.combine(day, time()), lang))

    def _attack(self, day: date, lang: str) -> None:
        known, words = self._known(day, lang), sentences(lang)
        lines = table(known, words)
        parts = {section.name: section for section in draw_up(known, words).sections}
        sections = [
            Part(name, parts[name].title, [self._item(line, lang) for line in parts[name].lines])
            for name in _SECTIONS
        ]
        changes = self._changes(known, words, lines)
        self._keep(
            f"/record/{day}",
            lang,
            self._day_title(day, lang),
            figures=[self._figure(line, changes, lang) for line in lines],
            strips=self._strips(known, lang),
            sections=sections,
        )

    def _item(self, line: Line, lang: str) -> Item:
        claims = [(name, _href(name, lang)) for name in line.claims if name in self._shown]
        return Item(inert(line.text), claims=claims)

    def _figure(self, line: FigureLine, changes: dict[str, list[Step]], lang: str) -> dict[str, Any]:
        whole = line.figure.scope == "" and line.figure.measure in ("killed", "injured", "missing")
        what = f"{line.what}, {word(lang, 'in_all')}" if whole else line.what
        return {
            "what": inert(what),
            "count": line.amount,
            "grade": word(lang, f"grade_{line.figure.grade}"),
            "chart": chart(changes.get(_key(line), []), lang),
            "said": [
                {
                    "who": inert(one.who),
                    "count": one.amount,
                    "seen": self._zone.clock(one.seen, self._material.as_of, lang),
                    "used": one.used,
                    "href": _href(one.claim, lang),
                }
                for one in line.said
            ],
        }

    def _changes(self, known: Known, words: Any, lines: list[FigureLine]) -> dict[str, list[Step]]:
        """Return what each figure was at each moment at which something of it was seen."""
        moments = sorted({one.seen for line in lines for one in line.said})[-_STEPS:]
        found: dict[str, list[Step]] = {}
        for at in moments if len(moments) > 1 else ():
            then = structs.replace(
                known,
                shown=[one for one in known.shown if one.kept.seen <= at],
                figures=half.figures(structs.replace(self._material, as_of=at), self._may[0]),
            )
            for line in table(then, words):
                step = Step(at.astimezone(self._zone.info), line.figure.low, line.figure.high, line.amount)
                steps = found.setdefault(_key(line), [])
                if not steps or steps[-1][1:] != step[1:]:
                    steps.append(step)
        return found

    def _strips(self, known: Known, lang: str) -> list[dict[str, Any]]:
        """Return the alerts of the day by region; 1,440 units are the day, also where it has 23 hours."""
        areas, whole = self._material.country.areas, (known.until - known.since) / 1440
        bars: dict[str, list[Alerted]] = {}
        for one in known.alerted:
            bars.setdefault(one.area, []).append(one)
        found = []
        for area in (one for one in areas.board if one in bars):
            spans = [(max(o.since, known.since), min(o.until, known.until)) for o in unions(bars[area])]
            minutes = round(sum((end - begin for begin, end in spans), timedelta()).total_seconds() / 60)
            name, clock = areas.name(area, lang), self._zone
            hours = "; ".join(
                f"{begin.astimezone(clock.info):%H:%M}–{end.astimezone(clock.info):%H:%M}"
                for begin, end in spans
            )
            found.append({
                "name": name,
                "label": f"{name}: {hours}",
                "sum": word(lang, "minutes", n=minutes),
                "bars": [
                    (round((begin - known.since) / whole), max(1, round((end - begin) / whole)))
                    for begin, end in spans
                ],
            })  # fmt: skip
        return found

    # Reports and bulletins

    def _told(self, lang: str) -> dict[str, Line]:
        """Return the sentence of every claim that may be shown, in the order of the log."""
        at = self._material.as_of
        return told(half.known_of(self._material, self._may, at - _DAY, at, lang), sentences(lang))

    def _reports(self) -> Iterator[str]:
        """Yield the entries of which anything may be shown."""
        yield from dict.fromkeys(name.partition(".")[0] for name in self._shown)

    def _report(self, entry: str, lang: str, said: dict[str, Line]) -> Item:
        report = self._material.record.filed[entry].report
        mine = [one for name, one in self._shown.items() if name.partition(".")[0] == entry]
        lines = [Item(inert(said[one.kept.id].text), id=f"c{_number(one)}") for one in mine]
        sections = [Part("quotes", word(lang, "quotes"), lines)]
        if report.url and report.url.startswith(("https://", "http://")):
            link = Item(inert(report.url), report.url, away=True)
            sections.append(Part("source", word(lang, "source"), [link]))
        title = inert(word(lang, "report", who=self._called(report.source), when=report.published or
                           word(lang, "undated")))  # fmt: skip
        self._keep(f"/record/report/{entry}", lang, title, sections=sections)
        return Item(title, f"/record/report/{entry}?lang={lang}")

    def _called(self, source: str) -> str:
        sources = self._material.record.evidence.sources
        found = next((one for one in sources if one.name == source), None)
        return found.aliases[0] if found is not None and found.aliases else source

    def _bulletin(self, number: int, lang: str) -> Item:
        """Keep the page of a bulletin; one that says what a person withheld since shows no word of it."""
        place, at, bulletin = self._material.held.bulletins[number]
        withheld = self._material.record.withheld
        names = {match[0] for match in _CLAIM.finditer(bulletin.text)}
        held = (names | {name.partition(".")[0] for name in names}) & withheld
        text = word(lang, "held") if held else inert(bulletin.text)
        title = word(lang, "bulletin", place=place)
        path = f"/record/bulletin/{place}"
        self._keep(path, lang, title, words_kept=text, bulletin_lang=lang if held else bulletin.lang)
        return Item(f"{title}, {self._zone.whole(at, lang)}", f"{path}?lang={lang}")


def _number(one: Shown) -> str:
    return one.kept.id.partition(".")[2]


def _href(claim: str, lang: str) -> str:
    entry, _, number = claim.partition(".")
    return f"/record/report/{entry}?lang={lang}#c{number}"


def _key(line: FigureLine) -> str:
    figure = line.figure
    return "/".join((figure.incident, figure.measure, figure.population, figure.scope))


def main(folder: str, country: str) -> bytes:
    """Return the prepared pages of a data folder, as MessagePack."""
    pack, path = load(country), Path(folder)
    log = SqliteLog(path / "log.db", realm=Realm.ACTUAL, append=False)
    try:
        material = half.gather(log, pack, half.directory(pack, path), datetime.now(UTC))
    finally:
        log.close()
    return msgspec.msgpack.encode(prepare(material))


if __name__ == "__main__":
    if sys.platform != "win32":
        os.nice(15)  # alerts go first
    sys.stdout.buffer.write(main(*sys.argv[1:3]))
