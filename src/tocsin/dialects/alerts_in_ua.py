"""alerts.in.ua, versions 1 and 2: active alerts, the strings for small devices, the past.

A row covers all that lies in its area.  `P` in a string says that a part is
raised.  The strings have no letter for *unknown*, and clients read any letter
that they do not know as *no alert*: hence 503.  Their own library turns that
into an error and keeps what it had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zlib import crc32

from tocsin.dialects import NO_REGION, RETRY_S, UNKNOWN, Asked, Interval, Reply, json
from tocsin.dialects.sight import AIR, Raise, Sight
from tocsin.model import AreaId, Level, State, Threat
from tocsin.warn.told import Status

SYSTEM = "alerts_in_ua"
PERIODS = {"week_ago": timedelta(days=7), "month_ago": timedelta(days=30)}
_TYPES = {"air": "air_raid", "artillery": "artillery_shelling"}  # the other threats have one name
_KNOWN = ("air", "artillery", "urban_fights", "chemical", "nuclear")
_THREATS = {  # our subtype -> theirs
    "drones": "drones",
    "ballistic": "ballistic_missiles",
    "cruise": "cruise_missiles",
    "guided_bombs": "guided_aerial_bombs",
    "mig31k": "mig31k_departure",
}
_DISCLAIMER = "Areas that no source reports on are not among them; see /v1/board.json for what is unknown."

Past = Callable[[datetime, datetime], Sequence[Interval] | None]
"""Gives what overlaps a window, or None while the past is still being read."""


class AlertsInUa:
    """The API.

    Args:
        past: Gives the intervals that overlap a window.
    """

    name = "alerts.in.ua"
    reads: frozenset[str] = frozenset()  # a token is taken, and not looked at
    ticks = False

    def __init__(self, past: Past = lambda since, until: None) -> None:
        self._past = past
        self.routes = {
            "/v1/alerts/active.json": _active,
            "/v1/iot/active_air_raid_alerts_by_oblast.json": _by_oblast,
            "/v1/iot/active_air_raid_alerts.json": _by_uid,
            "/v1/iot/active_air_raid_alerts/{}.json": _one,
            "/v2/iot/active_air_raid_alerts_by_oblast.json": lambda sight, asked: _by_oblast(sight, asked, 2),
            "/v2/iot/active_air_raid_alerts.json": lambda sight, asked: _by_uid(sight, asked, 2),
            "/v2/iot/active_air_raid_alerts/{}.json": lambda sight, asked: _one(sight, asked, 2),
            **{
                f"/v1/regions/{{}}/alerts/{period}.json": self._ended(length)
                for period, length in PERIODS.items()
            },
        }

    def _ended(self, length: timedelta) -> Callable[[Sight, Asked], Reply]:
        return lambda sight, asked: self._history(sight, asked, length)

    def _history(self, sight: Sight, asked: Asked, length: timedelta) -> Reply:
        """Return what has ended in a region; what still stands is no history here."""
        area = sight.codes.area(SYSTEM, asked.name)
        if area is None:
            return _no_region()
        past = self._past(sight.as_of - length, sight.as_of)
        if past is None:
            return _error(503, "the past is still being read")
        ended = []
        for one in past:
            carrier = sight.carrier(one.area, SYSTEM)
            if one.until is not None and carrier is not None and area in sight.areas.chain(carrier):
                status = Status(State.RAISED, one.since)
                ended.append(_row(sight, Raise(carrier, one.threat, status), one.until))
        ended.sort(key=lambda row: str(row["started_at"]), reverse=True)
        return _answer(sight, [{k: v for k, v in row.items() if k != "threats"} for row in ended])


def _active(sight: Sight, asked: Asked) -> Reply:
    """Return every alert in force; 503 while something that is covered is unknown."""
    if not sight.known_for_all:
        return _unknown()
    return _answer(sight, rows(sight))


def rows(sight: Sight) -> list[dict[str, object]]:
    """Return a row for each alert in force."""
    return [_row(sight, one) for one in sight.raises(SYSTEM)]


def _answer(sight: Sight, found: list[dict[str, object]]) -> Reply:
    changed = sight.changed.strftime("%Y/%m/%d %H:%M:%S +0000")
    meta = {"last_updated_at": changed, "type": "full"}
    return json({"alerts": found, "meta": meta, "disclaimer": _DISCLAIMER})


def _row(sight: Sight, one: Raise, until: datetime | None = None) -> dict[str, object]:
    """Return one alert.  Every key is there, since strict clients ask for all of them."""
    areas = sight.areas
    chain = areas.chain(one.area)
    levels = {areas[above].level: above for above in chain}
    oblast, raion = levels.get("oblast", chain[-1]), levels.get("raion")
    began = one.status.since
    title = _title(sight, one.area)
    level = areas[one.area].level
    return {
        "id": crc32(f"{one.area} {one.threat} {began}".encode())
        >> 1,  # fits 31 bits; the same after a restart
        "location_title": title,
        "location_type": "city" if title.startswith("м. ") and level != "oblast" else level,
        "started_at": _time(began),
        "finished_at": _time(until),
        "updated_at": _time(until or began),
        "alert_type": _type(one.threat),
        "location_uid": sight.codes.of(SYSTEM, one.area),
        "location_oblast": _title(sight, oblast),
        "location_oblast_uid": int(sight.codes.of(SYSTEM, oblast) or 0),  # a number: a strict client needs it
        "location_raion": _title(sight, raion) if raion else None,
        "location_title_en": areas.name(one.area, "en"),
        "notes": one.status.text,
        "country": None,
        "calculated": None,
        "alert_level": str(one.status.level or Level.RED),  # without one a client takes the row for invalid
        "threats": _threats(one.status),
    }


def _type(threat: Threat) -> str:
    return _TYPES.get(threat, threat) if threat in _KNOWN else "unknown"


def _threats(status: Status) -> list[dict[str, object]]:
    if status.subtype is None:
        return []
    return [
        {
            "threat_type": _THREATS.get(status.subtype, "unknown"),
            "level": str(status.level or Level.RED),
            "started_at": _time(status.since),
            "source_message": status.text,
        }
    ]


def _title(sight: Sight, area: AreaId) -> str:
    return sight.codes.of("alerts_in_ua_title", area) or sight.areas.name(area, "uk")


def _time(moment: datetime | None) -> str | None:
    """Return a time with its thousandths: clients refuse one without a fraction."""
    if moment is None:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


# The strings


def _by_oblast(sight: Sight, asked: Asked, version: int = 1) -> Reply:
    """Return a letter an oblast.  A gap reads as *no alert*, so each of the 27 must be covered and known."""
    codes = sight.codes.all("alerts_in_ua_oblast")
    order = sorted(codes, key=lambda area: int(codes[area]))
    letters = [_letter(sight, area, version) for area in order]
    if not sight.known_for_air or " " in letters:
        return _unknown()
    return json("".join(letters))


def _by_uid(sight: Sight, asked: Asked, version: int = 1) -> Reply:
    """Return a letter a uid; a gap is a uid that is no region here, and clients skip it."""
    if not sight.known_for_air:
        return _unknown()
    found: dict[AreaId, str] = {}
    for area in sight.areas:  # parents first; most are as theirs, and to ask for each takes 25 ms
        own = area.id in sight.told_apart or area.parent in (None, sight.areas.root)
        found[area.id] = _letter(sight, area.id, version) if own else found[area.parent or area.id]
    uids = {int(code): area for area, code in sight.codes.all(SYSTEM).items()}
    return json("".join(found[uids[uid]] if uid in uids else " " for uid in range(max(uids) + 1)))


def _one(sight: Sight, asked: Asked, version: int = 1) -> Reply:
    """Return the letter of one uid."""
    area = sight.codes.area(SYSTEM, asked.name)
    letter = " " if area is None else _letter(sight, area, version)
    if area is None or letter == " ":
        return _no_region()
    if (letter == "N" and not sight.known_here(area, (AIR,))) or letter == "?":
        return _unknown()
    return json(letter)


def _letter(sight: Sight, area: AreaId, version: int) -> str:
    """Return the letter of an area: A (or R, Y), P, N; ? where it is unknown, a space where not covered."""
    status = sight.status(area, AIR)
    if status.state is State.RAISED:
        return "A" if version == 1 else "Y" if status.level is Level.YELLOW else "R"
    return {State.PARTLY: "P", State.CLEAR: "N", State.NOT_COVERED: " "}.get(status.state, "?")


# Errors


def _error(status: int, message: str, **headers: str) -> Reply:
    return json({"message": message}, status, **headers)


def _unknown() -> Reply:
    return _error(503, UNKNOWN, Retry_After=RETRY_S)


def _no_region() -> Reply:
    return _error(404, NO_REGION)
