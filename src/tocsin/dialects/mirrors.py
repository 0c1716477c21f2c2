"""The mirrors that need no key: ubilling, vadimklimenko, sirens.in.ua, tryvoha.

Most of them know two states, so a partly raised area is shown as raised.  Only
sirens.in.ua can say that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from tocsin.dialects import NO_REGION, RETRY_S, UNKNOWN, Asked, Make, Reply, alerts_in_ua, json, ukrainealarm
from tocsin.dialects.sight import AIR, Sight
from tocsin.model import AreaId, Level, State
from tocsin.warn.told import Status

_UP = (State.RAISED, State.PARTLY)
_RAW: dict[str, Callable[[Sight], list[dict[str, object]]]] = {  # what ubilling passes on as it got it
    "aiu": alerts_in_ua.rows,
    "ual": ukrainealarm.raised,
}


def oblasts(sight: Sight) -> Iterator[tuple[AreaId, Status]]:
    """Yield every covered area of the board level, and what it is told of air alerts."""
    for area in sight.areas.board:
        status = sight.status(area, AIR)
        if status.state is not State.NOT_COVERED:
            yield area, status


def unknown() -> Reply:
    """Return that something is unknown."""
    return json({"error": UNKNOWN}, 503, Retry_After=RETRY_S)


class Ubilling:
    """ubilling: every oblast, in the wall clock of the country.

    Its clients judge by ``cachedat`` how old the answer is, so that is the present.
    """

    name = "ubilling"
    reads = frozenset({"source", "raw", "map"})
    ticks = True

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {"/aerialalerts/": self._answer, "/aerialalerts": self._answer}

    def _answer(self, sight: Sight, asked: Asked) -> Reply:
        source = asked.first("source") or "default"
        if asked.first("map") is not None:
            return json({"error": "there is no picture here"}, 404)
        raw = asked.first("raw") is not None and source in _RAW
        if not (sight.known_for_all if raw else sight.known_for_air):
            return unknown()
        now = _wall(sight, sight.as_of)
        if raw:
            return json({"source": source, "cachedat": now, "raw": _RAW[source](sight)})
        states = {
            sight.areas.name(area, "uk"): {
                "alertnow": status.state in _UP,
                "changed": _wall(sight, status.since) if status.since else "1970-01-01 00:00:00",
            }
            for area, status in oblasts(sight)
        }
        return json({"states": states, "source": source, "cachedat": now})


def _wall(sight: Sight, moment: datetime) -> str:
    return moment.astimezone(sight.zone).strftime("%Y-%m-%d %H:%M:%S")


class VadimKlimenko:
    """vadimklimenko.com: every oblast, with its raions."""

    name = "vadimklimenko"
    reads: frozenset[str] = frozenset()
    ticks = False

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {"/map/statuses.json": _statuses}


def _statuses(sight: Sight, asked: Asked) -> Reply:
    if not sight.known_for_air:
        return unknown()
    states = {}
    for area, status in oblasts(sight):
        districts = {
            sight.areas.name(child, "uk"): _enabled(sight.status(child, AIR))
            for child in sight.areas.children(area)
            if sight.areas[child].level == "raion" and sight.status(child, AIR).state is not State.NOT_COVERED
        }
        states[sight.areas.name(area, "uk")] = {**_enabled(status), "type": "state", "districts": districts}
    return json({"version": 1, "states": states})


def _enabled(status: Status) -> dict[str, object]:
    since = status.since.strftime("%Y-%m-%dT%H:%M:%SZ") if status.since else None
    if status.state not in _UP:
        return {"enabled": False, "enabled_at": None, "disabled_at": since}
    level = str(status.level or Level.RED)
    return {"enabled": True, "enabled_at": since, "disabled_at": None, "alert_level": level}


class SirensInUa:
    """sirens.in.ua: the one old format that can say that it does not know."""

    name = "sirens.in.ua"
    reads: frozenset[str] = frozenset()
    ticks = False

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {"/api/v1/": _sirens, "/api/v1": _sirens}


def _sirens(sight: Sight, asked: Asked) -> Reply:
    words = {State.RAISED: "full", State.PARTLY: "partial", State.CLEAR: None}
    return json(
        {
            key: words.get(sight.status(area, AIR).state, "no_data")
            for area, key in sight.codes.all("sirens_in_ua").items()
        }
    )


class Tryvoha:
    """tryvoha.online: what is raised, by slugs of oblasts and raions."""

    name = "tryvoha"
    reads: frozenset[str] = frozenset()
    ticks = False

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {"/api/v1/alerts": _tryvoha, "/api/v1/alerts/{}": _slug}


def _tryvoha(sight: Sight, asked: Asked) -> Reply:
    if not sight.known_for_air:
        return unknown()
    return json({"alerts": [_started(sight, one.area) for one in sight.raises("tryvoha", (AIR,))]})


def _slug(sight: Sight, asked: Asked) -> Reply:
    area = sight.codes.area("tryvoha", asked.name)
    if area is None or sight.status(area, AIR).state is State.NOT_COVERED:
        return json({"error": NO_REGION}, 404)
    if not sight.known_here(area, (AIR,)):
        return unknown()
    raises = sight.touching(area, sight.raises("tryvoha", (AIR,)))
    districts = [sight.codes.of("tryvoha", one.area) for one in raises if one.area != area]
    return json(
        {
            "active": sight.status(area, AIR).state is State.RAISED,
            "active_anywhere": bool(raises),
            "districts_active": districts,
        }
    )


def _started(sight: Sight, area: AreaId) -> dict[str, object]:
    since = sight.status(area, AIR).since or sight.changed
    return {"slug": sight.codes.of("tryvoha", area), "started_at": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
