"""The record of a log: its reports, rulings and bulletins, and what of the claims may be shown.

Everything here is made again from the log; there is nothing to keep.  What the embargo holds does not
enter: whoever asks this view for claims cannot come upon one that is not to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from msgspec import structs

from tocsin.areas import Areas
from tocsin.log import Entry
from tocsin.model import AreaId, Bulletin, Kind, Place, Report, Ruling
from tocsin.record.embargo import Case, Fineness, Object, Verdict, object_of, placeable, quotable, visible
from tocsin.record.incidents import Filed, Record, Ruled
from tocsin.record.kept import KeptClaim
from tocsin.record.sources import is_official
from tocsin.record.waves import Alerted
from tocsin.views.history import PACK, History

_STOP = re.compile(r"[.!?…]\s|\n")
_Told = dict[tuple[str, str], set[tuple[AreaId | None, int | None]]]
_SENTENCE = 400  # characters that are looked at on each side of a claim


class Held(NamedTuple):
    """What a log holds of the record."""

    filed: list[Filed]
    ruled: list[Ruled]
    bulletins: list[tuple[Place, datetime, Bulletin]]
    history: History


class Shown(NamedTuple):
    """A claim that may be shown, no finer than its verdict allows."""

    kept: KeptClaim  # its scope names no finer area than `area`
    verdict: Verdict
    area: AreaId | None  # the place, as fine as it may be
    quote: str | None  # its words; None: not to be quoted
    place: str  # as written, where that may be named; else empty


def hold(entries: Iterable[tuple[Entry, Kind | None]], areas: Areas, as_of: datetime) -> Held:
    """Return what the entries of a log hold of the record, and the alerts beside it.

    Of rulings all are held, also those behind ``as_of``: what a person withheld since is not to be shown.
    """
    held = Held([], [], [], History(areas))
    for entry, kind in entries:
        if isinstance(kind, Ruling):
            held.ruled.append(Ruled(entry.seq, entry.at, kind))
        elif entry.at > as_of:
            continue
        elif isinstance(kind, Report):
            held.filed.append(Filed(entry.seq, entry.at, kind))
        elif isinstance(kind, Bulletin):
            held.bulletins.append((entry.seq, entry.at, kind))
        elif kind is not None:
            held.history.learn(entry.at, kind)
    return held


def alerted(history: History, areas: Areas, since: datetime, until: datetime, now: datetime) -> list[Alerted]:
    """Return the alerts of a stretch of time by region of the board's level, uncut; finer ones rolled up.

    The pack's standing raises are left out: they would be a part of every wave.
    """
    board = set(areas.board)
    found: list[Alerted] = []
    for area, intervals in history.intervals(since, until, now=now).items():
        regions = [region for region in areas.chain(area) if region in board] or [
            region for region in areas.below(area) if region in board
        ]
        for one in intervals:
            if one.source != PACK:
                found += [Alerted(one.since, one.until or now, region) for region in regions]
    return found


def shown(
    record: Record, areas: Areas, alerts: Sequence[Alerted], at: datetime, zone: tzinfo, party: str
) -> tuple[list[Shown], int]:
    """Return the claims that may be shown at a moment, in their order, and how many are held.

    Args:
        record: All of it.
        areas: The country's.
        alerts: Those that may be in force at the moment.
        at: The moment.
        zone: In which a day ends.
        party: The country's own side; what another's authorities publish is not official here.
    """
    officials = _officials(record, party)
    found: list[Shown] = []
    held = 0
    for kept in record.evidence.claims:
        case = _case(kept, record, officials, areas, alerts, at, zone)
        verdict = visible(case, at)
        if not verdict.shown:
            held += 1
            continue
        own = _is_own(kept, record, party)
        quote = kept.claim.text_span if _may_quote(kept, verdict, own=own) else None
        area = _coarse(kept.claim.area, verdict.fineness, areas)
        place = _place(kept, verdict, own=own)
        found.append(Shown(coarse(kept, area, areas.root), verdict, area, quote, place))
    return found, held


def coarse(kept: KeptClaim, area: AreaId | None, root: AreaId) -> KeptClaim:
    """Return a claim with the area in its scope as coarse as it must be (S12).

    Args:
        kept: The claim.
        area: Its place, as fine as it may be.
        root: The whole country, which limits nothing.
    """
    words = [str(area or "") if word == kept.claim.area else word for word in kept.scope.split()]
    return structs.replace(kept, scope=" ".join(word for word in words if word and word != root))


def _is_own(kept: KeptClaim, record: Record, party: str) -> bool:
    """Return whether an authority of the country itself says a claim."""
    source = record.speaker(kept)
    return source is not None and is_official(source) and source.party in ("", party)


def _borrowed(kept: KeptClaim, *, own: bool) -> bool:
    """Return whether a claim of energy is shown only because an authority told of the same kind of thing."""
    return object_of(kept.claim) is Object.ENERGY and not own


def _may_quote(kept: KeptClaim, verdict: Verdict, *, own: bool) -> bool:
    if _borrowed(kept, own=own) and any(letter.isdigit() for letter in kept.claim.text_span):
        return False
    fine = verdict.fineness is Fineness.AS_SAID or object_of(kept.claim) in (Object.TALLY, Object.STATEMENT)
    return fine and quotable(kept.claim)


def _place(kept: KeptClaim, verdict: Verdict, *, own: bool) -> str:
    """Return the place as written; one in brackets is from the words around, and no word of the claim."""
    place = kept.claim.place
    fine = verdict.fineness is Fineness.AS_SAID and not place.startswith("[")
    return place if fine and placeable(place) and not _borrowed(kept, own=own) else ""


def _around(kept: KeptClaim, record: Record) -> str:
    """Return the sentence that a claim stands in."""
    text = record.filed[kept.id.partition(".")[0]].report.text
    before, after = text[: kept.claim.span_start], text[kept.claim.span_end :]
    return _STOP.split(before[-_SENTENCE:])[-1] + " " + _STOP.split(after[:_SENTENCE])[0]


def _officials(record: Record, party: str) -> _Told:
    """Return of each incident and kind the areas and counts with which an authority itself told of it."""
    found: _Told = {}
    for kept in record.evidence.claims:
        if _is_own(kept, record, party):
            about = (kept.incident, str(kept.claim.kind))
            found.setdefault(about, set()).add((kept.claim.area, kept.claim.count))
    return found


def _case(
    kept: KeptClaim,
    record: Record,
    officials: _Told,
    areas: Areas,
    alerts: Sequence[Alerted],
    at: datetime,
    zone: tzinfo,
) -> Case:
    claim, entry = kept.claim, kept.id.partition(".")[0]
    said = officials.get((kept.incident, str(claim.kind)), set())
    official = any(
        claim.count in (None, count)
        and (claim.area == told or (told is not None and (not claim.area or claim.area in areas.chain(told))))
        for told, count in said
    )
    around = set(areas.chain(claim.area)) - {areas.root} if claim.area else set()
    return Case(
        object=object_of(claim, _around(kept, record)),
        ended=_ended(kept, zone),
        official=official,
        alert=any(one.since <= at < one.until and (not around or one.area in around) for one in alerts),
        embargoed_until=record.filed[entry].report.embargoed_until,
        withheld=bool({kept.id, entry} & record.withheld),
        released=bool({kept.id, entry} & record.released),
    )


def _ended(kept: KeptClaim, zone: tzinfo) -> datetime:
    """Return the latest moment at which what a claim tells of can have ended: never after it was told."""
    day = kept.claim.when.partition(" ")[0].rpartition("/")[2][:10]
    try:
        night = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), zone)
    except ValueError:
        return kept.seen
    return min(night, kept.seen)


def _coarse(area: AreaId | None, fineness: Fineness, areas: Areas) -> AreaId | None:
    if area is None or fineness <= Fineness.COUNTRY:
        return None
    if fineness is Fineness.OBLAST:
        board = set(areas.board)
        return next((one for one in areas.chain(area) if one in board), areas.root)
    return area
