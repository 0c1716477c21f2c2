"""Bulletins: what is known of a stretch of time, as of a moment, each sentence with its claims.

1.  A sentence says what its claims say, with who says it; hedges and denials stay.
2.  A figure is printed as its rules left it: "at least" where it is open above, and *not known*, never none,
    where there is none.
3.  Background never becomes a figure of the period.
4.  Launched minus intercepted is a check and no figure.
5.  Only claims that the embargo lets through come in here; figures are made of those alone.

Words come from a table, one a language (`languages/*/bulletin.toml`); how it looks is `rendering`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from tocsin.model import AreaId
from tocsin.record.attacks import Attack
from tocsin.record.claims import Claim, Polarity, Qualifier, Topic
from tocsin.record.kept import Figure, KeptClaim
from tocsin.record.sheet import Cell, FigureLine, FigureRow, Known, Line, Saying, Section, Sheet, ShownClaim

LONGEST_QUOTE = 300  # characters: a quotation, not a copy
ALERTS, STRIKES = "alert-log", "strikes"  # what a sentence of a table carries in the place of claims
_PEOPLE = (Topic.KILLED, Topic.INJURED)
_ORDER = ("killed", "injured", "missing", "launched", "intercepted")
_PRONOUN = re.compile(r" \((?:he|she|they|він|вона|вони)\)$", re.IGNORECASE)
Words = Mapping[str, Any]


def draw_up(known: Known, words: Words) -> Sheet:
    """Return the bulletin of what is known, in the language of the words."""
    return _Writer(known, words).sheet()


def table(known: Known, words: Words) -> list[FigureLine]:
    """Return each figure with all that its sources say, side by side, those that it does not use too."""
    return _Writer(known, words).table()


def told(known: Known, words: Words) -> dict[str, Line]:
    """Return the sentence of each claim that may be shown, by its id."""
    writer = _Writer(known, words)
    return {one.kept.id: writer.told(one, dated=True) for one in known.shown}


class _Writer:
    """Writes one bulletin in one language."""

    def __init__(self, known: Known, words: Words) -> None:
        self.known, self.words = known, words
        self.days = set(_days(known.since, known.until, known.zone))
        self.by_id = {one.kept.id: one for one in known.shown}
        news = [one for one in known.shown if _is_news(one.kept, self.days)]
        texts = {one.kept.report for one in news} | {
            version.report
            for version in known.record.evidence.reports
            if version.published and known.since <= version.published < known.until
        }
        self.news = news
        mine = {one.kept.id for one in news}
        self.background = [o for o in known.shown if o.kept.report in texts and o.kept.id not in mine]

    def sheet(self) -> Sheet:
        """Return all of it."""
        known, frame = self.known, self.words["frame"]
        parts = {
            "key": self._key(),
            "changed": self._changed(),
            "contested": self._contested(),
            "unknown": self._unknown(),
            "told": [self.told(one) for one in self.news if one.kept.claim.kind is not Topic.ALERT]
            + self._checked(),
            "background": [self.told(one, dated=True) for one in self.background],
            "timeline": self._timeline(),
            "map": self._map(),
            "method": [Line(text, ()) for text in self.words["method"]["lines"]],
        }
        shown = len(self.news) + len(self.background)
        reports = len({one.kept.report for one in (*self.news, *self.background)})
        return Sheet(
            self.words["lang"],
            frame["title"],
            frame["period"].format(
                since=self._at(known.since), until=self._at(known.until), zone=known.zone_name
            ),
            frame["as_of"].format(
                as_of=self._at(known.as_of), reports=reports, claims=shown, held=known.held
            ),
            known.since,
            known.until,
            known.as_of,
            [Section(name, self.words["sections"][name], lines) for name, lines in parts.items()],
            self._cells(),
            self._rows(),
        )

    # Figures

    def _figures(self) -> list[Figure]:
        mine = [one for one in self.known.figures if one.incident[:10] in self.days]
        return sorted(mine, key=lambda f: (_ORDER.index(f.measure), f.incident, f.scope, f.population))

    def _key(self) -> list[Line]:
        lines = []
        for figure in self._figures():
            if figure.low is None and figure.best is None and figure.high is None:
                continue
            text = self.words["said"]["figure"].format(
                what=self._what(figure), count=self._range(figure.low, figure.best, figure.high),
                who=self._sayers(figure.basis),
            )  # fmt: skip
            lines.append(Line(_capital(text), figure.basis))
        for attack in self.known.attacks:
            lines.append(self._struck(attack))
        return lines

    def table(self) -> list[FigureLine]:
        """Return the figures; see `table`."""
        lines = []
        for figure in self._figures():
            key = (figure.incident, figure.measure, figure.population, figure.scope)
            mine = [
                one.kept
                for one in self.known.shown
                if (one.kept.incident, one.kept.measure, one.kept.population, one.kept.scope) == key
            ]
            said = tuple(
                Saying(kept.id, self._who(kept), self._count(kept.claim), kept.seen, kept.id in figure.basis)
                for kept in sorted(mine, key=lambda kept: (kept.seen, kept.id))
            )
            count = self._range(figure.low, figure.best, figure.high)
            lines.append(FigureLine(figure, _capital(self._what(figure)), count, said))
        return lines

    def _what(self, figure: Figure) -> str:
        """Return what a figure counts, in words: killed (children), Kyiv."""
        basis = next((self.by_id[name] for name in figure.basis if name in self.by_id), None)
        detail = self.words["people"].get(figure.population, "")
        place = ""
        if figure.measure in ("launched", "intercepted"):
            detail = "" if basis is None else basis.kept.claim.object
        elif figure.scope and basis is not None and basis.area is not None:
            place = self.known.name(basis.area)
        what = str(self.words["counted"][figure.measure])
        return ", ".join(part for part in (what, detail, place) if part)

    def _range(self, low: int | None, best: int | None, high: int | None) -> str:
        counts = self.words["counts"]
        if low is None:
            return str(counts["at_most"].format(high=high) if high is not None else counts["unknown"])
        if low == high:
            return str(counts["exact"].format(low=low))
        if high is None:
            form = counts["at_least"] if best in (None, low) else counts["best_open"]
        else:
            form = counts["between"] if best is None else counts["best"]
        return str(form.format(low=low, best=best, high=high))

    def _sayers(self, basis: Iterable[str]) -> str:
        said = []
        for name in basis:
            kept = self.by_id[name].kept
            said.append(self.words["said"]["by"].format(who=self._who(kept), count=self._count(kept.claim)))
        return "; ".join(dict.fromkeys(said))

    def _count(self, claim: Claim) -> str:
        counts = self.words["counts"]
        if claim.count is None or claim.count_qualifier in (Qualifier.NONE, Qualifier.SEVERAL):
            known = claim.count_qualifier in (Qualifier.NONE, Qualifier.SEVERAL)
            return str(counts[claim.count_qualifier if known else "unknown"])
        form = str(counts[str(claim.count_qualifier)])
        return form.format(low=claim.count, high=claim.count, count=claim.count)

    def _rows(self) -> tuple[FigureRow, ...]:
        return tuple(
            (f.incident, " ".join(filter(None, (f.measure, f.population, f.scope))), f.low, f.best, f.high)
            for f in self._figures()
        )

    def _changed(self) -> list[Line]:
        words, previous = self.words["changed"], self.known.previous
        if previous is None or self.known.previous_at is None:
            return [Line(words["first"], ())]
        now = {self._label(row): row for row in self._rows()}
        then = {self._label(row): row for row in previous}
        basis = {self._label(row): f.basis for row, f in zip(self._rows(), self._figures(), strict=True)}
        lines = []
        for what in sorted({*now, *then}):
            new, old = (
                now.get(what, ("", "", None, None, None))[2:],
                then.get(what, ("", "", None, None, None))[2:],
            )
            if new == old:
                continue
            form = (
                words["new"]
                if old == (None,) * 3
                else words["gone"]
                if new == (None,) * 3
                else words["other"]
            )
            text = form.format(what=what, now=self._range(*new), before=self._range(*old))
            lines.append(Line(_capital(text), basis.get(what, ())))
        return lines or [Line(words["same"].format(at=self._at(self.known.previous_at)), ())]

    def _label(self, row: FigureRow) -> str:
        measure, _, rest = row[1].partition(" ")
        return ", ".join(filter(None, (row[0], self.words["counted"][measure], rest)))

    def _contested(self) -> list[Line]:
        lines = []
        for figure in self._figures():
            if any(flag.startswith("contradiction") for flag in figure.flags):
                form = self.words["contested"]["figure"]
                text = form.format(what=self._what(figure), who=self._sayers(figure.basis))
                lines.append(Line(_capital(text), figure.basis))
        sides: dict[tuple[str, str, AreaId | None], dict[bool, list[str]]] = {}
        for one in self.news:
            if one.kept.claim.kind is not Topic.STATEMENT:
                about = (one.kept.incident, str(one.kept.claim.kind), one.area)
                denied = one.kept.claim.polarity is Polarity.DENIED
                sides.setdefault(about, {}).setdefault(denied, []).append(one.kept.id)
        for (_, kind, area), told in sides.items():
            if len(told) == 2:
                what = ", ".join(filter(None, (self.words["kinds"][kind], area and self.known.name(area))))
                text = self.words["contested"]["polarity"].format(what=_capital(what))
                lines.append(Line(text, tuple(told[False] + told[True])))
        return lines

    def _unknown(self) -> list[Line]:
        if not self.news:
            return [Line(self.words["unknown"]["nothing"], ())]
        lines = []
        for day in sorted({one.kept.incident[:10] for one in self.news}):
            mine = [figure for figure in self._figures() if figure.incident[:10] == day]
            told = tuple(one.kept.id for one in self.news if one.kept.incident[:10] == day)
            for kind in _PEOPLE:
                if not any(f.measure == kind and (f.low, f.high) != (None, None) for f in mine):
                    what = _capital(self.words["counted"][kind])
                    lines.append(Line(self.words["unknown"]["count"].format(what=what, day=day), told))
        return lines + [
            self.told(one) for one in self.news if one.kept.claim.polarity is Polarity.UNCONFIRMED
        ]

    # Claims

    def told(self, one: ShownClaim, *, dated: bool = False) -> Line:
        """Return the sentence of a claim."""
        said, claim = self.words["said"], one.kept.claim
        place = self._where(one)
        if dated and claim.when not in ("", "unknown") and not one.kept.incident.startswith("undated/"):
            place = f"{claim.when.partition(' ')[0]}. {place}"
        count = ""
        if (
            claim.kind not in (Topic.STATEMENT, Topic.ALERT)
            and claim.count_qualifier is not Qualifier.UNKNOWN
        ):
            count = f", {self._count(claim)}"
        text = said["claim"].format(
            place=place, kind=self.words["kinds"][str(claim.kind)], count=count,
            quote=self._quote(one), who=self._who(one.kept), doubt=self._doubt(claim),
        )  # fmt: skip
        return Line(text if self._where(one) else _capital(text), (one.kept.id,))

    def _where(self, one: ShownClaim) -> str:
        """Return the area and the place as written, as far as both may be named."""
        area = self.known.name(one.area) if one.area else ""
        written = "" if one.place.casefold() == area.casefold() else one.place
        both = f"{area} ({written})" if area and written else area or written
        return f"{both}: " if both else ""

    def _quote(self, one: ShownClaim) -> str:
        said = self.words["said"]
        if one.quote is None:
            return str(said["unquoted"])
        words = " ".join(one.quote.split())
        if len(words) > LONGEST_QUOTE:
            words = words[: LONGEST_QUOTE - 1].rstrip() + "…"
        return str(said["quoted"].format(words=words.rstrip(".")))

    def _who(self, kept: KeptClaim) -> str:
        """Return who says it, as the text has it, and who quotes them."""
        said = self.words["said"]
        publisher = self._called(kept.chain[-1])
        written = _PRONOUN.sub("", kept.claim.attributed_to)
        if not kept.claim.chain or kept.chain[0] == kept.chain[-1]:
            return str(said["own"].format(who=publisher))
        return str(said["via"].format(via=publisher, who=written))

    def _called(self, source: str) -> str:
        found = next((s for s in self.known.record.evidence.sources if s.name == source), None)
        return found.aliases[0] if found is not None and found.aliases else source

    def _doubt(self, claim: Claim) -> str:
        said = self.words["said"]
        doubts = [] if claim.polarity is Polarity.ASSERTED else [said[str(claim.polarity)]]
        if claim.hedges:
            doubts.append(said["hedged"].format(words=", ".join(dict.fromkeys(claim.hedges))))
        if claim.substantiated is False:
            doubts.append(said["unproven"])
        return "".join(f"; {doubt}" for doubt in doubts)

    # Alerts and strikes

    def _checked(self) -> list[Line]:
        """Return what texts say of alerts, each beside what the alert log shows."""
        lines = []
        for one in self.news:
            if one.kept.claim.kind is Topic.ALERT:
                said, log = self.told(one), self._peak()
                lines.append(Line(f"{said.text} {log.text}", said.claims + log.claims))
        return lines

    def _peak(self) -> Line:
        words, spans = self.words["alerts"], self.known.alerted
        edges = sorted({m for one in spans for m in (one.since, one.until)})
        most, since, until = 0, None, None
        for begin, end in pairwise(edges):
            if self.known.since <= begin < self.known.until:
                raised = len({one.area for one in spans if one.since <= begin < one.until})
                if raised > most:
                    most, since, until = raised, begin, end
                elif raised == most and until == begin:
                    until = end
        if since is None or until is None:
            return Line(words["none"], (ALERTS,))
        regions = len({one.area for one in spans})
        form = words["all"] if most == regions else words["peak"]
        text = form.format(since=self._hour(since), until=self._hour(until), peak=most, regions=regions)
        return Line(text, (ALERTS,))

    def _struck(self, attack: Attack) -> Line:
        words = self.words["strikes"]
        form = words["attack"] if attack.complete else words["partly"]
        text = form.format(
            since=self._at(attack.since), until=self._at(attack.until), id=attack.id,
            launched=words["open"] if attack.launched is None else attack.launched,
            intercepted=words["open"] if attack.intercepted is None else attack.intercepted,
        )  # fmt: skip
        rows = tuple(f"{STRIKES}:{strike.row}" for strike in attack.strikes)
        if attack.complete:
            valid = (attack.intercepted or 0) <= (attack.launched or 0)
            text += " " + words["valid" if valid else "invalid"].format(id=attack.id)
        return Line(text, rows)

    def _timeline(self) -> list[Line]:
        found: list[tuple[datetime, Line]] = []
        words = self.words["alerts"]
        owner = {wave: attack for attack, mine in self.known.joined.items() for wave in mine}
        for wave in self.known.waves:
            text = words["wave_of" if wave in owner else "wave"].format(
                attack=owner.get(wave, ""),
                since=self._hour(wave.since), until=self._hour(wave.until),
                regions=len(wave.areas), peak=wave.peak,
            )  # fmt: skip
            found.append((wave.since, Line(text, (ALERTS,))))
        found += [(attack.since, self._struck(attack)) for attack in self.known.attacks]
        found.sort(key=lambda one: one[0])
        hours = [
            one for one in self.news if "(" in one.kept.claim.when and "context" not in one.kept.claim.when
        ]
        timed = [self.told(one) for one in hours]
        peak = [self._peak()] if self.known.alerted else []
        return [line for _, line in found] + peak + timed

    def _map(self) -> list[Line]:
        row, lines = self.words["map"]["row"], []
        for cell in self._cells():
            if cell.claims or cell.minutes:
                ids = tuple(o.kept.id for o in self.news if o.area and self.known.region(o.area) == cell.area)
                text = row.format(area=self.known.name(cell.area), claims=cell.claims, minutes=cell.minutes)
                lines.append(Line(text, ids + ((ALERTS,) if cell.minutes else ())))
        return lines

    def _cells(self) -> list[Cell]:
        found = []
        for area in self.known.board:
            claims = sum(bool(o.area) and self.known.region(o.area) == area for o in self.news if o.area)
            seconds = sum(
                max(
                    timedelta(), min(one.until, self.known.until) - max(one.since, self.known.since)
                ).total_seconds()
                for one in self.known.alerted
                if one.area == area
            )
            found.append(Cell(area, claims, round(seconds / 60)))
        return found

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.known.zone):%Y-%m-%d %H:%M}"

    def _hour(self, moment: datetime) -> str:
        local = moment.astimezone(self.known.zone)
        return f"{local:%H:%M}" if local.date().isoformat() in self.days else f"{local:%Y-%m-%d %H:%M}"


def _days(since: datetime, until: datetime, zone: tzinfo) -> list[str]:
    """Return the local days that a stretch of time touches."""
    first, last = since.astimezone(zone).date(), (until - timedelta(microseconds=1)).astimezone(zone).date()
    days: list[date] = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day.isoformat() for day in days]


def _is_news(kept: KeptClaim, days: set[str]) -> bool:
    return not kept.claim.background and kept.incident[:10] in days


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
