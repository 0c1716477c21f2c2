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
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from tocsin.errors import SourceGarbled
from tocsin.model import Act, AreaId, Kind, Level, Threat

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Kind)

# `$(?!\n)`: in Python a bare `$` also matches before a last newline; JSON Schema knows no `\Z`.
Id = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$(?!\n)", description="visible ASCII")
]
Code = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_.\-]*$(?!\n)")]
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


class ReportForm(Struct, frozen=True, forbid_unknown_fields=True):
    """What is posted to `/v1/reports`: somebody published this text.  It changes no alert."""

    source: Annotated[Code, Meta(description="Who published it: a name among the record's sources.")]
    doc: Annotated[Id, Meta(description="The name of the text, the same for all of its versions.")]
    text: Annotated[str, Meta(min_length=1, max_length=1_000_000)]
    published: Annotated[str, Meta(max_length=40, description="A date or a moment, ISO 8601.")] | None = None
    version: Annotated[int, Meta(ge=1, le=100_000)] = 1
    lang: Annotated[str, Meta(max_length=10)] | None = None
    url: Annotated[str, Meta(max_length=2_000)] | None = None
    credit: Annotated[str, Meta(max_length=200)] | None = None
    original: (
        Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of its file.")] | None
    ) = None
    correction: bool = False
    retracted: bool = False
    embargoed_until: Moment | None = None


def _holds_time(of: Any) -> bool:
    return of is datetime or any(_holds_time(part) for part in get_args(of))


_TIMES = {  # the fields of each kind and form that hold a time
    kind: tuple(field.name for field in msgspec.structs.fields(kind) if _holds_time(field.type))
    for kind in (*get_args(Kind), SignalForm, ContactForm, ReportForm)
}


def encode(kind: Kind) -> bytes:
    """Return the JSON of one kind, as it stands in the log.

    Raises:
        ValueError: One of its times has no zone or no moment in UTC: `decode` would refuse it for ever.
    """
    if name := _no_moment(kind):
        raise ValueError(f"{type(kind).__name__}.{name} is no moment in UTC: {getattr(kind, name)}")
    return _encoder.encode(kind)


def decode(body: bytes) -> Kind:
    """Return the kind that a log entry's body holds.

    Raises:
        SourceGarbled: It is none of the kinds that this version knows, or one of its times has no zone.
    """
    try:
        kind: Kind = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceGarbled(
            f"cannot read an entry's body: {error}",
            todo="it may be of a newer version of tocsin; read it with that one",
        ) from error
    if name := _no_moment(kind):
        raise SourceGarbled(
            f"cannot read an entry's body: {getattr(kind, name)} is no moment in UTC - at `$.{name}`",
            todo="it may be of a newer version of tocsin; read it with that one",
        )
    return kind


_Form = TypeVar("_Form", SignalForm, ContactForm, ReportForm)


def read_form(body: bytes, form: type[_Form]) -> _Form:
    """Return what a feed posted.

    Raises:
        SourceGarbled: Not JSON, or a field is missing, unknown or impossible; the message names it.
    """
    try:
        read = msgspec.json.decode(body, type=form)
        if name := _no_moment(read):
            raise msgspec.ValidationError(f"{getattr(read, name)} is no moment in UTC - at `$.{name}`")
        return read
    except msgspec.ValidationError as error:
        raise SourceGarbled(
            f"the body does not say what it must: {error}",
            todo=f"mend the field that is named; the fields are {', '.join(form.__struct_fields__)}",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceGarbled(
            f"the body is not JSON: {error}", todo="send one JSON object, encoded as UTF-8"
        ) from error


def _no_moment(value: Struct) -> str | None:
    """Return the name of a field whose time is no moment in UTC, if there is one."""
    for name in _TIMES[type(value)]:
        moment = getattr(value, name)
        if moment is not None and moment.tzinfo is not UTC:
            try:
                utc(moment)
            except ValueError:
                return name
    return None


def utc(moment: datetime) -> datetime:
    """Return the same moment in UTC.

    Raises:
        ValueError: It has no zone, or lies outside the years 1 to 9999 in UTC.
    """
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:  # `astimezone` would take it for this machine's own time
        raise ValueError(f"{moment} has no zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment} lies outside the years 1 to 9999 in UTC") from error


def stamp(moment: datetime) -> str:
    """Return a moment as it stands in JSON: 2024-01-02T03:53:57Z.

    Raises:
        ValueError: It has no zone, or lies outside the years 1 to 9999 in UTC.
    """
    return utc(moment).isoformat().replace("+00:00", "Z")


def read_moment(text: str, what: str) -> datetime:
    """Return a moment that a person or a table wrote.

    Args:
        text: ISO 8601 with an offset.
        what: What it is, for the error: ``--from`` or ``row 3, started_at``.

    Raises:
        SourceGarbled: Not a moment, one without a zone, or one outside the years 1 to 9999 in UTC.
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
    try:
        return utc(moment)
    except ValueError as error:
        raise SourceGarbled(
            f"{what}: {text!r} lies outside the years 1 to 9999 in UTC",
            todo="write it as 2024-01-02T03:53:57Z",
        ) from error


def pairs(raised: list[tuple[str, str]]) -> tuple[tuple[AreaId, Threat], ...]:
    """Return the pairs of a contact, sorted, each once."""
    return tuple(sorted({(AreaId(area), Threat(threat)) for area, threat in raised}))


def jsonable(value: Any) -> Any:
    """Return a value as a JSON reader would get it: dicts, lists, strings, numbers, booleans and None."""
    return msgspec.json.decode(_encoder.encode(value))
