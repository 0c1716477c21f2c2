"""NINA, the warning app of Germany's civil protection: a region's dashboard, the map, and each warning.

A region is twelve digits, of which the first five count.  Here they are those
of KATOTTG: an oblast or a raion.  A dashboard shows what touches its region.
"""

from __future__ import annotations

from html import escape

from tocsin.dialects import NO_REGION, RETRY_S, UNKNOWN, Asked, Make, Reply, json
from tocsin.dialects.events import LANGUAGES, SENDER, Event, event_of, place, stamp
from tocsin.dialects.sight import Sight
from tocsin.model import State

SYSTEM = "ars"
_COUNTED, _ZEROS = 5, "0" * 7
_CHANNELS = ("mowas", "katwarn", "biwapp", "dwd", "lhp", "police")  # all of ours come as the first
_CODE = "BBK-EVC-060"  # any code that the labels know; clients show the headline


class Nina:
    """The API."""

    name = "NINA"
    reads: frozenset[str] = frozenset()
    ticks = False

    def __init__(self) -> None:
        self.routes: dict[str, Make] = {
            "/api31/dashboard/{}.json": _dashboard,
            "/api31/warnings/{}.json": _warning,
            "/api31/appdata/gsb/labels/de_labels.json": lambda sight, asked: json({}),
            "/api/appdata/gsb/labels/de_labels.json": lambda sight, asked: json({}),
            **{f"/api31/{channel}/mapData.json": _map(channel) for channel in _CHANNELS},
        }


def _events(sight: Sight) -> list[Event]:
    return [event_of(sight, one) for one in sight.raises(SYSTEM)]


def _dashboard(sight: Sight, asked: Asked) -> Reply:
    area = sight.codes.area(SYSTEM, asked.name[:_COUNTED] + _ZEROS)
    if area is None or sight.state(area) is State.NOT_COVERED:
        return json({"error": NO_REGION}, 404)
    if not sight.known_here(area):
        return _unknown()
    raises = sight.touching(area, sight.raises(SYSTEM))
    return json([_row(sight, event_of(sight, one)) for one in raises])


def _row(sight: Sight, one: Event) -> dict[str, object]:
    name = _id(one)
    data = {
        "headline": one.headline(sight, "uk"),
        "provider": "MOWAS",
        "severity": one.severity,
        "urgency": "Immediate",
        "msgType": "Alert",
        "transKeys": {"event": _CODE},
        "area": {"type": "ZGEM", "data": sight.codes.of(SYSTEM, one.area)},
        "valid": True,
    }
    payload = {"version": 1, "type": "ALERT", "id": name, "hash": one.id, "data": data}
    return {
        "id": name,
        "payload": payload,
        "i18nTitle": _title(sight, one),
        "sent": stamp(one.sent),
        "onset": stamp(one.sent),
        "effective": stamp(one.sent),
        **({"expires": stamp(one.expires)} if one.expires else {}),
    }


def _id(one: Event) -> str:
    return f"mow.UA-{one.id}"


def _title(sight: Sight, one: Event) -> dict[str, str]:
    """Return the headline by language; clients that ask for German get the English one."""
    return {"de": one.headline(sight, "en"), **{lang: one.headline(sight, lang) for lang in LANGUAGES}}


def _warning(sight: Sight, asked: Asked) -> Reply:
    for one in _events(sight):
        if _id(one) == asked.name:
            return json(
                {
                    "identifier": _id(one),
                    "sender": SENDER,
                    "sent": stamp(one.sent),
                    "status": "Actual",
                    "msgType": "Alert",
                    "scope": "Public",
                    "code": [],
                    "references": "",
                    "info": [_info(sight, one, lang) for lang in ("uk", "en")],
                }
            )
    return json({"error": "no alert in force has this identifier"}, 404)


def _info(sight: Sight, one: Event, lang: str) -> dict[str, object]:
    return {
        "language": LANGUAGES[lang],
        "category": [one.category],
        "event": one.event(lang),
        "responseType": ["Shelter"],
        "urgency": "Immediate",
        "severity": one.severity,
        "certainty": "Observed",
        "eventCode": [],
        "headline": one.headline(sight, lang),
        "description": escape(one.description(sight, lang)),  # clients take entities and line breaks out
        "instruction": escape(one.instruction(lang)),
        "web": "",
        "senderName": SENDER,
        "contact": "",
        "parameter": [],
        "area": [{"areaDesc": place(sight, one.area, lang), "geocode": []}],
    }


def _map(channel: str) -> Make:
    def made(sight: Sight, asked: Asked) -> Reply:
        if not sight.known_for_all:
            return _unknown()
        return json([_spot(sight, one) for one in _events(sight)] if channel == "mowas" else [])

    return made


def _spot(sight: Sight, one: Event) -> dict[str, object]:
    return {
        "id": _id(one),
        "version": 1,
        "startDate": stamp(one.sent),
        **({"expiresDate": stamp(one.expires)} if one.expires else {}),
        "severity": one.severity,
        "urgency": "Immediate",
        "type": "Alert",
        "i18nTitle": _title(sight, one),
        "transKeys": {"event": _CODE},
    }


def _unknown() -> Reply:
    return json({"error": UNKNOWN}, 503, Retry_After=RETRY_S)
