"""MeteoAlarm's Atom feed of a country, with a CAP message behind each entry, and its JSON.

Clients look for the name of a province in ``areaDesc``.  So an entry for a part
also names what it lies in, and an entry for an oblast also names its raions.

An area that is unknown has an entry that says so, behind those of the alerts.
Home Assistant would go on showing *off* if it were refused an answer: here its
sensor goes on, and says *Status Unknown*.
"""

from __future__ import annotations

from tocsin.dialects import HOST, RETRY_S, UNKNOWN, Asked, Reply, json
from tocsin.dialects.events import (
    LANGUAGES,
    SENDER,
    Event,
    awareness,
    cap_xml,
    event_of,
    place_with_parts,
    stamp,
    tag,
    unknown_event,
)
from tocsin.dialects.sight import Sight
from tocsin.model import AreaId

SYSTEM = "meteoalarm"
_ATOM = "application/atom+xml"
_CAP = "application/cap+xml"


class MeteoAlarm:
    """The feeds.

    Args:
        country: Its English name, in lower case, as it stands in the path.
    """

    name = "MeteoAlarm"
    reads = frozenset({HOST})
    ticks = True  # an alert has to be seen to go on

    def __init__(self, country: str) -> None:
        self._feed = f"/feeds/meteoalarm-legacy-atom-{country}"
        self.routes = {
            self._feed: self._atom,
            f"{self._feed}/{{}}": self._cap,
            f"/api/v1/warnings/feeds-{country}": _warnings,
        }

    def _atom(self, sight: Sight, asked: Asked) -> Reply:
        shown = events(sight)
        if not shown and not sight.known_for_all:
            return unknown()
        link = f"{asked.base}{self._feed}"
        entries = "".join(_entry(sight, one, f"{link}/{one.id}") for one in shown)
        head = tag("id", link) + tag("title", "Alerts in force") + tag("updated", stamp(sight.changed))
        feed = (
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">'
            f"{head}{entries}</feed>"
        )
        return Reply(f'<?xml version="1.0" encoding="UTF-8"?>\n{feed}\n'.encode(), _ATOM)

    def _cap(self, sight: Sight, asked: Asked) -> Reply:
        found = [one for one in events(sight) if one.id == asked.name]
        if not found:
            return json({"error": "no alert in force has this identifier"}, 404)
        return Reply(cap_xml(sight, found[0], codes(sight, found[0].area)), _CAP)


def events(sight: Sight) -> list[Event]:
    """Return what is in force, then what is unknown; nothing where nobody reports on anything."""
    blank = sight.unknown(SYSTEM)
    if not blank and not sight.known_for_all:
        return []
    raised = [event_of(sight, one) for one in sight.raises(SYSTEM)]
    return raised + [unknown_event(sight, area, since) for area, since in blank.items()]


def codes(sight: Sight, area: AreaId) -> list[tuple[str, str]]:
    """Return an area's codes, as pairs of a system's name and the code in it."""
    found = [("EMMA_ID", sight.codes.of("ugc", area)), ("KATOTTG", sight.codes.of("katottg", area))]
    return [(name, code) for name, code in found if code]


def _entry(sight: Sight, one: Event, link: str) -> str:
    """Return an entry.  It has two links: a single one is no list to a client, and breaks it."""
    geocodes = "".join(
        f"<cap:geocode>{tag('valueName', name)}{tag('value', code)}</cap:geocode>"
        for name, code in codes(sight, one.area)[:1]
    )
    return (
        "<entry>"
        + tag("id", link)
        + tag("title", one.headline(sight, "en"))
        + tag("updated", stamp(one.sent))
        + tag("published", stamp(one.sent))
        + f"<author>{tag('name', SENDER)}</author>"
        + f'<link type="{_CAP}" href="{link}"/><link href="{link}"/>'
        + tag("cap:areaDesc", place_with_parts(sight, one.area, "en"))
        + tag("cap:event", one.event("en"))
        + tag("cap:effective", stamp(one.sent))
        + tag("cap:onset", stamp(one.sent))
        + tag("cap:expires", stamp(one.until))
        + tag("cap:identifier", one.id)
        + "<cap:status>Actual</cap:status><cap:message_type>Alert</cap:message_type>"
        + tag("cap:category", one.category)
        + tag("cap:urgency", one.urgency)
        + tag("cap:severity", one.severity)
        + tag("cap:certainty", one.certainty)
        + geocodes
        + "</entry>"
    )


def _warnings(sight: Sight, asked: Asked) -> Reply:
    shown = events(sight)
    if not shown and not sight.known_for_all:
        return unknown()
    return json({"warnings": [{"alert": _alert(sight, one), "uuid": one.id} for one in shown]})


def _alert(sight: Sight, one: Event) -> dict[str, object]:
    infos = []
    for lang, language in LANGUAGES.items():
        info: dict[str, object] = {
            "language": language,
            "category": [one.category],
            "event": one.event(lang),
            "responseType": ["Shelter"],
            "urgency": one.urgency,
            "severity": one.severity,
            "certainty": one.certainty,
            "effective": stamp(one.sent),
            "onset": stamp(one.sent),
            "expires": stamp(one.until),
            "senderName": SENDER,
            "headline": one.headline(sight, lang),
            "description": one.description(sight, lang),
            "instruction": one.instruction(lang),
            "parameter": [{"valueName": "awareness_level", "value": awareness(one)}],
            "area": [
                {
                    "areaDesc": place_with_parts(sight, one.area, lang),
                    "geocode": [{"valueName": name, "value": code} for name, code in codes(sight, one.area)],
                }
            ],
        }
        infos.append(info)
    return {
        "identifier": one.id,
        "sender": SENDER,
        "sent": stamp(one.sent),
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
        "info": infos,
    }


def unknown() -> Reply:
    """Return that something is unknown."""
    return json({"error": UNKNOWN}, 503, Retry_After=RETRY_S)
