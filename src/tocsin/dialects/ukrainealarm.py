"""ukrainealarm.com, version 3, and siren.pp.ua, which speaks the same without a key.

In the list a region stands with its own alerts only, as there.  Asked for by
itself, a region also shows the alerts around it and in its parts, each with the
region that it is of: a client that asks for an oblast alone would take an
oblast of which a part is raised for clear.

`lastActionIndex` grows with every change, also when something becomes unknown,
so that whoever polls it asks again and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from tocsin.dialects import NO_REGION, RETRY_S, UNKNOWN, Asked, Interval, Reply, json
from tocsin.dialects.sight import Raise, Sight
from tocsin.model import AreaId, Level, State, Threat

SYSTEM = "ukrainealarm"
HISTORY = 25  # alerts of a region's past
_PAST = timedelta(days=30)
_TYPES = {"oblast": "State", "raion": "District", "hromada": "Community"}
_THREATS = {"air": "AIR", "artillery": "ARTILLERY", "urban_fights": "URBAN_FIGHTS", "chemical": "CHEMICAL",
            "nuclear": "NUCLEAR"}  # fmt: skip
_TICKS = 10_000_000  # a second, in the units of .NET
_YEAR_1 = 62_135_596_800  # seconds from the year 1 to 1970

Past = Callable[[datetime, datetime], Sequence[Interval] | None]
"""Gives what overlaps a window, or None while the past is still being read."""


class UkraineAlarm:
    """The API.

    Args:
        past: Gives the intervals that overlap a window.
        root: The path that all others begin with.
    """

    name = "ukrainealarm"
    reads = frozenset({"regionId"})
    ticks = False

    def __init__(self, past: Past = lambda since, until: None, root: str = "/api/v3") -> None:
        self._past = past
        self.routes = {
            f"{root}/alerts": _alerts,
            f"{root}/alerts/status": _status,
            f"{root}/alerts/regionHistory": self._history,
            f"{root}/alerts/{{}}": _region_alerts,
            f"{root}/regions": _regions,
        }

    def _history(self, sight: Sight, asked: Asked) -> Reply:
        """Return the newest alerts of a region, or of every region that was raised."""
        wanted = asked.first("regionId")
        area = sight.codes.area(SYSTEM, wanted) if wanted else None
        if wanted and area is None:
            return _no_region()
        past = self._past(sight.as_of - _PAST, sight.as_of)
        if past is None:
            return json({"message": "the past is still being read"}, 503, Retry_After=RETRY_S)
        found: dict[AreaId, list[dict[str, object]]] = {area: []} if area else {}
        for one in sorted(past, key=lambda one: one.since, reverse=True):
            carrier = sight.carrier(one.area, SYSTEM)
            if carrier is not None and (area is None or area in sight.areas.chain(carrier)):
                alarms = found.setdefault(area or carrier, [])
                if len(alarms) < HISTORY:
                    alarms.append(_alarm(sight, carrier, one))
        return json([{**_ids(sight, area), "alarms": alarms} for area, alarms in found.items()])


def _alerts(sight: Sight, asked: Asked) -> Reply:
    """Return every region with an alert; none is an all clear everywhere, so 503 while any is unknown."""
    if not sight.known_for_all:
        return _unknown()
    return json(raised(sight))


def raised(sight: Sight) -> list[dict[str, object]]:
    """Return each region that has alerts of its own."""
    by_area: dict[AreaId, list[Raise]] = {}
    for one in sight.raises(SYSTEM):
        by_area.setdefault(one.area, []).append(one)
    return [_region(sight, area, raises) for area, raises in sorted(by_area.items())]


def _region_alerts(sight: Sight, asked: Asked) -> Reply:
    """Return one region, always as a list of one; 503 while it is unknown."""
    area = sight.codes.area(SYSTEM, asked.name)
    if area is None or sight.state(area) is State.NOT_COVERED:
        return _no_region()
    if not sight.known_here(area):
        return _unknown()
    return json([_region(sight, area, sight.touching(area, sight.raises(SYSTEM)))])


def _region(sight: Sight, area: AreaId, raises: Iterable[Raise]) -> dict[str, object]:
    alerts = [_alert(sight, one) for one in raises]
    changes = (sight.status(area, threat).since for threat in sight.threats)
    last = max((since for since in changes if since is not None), default=sight.changed)
    return {
        "regionId": sight.codes.of(SYSTEM, area),
        "regionType": _type(sight, area),
        "regionName": sight.areas.name(area, "uk"),
        "regionEngName": sight.areas.name(area, "en"),
        "lastUpdate": _time(last),
        "activeAlerts": alerts,
    }


def _alert(sight: Sight, one: Raise) -> dict[str, object]:
    began = _time(one.status.since or sight.changed)
    level = "Yellow" if one.status.level is Level.YELLOW else "Red"
    return {
        "regionId": sight.codes.of(SYSTEM, one.area),
        "regionType": _type(sight, one.area),
        "type": _THREATS.get(one.threat, "UNKNOWN"),
        "lastUpdate": began,
        "activeAlertLevels": [{"alertLevel": level, "reason": one.status.text, "createdAt": began}],
    }


def _type(sight: Sight, area: AreaId) -> str:
    return _TYPES.get(sight.areas[area].level, "Null")


def _ids(sight: Sight, area: AreaId) -> dict[str, object]:
    return {"regionId": sight.codes.of(SYSTEM, area), "regionName": sight.areas.name(area, "uk")}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _status(sight: Sight, asked: Asked) -> Reply:
    """Return a number that grows with every change, as a count of ticks since the year 1."""
    seconds = int(sight.changed.timestamp()) + _YEAR_1
    return json({"lastActionIndex": seconds * _TICKS})


def _regions(sight: Sight, asked: Asked) -> Reply:
    """Return the tree of the regions that somebody covers; the others are no regions here."""
    return json({"states": _branches(sight, sight.areas.board, covered=False)})


def _branches(sight: Sight, areas: Iterable[AreaId], *, covered: bool) -> list[dict[str, object]]:
    """Return areas with what lies in them; ``covered``: whether what lies around them is."""
    found: list[dict[str, object]] = []
    for area in areas:
        # Most of the 1,600 are told nothing of their own: to ask for each would take 90 ms.
        mine = sight.state(area) is not State.NOT_COVERED if area in sight.told_apart else covered
        code = sight.codes.of(SYSTEM, area)
        if mine and code is not None:
            found.append(
                {
                    "regionId": code,
                    "regionName": sight.areas.name(area, "uk"),
                    "regionType": _type(sight, area),
                    "regionChildIds": _branches(sight, sight.areas.children(area), covered=mine),
                }
            )
    return found


def _alarm(sight: Sight, area: AreaId, one: Interval) -> dict[str, object]:
    end = one.until or sight.as_of
    return {
        "regionId": sight.codes.of(SYSTEM, area),
        "startDate": _time(one.since),
        "endDate": _time(end),
        "duration": _span(end - one.since),
        "alertType": _THREATS.get(Threat(one.threat), "UNKNOWN"),
        "regionName": sight.areas.name(area, "uk"),
        "isContinue": one.until is None,
    }


def _span(length: timedelta) -> dict[str, object]:
    """Return a length of time as .NET writes one."""
    seconds = int(length.total_seconds())
    return {
        "ticks": seconds * _TICKS,
        "days": seconds // 86_400,
        "hours": seconds // 3_600 % 24,
        "minutes": seconds // 60 % 60,
        "seconds": seconds % 60,
        "milliseconds": 0,
        "totalDays": seconds / 86_400,
        "totalHours": seconds / 3_600,
        "totalMinutes": seconds / 60,
        "totalSeconds": seconds,
        "totalMilliseconds": seconds * 1_000,
    }


def _unknown() -> Reply:
    return json({"message": UNKNOWN}, 503, Retry_After=RETRY_S)


def _no_region() -> Reply:
    return json({"message": NO_REGION}, 404)
