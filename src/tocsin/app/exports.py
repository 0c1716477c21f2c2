"""The record of a data folder as events and figures for other programs, made behind the embargo.

An event is an incident at one place: what is said of the whole country and of each of its areas are events of
their own, which overlap and are not to be added.  Nothing here is finer than what may be shown: a claim whose
place may not be named counts for the area that may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from msgspec import structs

from tocsin.app.record import Material, alerts_of, may_show
from tocsin.model import AreaId
from tocsin.record.claims import Topic
from tocsin.record.exports import Event, EventKind, Level, Where
from tocsin.record.figures import figures_of
from tocsin.record.kept import Circumstances, Figure, KeptClaim
from tocsin.record.waves import waves
from tocsin.record.weapons import models

_DRONES = frozenset(("Shahed-136/131", "Lancet", "Orlan-10", "Supercam", "ZALA", "Reconnaissance UAV"))
_DAY = timedelta(days=1)


def figures(material: Material, incident: str | None = None) -> tuple[Figure, ...]:
    """Return the figures of one incident, or of all, of the claims that may be shown.

    Args:
        material: What is known.
        incident: Its id; None: all.
    """
    claims = [one.kept for one in may_show(material)[0] if incident in (None, one.kept.incident)]
    evidence = structs.replace(material.record.evidence, claims=tuple(claims))
    party = material.country.code.upper()
    around = {name: _around(material, name, party) for name in {claim.incident for claim in claims}}
    return figures_of(evidence, around, material.as_of)


def events(material: Material) -> tuple[list[Event], int]:
    """Return the events of known days, in the order of their ids, and how many incidents have no day."""
    undated = set()
    claims = {one.kept.id: one.kept for one in may_show(material)[0]}
    groups: dict[tuple[str, AreaId | None], list[Figure]] = {}
    for figure in figures(material):
        if _day(figure.incident) is None:
            undated.add(figure.incident)
            continue
        groups.setdefault((figure.incident, _area_of(figure.scope, material)), []).append(figure)
    found = [_event(material, *key, groups[key], claims) for key in sorted(groups, key=str)]
    return found, len(undated)


def _around(material: Material, incident: str, party: str) -> Circumstances:
    day = _day(incident)
    if day is None or not incident.startswith(str(day)):
        return Circumstances()  # abroad, or of no day: we do not know whose harm it is
    since = datetime.combine(day, time(), material.zone)
    near = waves(alerts_of(material, since, since + _DAY))
    alerted = any(wave.since < since + _DAY and wave.until > since for wave in near)
    return Circumstances(harmed=party, corroborated=alerted)


def _day(incident: str) -> date | None:
    for part in incident.split("/"):
        try:
            return date.fromisoformat(part)
        except ValueError:
            continue
    return None


def _area_of(scope: str, material: Material) -> AreaId | None:
    return next((AreaId(word) for word in scope.split() if AreaId(word) in material.country.areas), None)


def _event(
    material: Material,
    incident: str,
    area: AreaId | None,
    figures: Sequence[Figure],
    claims: dict[str, KeptClaim],
) -> Event:
    day = _day(incident)
    assert day is not None
    basis = [claims[name] for figure in figures for name in figure.basis]
    names = sorted({claim.chain[0] for claim in basis if claim.chain})
    mine = [one for one in claims.values() if one.incident == incident]
    home = incident.startswith(str(day))
    return Event(
        id=incident if area is None else f"{incident}/{area}",
        kind=_kind(mine),
        since=day,
        until=day,
        where=_where(material, area) if home else Where(Level.UNKNOWN),
        figures=tuple(figures),
        sources=tuple(names),
    )


def _kind(claims: Sequence[KeptClaim]) -> EventKind:
    weapons = {name for one in claims for name in models(one.claim.object)} - {"targets"}
    harm = {one.claim.kind for one in claims} & {
        Topic.KILLED,
        Topic.INJURED,
        Topic.DAMAGE,
        Topic.OUTAGE,
        Topic.DEBRIS,
    }
    if not harm and any(one.claim.kind is Topic.INTERCEPTED for one in claims):
        return EventKind.INTERCEPTION
    if not weapons:
        return EventKind.STRIKE
    return EventKind.DRONE_STRIKE if weapons <= _DRONES else EventKind.MISSILE_STRIKE


def _where(material: Material, area: AreaId | None) -> Where:
    areas, country = material.country.areas, material.country.name["en"]
    if area is None or area == areas.root:
        return Where(Level.COUNTRY, country, name=country, code=str(areas.root))
    chain = {areas[one].level: areas.name(one, "en") for one in areas.chain(area)}
    level = areas[area].level
    return Where(
        Level(level) if level in Level.__members__.values() else Level.CITY,
        country,
        chain.get("oblast", ""),
        chain.get("raion", ""),
        areas.name(area, "en"),
        str(area),
        areas[area].codes.get("katottg", ""),
    )
