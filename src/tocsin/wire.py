"""The kinds as JSON: the one form in the log, at both doors and on every channel.

Versioned for ever.  The tag ``kind`` names a kind and its version: ``signal``
is version 1, and a form that cannot be read as version 1 will be ``signal/2``.
A field may be added when it has a default; none is renamed or removed.
Times are RFC 3339 in UTC and end in ``Z``.

What a feed posts (`SignalForm`, `ContactForm`) is stricter than what the log
holds: an unknown field is refused, since a mistyped ``expires`` that is
silently dropped would leave a raise standing for ever.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from tocsin.errors import SourceGarbled
from tocsin.model import Act, AreaId, Kind, Level, Threat

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Kind)

Id = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="visible ASCII")
]
Code = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_.\-]*$")]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a zone: 2024-01-02T03:53:57Z")]


class SignalForm(Struct, frozen=True, forbid_unknown_fields=True):
    """What a feed posts to `/v1/signals`: one area is raised, clear, or was raised in error."""

    id: Annotated[Id, Meta(description="The feed's own name for this message, unique for its key for ever.")]
    area: Annotated[str, Meta(min_length=1, max_length=40, description="The area's code: UA80.")]
    threat: Annotated[
        Code, Meta(description="air, artillery, urban_fights, chemical, nuclear, or another code.")
    ]
    state: Act
    sent: Moment
    subtype: Code | None = None
    level: Level | None = None
    expires: Moment | None = None
    text: Annotated[str, Meta(max_length=4096)] | None = None


class ContactForm(Struct, frozen=True, forbid_unknown_fields=True):
    """What a feed posts to `/v1/contact` at least every 20 s: it is there, and all that it holds raised."""

    sent: Moment
    raised: Annotated[
        list[tuple[str, Code]],
        Meta(
            max_length=20_000,
            description='All pairs of area and threat that it holds raised: [["UA80","air"]].',
        ),
    ]


def encode(kind: Kind) -> bytes:
    """Return the JSON of one kind, as it stands in the log."""
    return _encoder.encode(kind)


def decode(body: bytes) -> Kind:
    """Return the kind that a log entry's body holds.

    Raises:
        SourceGarbled: It is none of the kinds that this version knows.
    """
    try:
        kind: Kind = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise SourceGarbled(
            f"cannot read an entry's body: {error}",
            todo="it may be of a newer version of tocsin; read it with that one",
        ) from error
    return kind


_Form = TypeVar("_Form", SignalForm, ContactForm)


def read_form(body: bytes, form: type[_Form]) -> _Form:
    """Return what a feed posted.

    Raises:
        SourceGarbled: Not JSON, or a field is missing, unknown or impossible; the message names it.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        raise SourceGarbled(
            f"the body does not say what it must: {error}",
            todo=f"mend the field that is named; the fields are {', '.join(form.__struct_fields__)}",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceGarbled(
            f"the body is not JSON: {error}", todo="send one JSON object, encoded as UTF-8"
        ) from error


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC."""
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as it stands in JSON: 2024-01-02T03:53:57Z."""
    return utc(moment).isoformat().replace("+00:00", "Z")


def read_moment(text: str, what: str) -> datetime:
    """Return a moment that a person or a table wrote.

    Args:
        text: ISO 8601 with an offset.
        what: What it is, for the error: ``--from`` or ``row 3, started_at``.

    Raises:
        SourceGarbled: Not a moment, or one without a zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceGarbled(
            f"{what}: {text!r} is not a date and time", todo="write it as 2024-01-02T03:53:57Z"
        ) from error
    if moment.tzinfo is None:
        raise SourceGarbled(
            f"{what}: {text!r} has no zone", todo=f"write {text}Z if it is UTC, or add its offset"
        )
    return utc(moment)


def pairs(raised: list[tuple[str, str]]) -> tuple[tuple[AreaId, Threat], ...]:
    """Return the pairs of a contact, sorted, each once."""
    return tuple(sorted({(AreaId(area), Threat(threat)) for area, threat in raised}))


def jsonable(value: Any) -> Any:
    """Return a value as plain dicts, lists, strings and numbers."""
    return msgspec.to_builtins(value)
