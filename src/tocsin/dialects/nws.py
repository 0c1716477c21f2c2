"""The alerts of api.weather.gov: GeoJSON, JSON-LD and Atom, with the filters that their clients use.

A zone is ``UAZ`` and the digits of the area's code, three at least: UAZ063 is
Kharkiv oblast.  An alert names the zone of its area and those of its parts.
"""

from __future__ import annotations

from collections.abc import Callable

from tocsin.dialects import ACCEPT, HOST, RETRY_S, UNKNOWN, Asked, Make, Reply, json
from tocsin.dialects.events import EVENTS, SENDER, Event, cap_xml, event_of, place, stamp, tag
from tocsin.dialects.sight import Raise, Sight
from tocsin.model import AreaId, State

SYSTEM = "ugc"
_STATE = "UA"
_EVENT_CODE = "CDW"  # Civil Danger Warning
_GEO, _LD, _ATOM = "application/geo+json", "application/ld+json", "application/atom+xml"
_FILTERS: dict[str, Callable[[Event], str]] = {
    "status": lambda one: "actual",
    "message_type": lambda one: "alert",
    "event": lambda one: one.event("en").lower(),
    "urgency": lambda one: "immediate",
    "severity": lambda one: one.severity.lower(),
    "certainty": lambda one: "observed",
    "code": lambda one: _EVENT_CODE.lower(),
}


class Nws:
    """The API."""

    name = "NWS"
    reads = frozenset({ACCEPT, HOST, "zone", "area", "limit", *_FILTERS})
    ticks = True  # an alert has to be seen to go on

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {
            "/alerts": _active,
            "/alerts/active": _active,
            "/alerts/active/count": _count,
            "/alerts/active/zone/{}": lambda sight, asked: _zone(sight, asked, asked.name),
            "/alerts/active/area/{}": lambda sight, asked: _area(sight, asked, asked.name),
            "/alerts/types": _types,
            "/alerts/{}": _alert,
        }


def _active(sight: Sight, asked: Asked) -> Reply:
    zone, area = asked.first("zone"), asked.first("area")
    if zone:
        return _zone(sight, asked, zone)
    if area:
        return _area(sight, asked, area)
    if not sight.known_for_all:
        return _unknown()
    return _collection(sight, asked, sight.raises(SYSTEM))


def _area(sight: Sight, asked: Asked, name: str) -> Reply:
    if name.upper() != _STATE:
        return _problem(404, f"there is no area {name!r} here; it has {_STATE}")
    if not sight.known_for_all:
        return _unknown()
    return _collection(sight, asked, sight.raises(SYSTEM))


def _zone(sight: Sight, asked: Asked, names: str) -> Reply:
    """Return what touches some zones; 503 while one of them is unknown."""
    found: dict[Raise, None] = {}
    raises = sight.raises(SYSTEM)
    for name in names.split(","):
        area = sight.codes.area(SYSTEM, name.upper())
        if area is None or sight.state(area) is State.NOT_COVERED:
            return _problem(404, f"there is no zone {name!r} here")
        if not sight.known_here(area):
            return _unknown()
        found.update(dict.fromkeys(sight.touching(area, raises)))
    return _collection(sight, asked, list(found))


def _collection(sight: Sight, asked: Asked, raises: list[Raise]) -> Reply:
    events = [event_of(sight, one) for one in raises]
    for field, value_of in _FILTERS.items():
        if wanted := asked.first(field):
            chosen = wanted.lower().split(",")
            events = [one for one in events if value_of(one) in chosen]
    limit = asked.first("limit")
    if limit is not None and limit.isascii() and limit.isdigit():
        events = events[: int(limit[:6])]
    events.sort(key=lambda one: one.sent, reverse=True)
    age = {"X-Data-Age": "1"}  # seconds at most: it is made anew each second
    if _ATOM in asked.accept:
        return Reply(_atom(sight, asked, events), _ATOM, headers=tuple(age.items()))
    updated = stamp(sight.changed)
    if _LD in asked.accept:
        graph = [_properties(sight, asked, one) for one in events]
        return json({"@context": [], "@graph": graph, "title": _TITLE, "updated": updated}, 200, _LD)
    features = [_feature(sight, asked, one) for one in events]
    found = {
        "@context": [],
        "type": "FeatureCollection",
        "features": features,
        "title": _TITLE,
        "updated": updated,
    }
    return Reply(json(found).body, _GEO, headers=tuple(age.items()))


_TITLE = "Alerts in force in Ukraine"


def _feature(sight: Sight, asked: Asked, one: Event) -> dict[str, object]:
    return {
        "id": f"{asked.base}/alerts/{one.id}",
        "type": "Feature",
        "geometry": None,
        "properties": _properties(sight, asked, one),
    }


