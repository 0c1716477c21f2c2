"""JAAM, the lamp: its frames, and the JSON of its web server.

A frame has exactly 28 slots, since the device reads a missing one as clear.
When a slot is unknown or nobody covers it there is no frame at all: the socket
is closed with 1013 and the device shows that it connects.  Payloads of which
tocsin knows nothing (weather, radiation, explosions) are not sent.
"""

from __future__ import annotations

import msgspec

from tocsin.dialects import RETRY_S, UNKNOWN, Asked, Make, Reply, json
from tocsin.dialects.sight import AIR, Sight
from tocsin.model import AreaId, State
from tocsin.warn.told import Status

SYSTEM = "jaam"
NEVER = 1_645_674_000  # the time that its firmware takes for *never*
_UP = (State.RAISED, State.PARTLY)


class Jaam:
    """What the web server answers."""

    name = "JAAM"
    reads: frozenset[str] = frozenset()
    ticks = True  # `/api_status.json` counts seconds

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {
            "/alerts_statuses_v1.json": lambda sight, asked: _statuses(sight, 1),
            "/alerts_statuses_v2.json": lambda sight, asked: _statuses(sight, 2),
            "/alerts_statuses_v3.json": lambda sight, asked: _statuses(sight, 3),
            "/api_status.json": _status,
        }


def slots(sight: Sight) -> list[tuple[int, int]] | None:
    """Return state and time of each slot; None when one of them cannot be said."""
    codes = sight.codes.all(SYSTEM)
    order = sorted(codes, key=lambda area: int(codes[area]))
    statuses = [sight.status(area, AIR) for area in order]
    if not sight.known_for_air or any(status.state is State.NOT_COVERED for status in statuses):
        return None
    return [_slot(status) for status in statuses]


def _slot(status: Status) -> tuple[int, int]:
    since = int(status.since.timestamp()) if status.since else NEVER
    return int(status.state in _UP), since


def frame(sight: Sight, version: int) -> bytes | None:
    """Return the text frame with the alerts; None: close with 1013.

    Args:
        sight: What is told.
        version: 1 to 4, as in ``/data_v4``; the first has no times.
    """
    found = slots(sight)
    if found is None:
        return None
    alerts = [state for state, _ in found] if version == 1 else found
    return msgspec.json.encode({"payload": "alerts", "alerts": alerts})


def _statuses(sight: Sight, version: int) -> Reply:
    if slots(sight) is None:
        return _unknown()
    return json(_by_name(sight) if version == 3 else _rows(sight, version))


def _oblasts(sight: Sight) -> list[AreaId]:
    return [area for area in sight.codes.all(SYSTEM) if sight.areas[area].id in sight.areas.board]


def _by_name(sight: Sight) -> dict[str, object]:
    return {sight.areas.name(area, "uk"): sight.status(area, AIR).state in _UP for area in _oblasts(sight)}


def _rows(sight: Sight, version: int) -> dict[str, object]:
    rows = {}
    for area in _oblasts(sight):
        status = sight.status(area, AIR)
        up, since = status.state in _UP, _time(status)
        partly = status.state is State.PARTLY
        if version == 1:
            rows[sight.areas.name(area, "uk")] = {
                "district": partly,
                "enabled": up,
                "type": "state",
                "disabled_at": None if up else since,
                "enabled_at": since if up else None,
            }
        else:
            rows[sight.areas.name(area, "uk")] = {
                "alertnow": up,
                "district": partly,
                "enabled_at" if partly else "changes": since,
            }
    return {"version": version, "states": rows}


def _time(status: Status) -> str | None:
    return status.since.strftime("%Y-%m-%dT%H:%M:%SZ") if status.since else None


def _status(sight: Sight, asked: Asked) -> Reply:
    """Return how many seconds ago something changed."""
    if slots(sight) is None:
        return _unknown()
    ago = max(0, int((sight.as_of - sight.changed).total_seconds()))
    return json({"version": 1, "desc": "tocsin", "data": {"alert_last_changed": ago}})


def _unknown() -> Reply:
    return json({"error": UNKNOWN}, 503, Retry_After=RETRY_S)
