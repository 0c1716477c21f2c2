"""alerts.com.ua: 25 states, raised or not.

Sevastopol and Crimea have no number there.  A partly raised state is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tocsin.dialects import RETRY_S, UNKNOWN, Asked, Interval, Make, Reply, json
from tocsin.dialects.sight import AIR, Sight
from tocsin.model import AreaId, State

SYSTEM = "alerts_com_ua"
_PAST = timedelta(days=30)
_UP = (State.RAISED, State.PARTLY)

Past = Callable[[datetime, datetime], Sequence[Interval] | None]
"""Gives what overlaps a window, or None while the past is still being read."""


class AlertsComUa:
    """The API.

    Args:
        past: Gives the intervals that overlap a window.
    """

    name = "alerts.com.ua"
    reads = frozenset({"short"})
    ticks = True  # `last_update` says how old an answer is

    def __init__(self, past: Past = lambda since, until: None) -> None:
        self._past = past
        self.routes: dict[str, Make] = {
            "/api/states": _states,
            "/api/states/{}": _state,
            "/api/history": self._history,
        }

    def _history(self, sight: Sight, asked: Asked) -> Reply:
        """Return every change of 30 days, oldest first."""
        past = self._past(sight.as_of - _PAST, sight.as_of)
        if past is None:
            return json({"error": "the past is still being read"}, 503, Retry_After=RETRY_S)
        changes: list[tuple[datetime, int, bool]] = []
        for area, spans in _by_state(sight, past).items():
            for since, until in _union(spans, sight.as_of):
                changes.append((since, _id(sight, area), True))
                if until < sight.as_of:
                    changes.append((until, _id(sight, area), False))
        rows = [
            {"id": number, "date": _time(sight, at), "state_id": state, "alert": alert}
            for number, (at, state, alert) in enumerate(sorted(changes), 1)
        ]
        return json(rows, 200, "text/html; charset=utf-8")  # as there; clients decode it all the same


def _states(sight: Sight, asked: Asked) -> Reply:
    if not sight.known_for_air:
        return _unknown()
    covered = [area for area in numbered(sight) if sight.covers(area)]
    short = asked.first("short") is not None
    rows = [state_json(sight, area) for area in covered]
    if short:
        rows = [{"id": row["id"], "alert": row["alert"]} for row in rows]
    return json({"states": rows, "last_update": _update(sight)})


def _state(sight: Sight, asked: Asked) -> Reply:
    """Return one state; a number that is none has null, as there."""
    area = sight.codes.area(SYSTEM, asked.name)
    if area is None or sight.status(area, AIR).state is State.NOT_COVERED:
        return json({"state": None, "last_update": _update(sight)})
    if not sight.known_here(area, (AIR,)):
        return _unknown()
    return json({"state": state_json(sight, area), "last_update": _update(sight)})


def numbered(sight: Sight) -> list[AreaId]:
    """Return the areas that have a number, by it."""
    codes = sight.codes.all(SYSTEM)
    return sorted(codes, key=lambda area: int(codes[area]))


def state_json(sight: Sight, area: AreaId) -> dict[str, object]:
    """Return one state."""
    status = sight.status(area, AIR)
    return {
        "id": _id(sight, area),
        "name": sight.areas.name(area, "uk"),
        "name_en": sight.areas.name(area, "en").replace("Oblast", "oblast"),
        "alert": status.state in _UP,
        "changed": _time(sight, status.since) if status.since else None,
    }


def _id(sight: Sight, area: AreaId) -> int:
    return int(sight.codes.all(SYSTEM)[area])


def _time(sight: Sight, moment: datetime) -> str:
    return moment.astimezone(sight.zone).isoformat(timespec="seconds")


def _update(sight: Sight) -> str:
    return sight.as_of.astimezone(sight.zone).isoformat(timespec="microseconds")


def _by_state(sight: Sight, past: Sequence[Interval]) -> dict[AreaId, list[Interval]]:
    found: dict[AreaId, list[Interval]] = {}
    for one in past:
        carrier = sight.carrier(one.area, SYSTEM)
        if carrier is not None and one.threat == AIR:
            found.setdefault(carrier, []).append(one)
    return found


def _union(spans: Sequence[Interval], now: datetime) -> list[tuple[datetime, datetime]]:
    """Return the same time without overlaps."""
    merged: list[tuple[datetime, datetime]] = []
    for since, until in sorted((one.since, one.until or now) for one in spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


def _unknown() -> Reply:
    return json({"error": UNKNOWN}, 503, Retry_After=RETRY_S)
