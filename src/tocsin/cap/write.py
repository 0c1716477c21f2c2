"""A message as CAP 1.2 XML, and as JSON with the same names.

What is written here breaks none of the rules by which `read` judges: elements in the schema's order,
whole seconds, UTC as -00:00, no empty element, no character that XML does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from tocsin.cap.message import NAMESPACE, Area, Info, Message, Pair, Point, Reference, Resource
from tocsin.wire import utc

# XML 1.0, section 2.2: what no document may have, not even escaped.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Value = str | Sequence[Any] | Mapping[str, Any]


def moment(at: datetime) -> str:
    """Return a time as CAP writes it: whole seconds, UTC.

    Raises:
        ValueError: It has no zone.
    """
    # Not strftime, which writes the year 958 with three digits.
    return utc(at).replace(microsecond=0, tzinfo=None).isoformat() + "-00:00"


def reference(one: Reference) -> str:
    """Return the triple by which a message is referred to."""
    return f"{one.sender},{one.identifier},{moment(one.sent)}"


def to_xml(message: Message) -> bytes:
    """Return a message as an XML document in UTF-8, unsigned."""
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", f'<alert xmlns="{NAMESPACE}">']
    lines += _elements(_tree(message), 1)
    return "\n".join([*lines, "</alert>", ""]).encode("utf-8")


def to_json(message: Message) -> bytes:
    """Return a message as JSON: the elements' names, a list wherever there may be several."""
    return msgspec.json.encode(_tree(message))


def _elements(tree: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = " " * depth
    for name, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield f"{indent}<{name}>"
                yield from _elements(one, depth + 1)
                yield f"{indent}</{name}>"
            else:
                # A carriage return would be read as a line feed.
                text = escape(_NO_XML.sub("", one), {"\r": "&#13;"})
                yield f"{indent}<{name}>{text}</{name}>"


def _kept(tree: dict[str, Any]) -> dict[str, Any]:
    """Return it without what is empty."""
    return {name: value for name, value in tree.items() if value not in ("", None, [])}


def _tree(message: Message) -> dict[str, Any]:
    return _kept(
        {
            "identifier": message.identifier,
            "sender": message.sender,
            "sent": moment(message.sent),
            "status": message.status,
            "msgType": message.type,
            "source": message.source,
            "scope": message.scope,
            "restriction": message.restriction,
            "addresses": _words(message.addresses),
            "code": list(message.codes),
            "note": message.note,
            "references": " ".join(map(reference, message.references)),
            "incidents": _words(message.incidents),
            "info": [_info(one) for one in message.infos],
        }
    )


def _words(words: Sequence[str]) -> str:
    return " ".join(f'"{one}"' if re.search(r"\s", one) else one for one in words)


def _info(info: Info) -> dict[str, Any]:
    return _kept(
        {
            "language": info.language,
            "category": list(info.categories),
            "event": info.event,
            "responseType": list(info.responses),
            "urgency": info.urgency,
            "severity": info.severity,
            "certainty": info.certainty,
            "audience": info.audience,
            "eventCode": _pairs(info.event_codes),
            "effective": _moment(info.effective),
            "onset": _moment(info.onset),
            "expires": _moment(info.expires),
            "senderName": info.sender_name,
            "headline": info.headline,
            "description": info.description,
            "instruction": info.instruction,
            "web": info.web,
            "contact": info.contact,
            "parameter": _pairs(info.parameters),
            "resource": [_resource(one) for one in info.resources],
            "area": [_area(one) for one in info.areas],
        }
    )


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment(at)


def _pairs(pairs: Sequence[Pair]) -> list[dict[str, str]]:
    return [{"valueName": one.name, "value": one.value} for one in pairs]


def _resource(one: Resource) -> dict[str, Any]:
    return _kept(
        {
            "resourceDesc": one.desc,
            "mimeType": one.mime_type,
            "size": None if one.size is None else str(one.size),
            "uri": one.uri,
            "digest": one.digest,
        }
    )


def _area(area: Area) -> dict[str, Any]:
    return _kept(
        {
            "areaDesc": area.desc,
            "polygon": [" ".join(map(_point, ring)) for ring in area.polygons],
            "circle": [f"{_point(one.centre)} {_number(one.radius_km)}" for one in area.circles],
            "geocode": _pairs(area.geocodes),
            "altitude": None if area.altitude is None else _number(area.altitude),
            "ceiling": None if area.ceiling is None else _number(area.ceiling),
        }
    )


def _point(point: Point) -> str:
    return ",".join(map(_number, point))


def _number(number: float) -> str:
    """Return a number without an exponent, to a tenth of a metre and better."""
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
