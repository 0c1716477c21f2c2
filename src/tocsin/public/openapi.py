"""The public door's OpenAPI description, made from one table."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocsin import __version__

_AREAS = (
    "areas",
    "query",
    "Areas, separated by commas; what lies in them and around them is included.",
    "string",
)
_AFTER = (
    "after",
    "query",
    "EPOCH-SEQ, the last id that was seen; the header Last-Event-ID does the same.",
    "string",
)
_WINDOW = (
    ("from", "query", "Begin, RFC 3339 with a zone. By default a day before `to`.", "string"),
    ("to", "query", "End, exclusive. By default now. At most 92 days after `from`.", "string"),
    ("threat", "query", "Only this threat.", "string"),
)
_SUMS = (
    ("area", "query", "Only this area; `level` is not looked at then.", "string"),
    ("level", "query", "The level of the areas. By default that of the board.", "string"),
    ("intervals", "query", "List the stretches too, whatever its value.", "string"),
)


class Route(NamedTuple):
    """One address of the public door."""

    path: str
    summary: str
    media: str
    parameters: tuple[tuple[str, str, str, str], ...] = ()
    schema: str | None = None


ROUTES = (
    Route(
        "/v1/board.json",
        "All areas of the board level, and finer ones that differ from their parent; absent: as the parent.",
        "application/json",
        (_AREAS,),
        "Board",
    ),
    Route(
        "/v1/board.txt",
        "The board for microcontrollers: at most 16 KiB of ASCII, a line an area, a full stop at the end.",
        "text/plain",
        (_AREAS,),
    ),
    Route("/v1/areas.json", "Every area of the country: code, level, parent, names.", "application/json"),
    Route("/v1/alerts.atom", "What we told of danger, as messages in CAP.", "application/atom+xml"),
    Route(
        "/v1/alerts/{id}.cap.xml", "One message in CAP, signed where a key is there.", "application/cap+xml"
    ),
    Route("/v1/alerts/{id}.cap.json", "One message in CAP, as JSON.", "application/json"),
    Route("/v1/alerts/{id}.html", "One message, for people.", "text/html"),
    Route(
        "/v1/areas/{id}.json",
        "One area of any level: its state and that of each threat.",
        "application/json",
        (("id", "path", "The area's code.", "string"),),
        "Area",
    ),
    Route(
        "/v1/stream",
        "Server-sent events: snapshot, alert, beat (at least every 10 s), reset. The id is EPOCH-SEQ.",
        "text/event-stream",
        (_AREAS, _AFTER),
    ),
    Route(
        "/v1/ws",
        'The same over WebSocket: {"event", "id", "data"}.',
        "application/json",
        (_AREAS, _AFTER),
    ),
    Route(
        "/v1/history.json",
        "How long each area was raised in a window, and the most areas at once.",
        "application/json",
        (*_WINDOW, *_SUMS),
    ),
    Route("/v1/history.csv", "Every interval that overlaps a window, uncut.", "text/csv", _WINDOW),
    Route(
        "/v1/checkpoint",
        "The newest signed note: what the log was at one place. With an old one a rewrite is found later.",
        "text/plain",
    ),
    Route("/v1/checkpoint.key", "The public key of the signed notes: Ed25519, base64.", "text/plain"),
    Route("/healthz", "Whether the server answers.", "text/plain"),
)

_STATE = {"type": "string", "enum": ["raised", "partly", "unknown", "clear"]}
_TIME = {"type": "string", "format": "date-time"}
_SCHEMAS: dict[str, Any] = {
    "Status": {
        "type": "object",
        "description": "What an area is told about one threat.",
        "required": ["state"],
        "properties": {
            "state": {"type": "string", "enum": [*_STATE["enum"], "not_covered"]},
            "since": _TIME,
            "fresh_until": {**_TIME, "description": "Past it a clear is unknown. At most 15 s after as_of."},
            "sources": {"type": "array", "items": {"type": "string"}},
            "subtype": {"type": "string"},
            "level": {"type": "string", "enum": ["yellow", "red"]},
            "expires": _TIME,
            "text": {"type": "string"},
            "set_aside": {
                "type": "boolean",
                "description": "Unknown: an office set a silent source's raise aside; no all clear.",
            },
            "cancelled": {
                "type": "boolean",
                "description": "The raise before was sent in error; no all clear.",
            },
        },
    },
    "Area": {
        "type": "object",
        "required": ["state", "threats"],
        "properties": {
            "state": _STATE,
            "threats": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Status"}},
        },
    },
    "Board": {
        "type": "object",
        "required": ["epoch", "seq", "realm", "as_of", "fresh", "areas"],
        "properties": {
            "epoch": {"type": "string"},
            "seq": {"type": "integer"},
            "realm": {"type": "string", "enum": ["actual", "exercise", "test", "replay"]},
            "as_of": _TIME,
            "notice": {"type": "string", "description": "Only in a replay or an exercise: show it large."},
            "fresh": {"type": "object", "additionalProperties": _TIME},
            "areas": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Area"}},
        },
    },
}


def public_openapi() -> dict[str, Any]:
    """Return the description of the public door."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tocsin, the public door",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "It only reads. Unknown is never clear: a clear past its fresh_until is unknown.",
        },
        "paths": {route.path: {"get": _operation(route)} for route in ROUTES},
        "components": {"schemas": _SCHEMAS},
    }


def _operation(route: Route) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{route.schema}"}} if route.schema else {}
    return {
        "summary": route.summary,
        "parameters": [
            {
                "name": name,
                "in": where,
                "description": what,
                "required": where == "path",
                "schema": {"type": kind},
            }
            for name, where, what, kind in route.parameters
        ],
        "responses": {
            "200": {"description": "As asked.", "content": {route.media: schema}},
            "default": {
                "description": "What was wrong and what to do next (RFC 9457).",
                "content": {"application/problem+json": {}},
            },
        },
    }
