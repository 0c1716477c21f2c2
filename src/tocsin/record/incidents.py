"""Incidents: which claims are of one thing, by a rule that anybody can repeat.

1.  The news of a text is of the attack of its day: `2024-01-02`.  Of two days (`A/B`) it is the later one,
    as a night is named by the day on which it ends.
2.  Background is of the day that it names.  Where it names none, or the day of its own text, it is of an
    incident of its own, `undated/PLACE`: it never becomes that day's toll.
3.  What lies outside the country is of an incident of its own, `abroad/DAY/PLACE`.
4.  Inside an incident, figures are kept apart by place and weapon (their scope) and by people (their
    population): only what is wholly equal merges.
5.  A person's ruling comes last: *merge* makes incidents one, *split* gives claims one of their own.

A claim's id is the place of its report in the log and its number in the text: `12.3`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, tzinfo

from msgspec import Struct

from tocsin.model import Decided, Place, Report, Ruling
from tocsin.record.claims import Claim, Topic
from tocsin.record.kept import Evidence, KeptClaim, ReportVersion, Retraction, Source
from tocsin.record.sources import Directory
from tocsin.record.weapons import models

MEASURES = {
    topic: str(topic)
    for topic in (Topic.LAUNCHED, Topic.INTERCEPTED, Topic.KILLED, Topic.INJURED, Topic.MISSING)
}
_PEOPLE = (
    ("children", r"child|\bboys?\b|\bgirls?\b|teen|діт|дитин|підліт"),
    ("civilians", r"civilian|цивільн"),
    ("soldiers", r"soldier|servicem|troops|військов|солдат"),
    ("rescuers", r"rescuer|firefighter|рятувальник|пожежник"),
)
_ABROAD = re.compile(
    r"\brussian? (?:city|town|region|border|territory)|belgorod|бєлгород|росії\b", re.IGNORECASE
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Filed(Struct, frozen=True):
    """A report as it stands in the log."""

    seq: Place
    at: datetime
    report: Report


class Ruled(Struct, frozen=True):
    """A ruling as it stands in the log."""

    seq: Place
    at: datetime
    ruling: Ruling


class Record(Struct, frozen=True):
    """All that the log holds of the record, tied together."""

    evidence: Evidence
    filed: Mapping[str, Filed]  # by the place of the entry
    withheld: frozenset[str]  # claims and reports
    released: frozenset[str]

    def speaker(self, claim: KeptClaim) -> Source | None:
        """Return who says a claim: the innermost of its chain."""
        return next((s for s in self.evidence.sources if s.name == claim.chain[0]), None)


def tie(
    filed: Iterable[Filed],
    ruled: Sequence[Ruled],
    read: Callable[[Report, str], Sequence[Claim]],
    who: Directory,
    zone: tzinfo,
    as_of: datetime | None = None,
) -> Record:
    """Return the record of reports and rulings.

    Args:
        filed: The reports of a log, in any order.
        ruled: Its rulings, in any order.
        read: Reads a report, published by a source of that name, into claims.
        who: Who is who.
        zone: In which a day begins and ends.
        as_of: Only what was seen by then; None: everything.
    """
    seen = sorted((one for one in filed if as_of is None or one.at <= as_of), key=lambda one: one.seq)
    rulings = sorted((one for one in ruled if as_of is None or one.at <= as_of), key=lambda one: one.seq)
    moved = _moved(rulings)
    claims: list[KeptClaim] = []
    versions: list[ReportVersion] = []
    for one in seen:
        publisher = who.who(one.report.source)
        versions.append(_version(one, publisher, who, zone))
        called = publisher.aliases[0] if publisher.aliases else publisher.name
        for number, claim in enumerate(read(one.report, called), 1):
            claims.append(_kept(f"{one.seq}.{number}", claim, versions[-1], publisher, who, moved))
    retractions = tuple(
        Retraction(_of(about, seen), one.at, one.ruling.reason)
        for one in rulings
        if one.ruling.act is Decided.RETRACT
        for about in one.ruling.about
    )
    evidence = Evidence(who.all(), tuple(versions), tuple(claims), retractions=retractions)
    shown = _shown(sorted(ruled, key=lambda one: one.seq))  # also what was ruled since
    return Record(evidence, {str(one.seq): one for one in seen}, *shown)


def _version(one: Filed, publisher: Source, who: Directory, zone: tzinfo) -> ReportVersion:
    report = one.report
    return ReportVersion(
        report=f"{report.source}/{report.doc}",
        version=report.version,
        publisher=publisher.name,
        seen=one.at,
        text=report.text,
        published=published_at(report.published, zone),
        credit=who.who(report.credit).name if report.credit else "",
        correction=report.correction,
        retracted=report.retracted,
    )


def published_at(published: str | None, zone: tzinfo) -> datetime | None:
    """Return the moment of a publication; of one known to the day, its noon: at most half a day wrong."""
    if not published:
        return None
    if len(published) == len("2024-01-02"):
        return datetime.combine(datetime.fromisoformat(published).date(), time(12), zone)
    return datetime.fromisoformat(published)


def _kept(
    name: str,
    claim: Claim,
    version: ReportVersion,
    publisher: Source,
    who: Directory,
    moved: Callable[[str, str], str],
) -> KeptClaim:
    inner = [who.who(words).name for words in claim.chain]
    chain = tuple(dict.fromkeys([*inner, publisher.name]))  # each once, the innermost first
    counted = claim.count is not None or claim.kind in MEASURES
    return KeptClaim(
        id=name,
        report=version.report,
        version=version.version,
        claim=claim,
        chain=chain,
        stated=version.published or version.seen,
        seen=version.seen,
        incident=moved(name, incident_of(claim, version)),
        measure=MEASURES.get(claim.kind, "") if counted else "",
        population=_population(claim),
        scope=_scope(claim),
    )


def incident_of(claim: Claim, version: ReportVersion) -> str:
    """Return the incident that the rules 1 to 3 give a claim."""
    days = _DAY.findall(claim.when)
    day = days[-1] if days else (version.published.date().isoformat() if version.published else "unknown")
    place = _slug(claim.place)
    own_day = version.published is not None and day == version.published.date().isoformat()
    if claim.background and (not days or own_day):
        return f"undated/{place or _slug(version.report)}"
    if claim.area is None and _ABROAD.search(claim.place) and not claim.place.startswith("["):
        return f"abroad/{day}/{place}"
    return day


def _slug(words: str) -> str:
    return "-".join(re.findall(r"\w+", words.casefold()))[:60]


def _population(claim: Claim) -> str:
    if claim.kind not in (Topic.KILLED, Topic.INJURED, Topic.MISSING):
        return ""
    words = f"{claim.object} {claim.text_span}".casefold()
    return next((name for name, rule in _PEOPLE if re.search(rule, words)), "")


def _scope(claim: Claim) -> str:
    """Return the weapon and the area that a count is limited to; empty: none."""
    weapon = "/".join(sorted(models(claim.object or claim.text_span)))
    area = claim.area or ""
    if claim.kind in (Topic.LAUNCHED, Topic.INTERCEPTED):
        return " ".join(part for part in (weapon, "" if area in ("", "UA") else area) if part)
    return "" if len(area) <= len("UA") else area


def _moved(rulings: Sequence[Ruled]) -> Callable[[str, str], str]:
    """Return what rulings make of an incident: a split of a claim, then all merges, the oldest first."""
    split: dict[str, str] = {}
    joined: dict[str, str] = {}
    for one in rulings:
        if one.ruling.act is Decided.SPLIT:
            split.update(dict.fromkeys(one.ruling.about, f"split-{one.seq}"))
        elif one.ruling.act is Decided.MERGE and one.ruling.about:
            first, *others = one.ruling.about
            joined.update(dict.fromkeys((other for other in others if other != first), first))

    def moved(claim: str, incident: str) -> str:
        found, been = split.get(claim, incident), set[str]()
        while found in joined and found not in been:
            been.add(found)
            found = joined[found]
        return found

    return moved


def _of(about: str, seen: Sequence[Filed]) -> str:
    """Return what a retraction names: a claim, or by the place of its entry the report."""
    found = next((one.report for one in seen if str(one.seq) == about), None)
    return about if found is None else f"{found.source}/{found.doc}"


def _shown(rulings: Sequence[Ruled]) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is withheld and what is released; the latest ruling of each counts."""
    last: dict[str, Decided] = {}
    for one in rulings:
        if one.ruling.act in (Decided.WITHHOLD, Decided.RELEASE):
            last.update(dict.fromkeys(one.ruling.about, one.ruling.act))
    withheld = frozenset(name for name, act in last.items() if act is Decided.WITHHOLD)
    return withheld, frozenset(name for name, act in last.items() if act is Decided.RELEASE)