def _properties(sight: Sight, asked: Asked, one: Event) -> dict[str, object]:
    zones = _zones(sight, one.area)
    sent, headline = stamp(one.sent), one.headline(sight, "en")
    return {
        "@id": f"{asked.base}/alerts/{one.id}",
        "@type": "wx:Alert",
        "id": one.id,
        "areaDesc": place(sight, one.area, "en"),
        "geocode": {"SAME": ["000000"], "UGC": zones},
        "affectedZones": [f"{asked.base}/zones/forecast/{zone}" for zone in zones],
        "references": [],
        "sent": sent,
        "effective": sent,
        "onset": sent,
        "expires": stamp(one.until),
        "ends": stamp(one.expires) if one.expires else None,
        "status": "Actual",
        "messageType": "Alert",
        "category": one.category,
        "severity": one.severity,
        "certainty": "Observed",
        "urgency": "Immediate",
        "event": one.event("en"),
        "sender": SENDER,
        "senderName": SENDER,
        "headline": headline,
        "description": one.description(sight, "en"),
        "instruction": one.instruction("en"),
        "response": "Shelter",
        "parameters": {"NWSheadline": [headline], "level": [one.level]},
        "eventCode": {"SAME": [_EVENT_CODE], "NationalWeatherService": [_EVENT_CODE]},
        "scope": "Public",
        "code": "IPAWSv1.0",
        "language": "en-US",
        "web": asked.base,
    }


def _zones(sight: Sight, area: AreaId) -> list[str]:
    """Return the zone of an area, then those of its parts."""
    codes = (sight.codes.of(SYSTEM, one) for one in (area, *sight.areas.below(area)))
    return [code for code in codes if code is not None]


def _atom(sight: Sight, asked: Asked, events: list[Event]) -> bytes:
    link = f"{asked.base}/alerts/active"
    entries = "".join(_entry(sight, asked, one) for one in events)
    head = tag("id", link) + tag("title", _TITLE) + tag("updated", stamp(sight.changed))
    feed = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{feed}{head}{entries}</feed>\n'.encode()


def _entry(sight: Sight, asked: Asked, one: Event) -> str:
    link, sent = f"{asked.base}/alerts/{one.id}", stamp(one.sent)
    codes = "".join(tag("valueName", "UGC") + tag("value", zone) for zone in _zones(sight, one.area))
    return (
        "<entry>"
        + tag("id", link)
        + tag("title", one.headline(sight, "en"))
        + tag("updated", sent)
        + tag("published", sent)
        + f"<author>{tag('name', SENDER)}</author>"
        + tag("summary", one.description(sight, "en"))
        + f'<link rel="alternate" href="{link}"/>'
        + tag("cap:event", one.event("en"))
        + tag("cap:effective", sent)
        + tag("cap:expires", stamp(one.until))
        + "<cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType>"
        + tag("cap:category", one.category)
        + "<cap:urgency>Immediate</cap:urgency>"
        + tag("cap:severity", one.severity)
        + "<cap:certainty>Observed</cap:certainty>"
        + tag("cap:areaDesc", place(sight, one.area, "en"))
        + "<cap:polygon/>"
        + f"<cap:geocode>{codes}</cap:geocode>"
        + "</entry>"
    )


def _alert(sight: Sight, asked: Asked) -> Reply:
    for raised in sight.raises(SYSTEM):
        one = event_of(sight, raised)
        if one.id == asked.name:
            if "application/cap+xml" in asked.accept:
                codes = [("UGC", zone) for zone in _zones(sight, one.area)]
                return Reply(cap_xml(sight, one, codes), "application/cap+xml")
            if _LD in asked.accept:
                return json(_properties(sight, asked, one), 200, _LD)
            return json(_feature(sight, asked, one), 200, _GEO)
    return _problem(404, "no alert in force has this identifier")


def _count(sight: Sight, asked: Asked) -> Reply:
    if not sight.known_for_all:
        return _unknown()
    events = [event_of(sight, one) for one in sight.raises(SYSTEM)]
    zones: dict[str, int] = {}
    for one in events:
        for zone in _zones(sight, one.area):
            zones[zone] = zones.get(zone, 0) + 1
    total = len(events)
    return json(
        {
            "total": total,
            "land": total,
            "marine": 0,
            "regions": {},
            "areas": {_STATE: total} if total else {},
            "zones": zones,
        }
    )


def _types(sight: Sight, asked: Asked) -> Reply:
    return json({"@context": [], "eventTypes": list(EVENTS)}, 200, _LD)


def _unknown() -> Reply:
    return _problem(503, UNKNOWN, Retry_After=RETRY_S)


def _problem(status: int, detail: str, **headers: str) -> Reply:
    title = {404: "Not Found", 503: "Service Unavailable"}[status]
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "correlationId": "0"}
    return json(body, status, "application/problem+json", **headers)
