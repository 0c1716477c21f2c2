"""Sources: what we listen to.  One module a source; none knows another.

A source is two functions.  `decode` is pure: a payload in, what it says out.  `listen` yields payloads as
they come, and interprets them no further than it must to ask on.  What becomes of what was heard (which
of it the contract covers, what is over, when contact is lost) is the same for all and is done elsewhere.

Four rules hold for all of them, and `tocsin.testing.sources` checks each:

1.  A payload decodes to the same sayings, under the same names, whenever it is decoded.
2.  What cannot be read raises `SourceGarbled`.  It is never read as a list that is empty.
3.  What is not in a list is over only where the format says that the list is complete.
4.  What a payload speaks of and we cannot place makes *unknown* what it may be about, never clear.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Struct

from tocsin import wire
from tocsin.errors import SourceError, SourceGarbled
from tocsin.model import Act, AreaId, Level, Threat

ANY = Threat("*")  # of what is unknown: whatever it is about
Finder = Callable[[str, str], AreaId | None]
"""Gives the area that a system has a code for: (system, code)."""


class Payload(NamedTuple):
    """What came, as it came."""

    body: bytes
    at: datetime  # when it was asked for, or came by itself: what it says held no earlier


class Saying(Struct, frozen=True):
    """One thing that a payload says of one area."""

    id: str  # the same whenever the payload is decoded
    area: AreaId
    threat: Threat
    act: Act
    sent: datetime
    subtype: str | None = None
    level: Level | None = None
    expires: datetime | None = None
    text: str | None = None


class Heard(Struct, frozen=True):
    """What one payload says.

    ``complete``: the raises among the sayings are all that stand.  ``unknown``: of these the source cannot
    speak now, or we cannot tell what it says of them; nothing around them and in them is cleared by it.
    """

    sayings: tuple[Saying, ...] = ()
    complete: bool = False
    alive: bool = False  # what was said before still holds
    unknown: tuple[tuple[AreaId, Threat], ...] = ()
    changed: datetime | None = None  # the source's own time of this list; an older one than the last is void
    notes: tuple[str, ...] = ()  # what an operator should know of, in words
    quarantined: tuple[Quarantined, ...] = ()


class Quarantined(Struct, frozen=True):
    """A message that does nothing until a person has looked at it."""

    name: str  # what it calls itself, or its hash
    why: tuple[str, ...]
    body: bytes


class Got(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    at: datetime  # when it was asked for


class Link(Protocol):
    """The way to one source: a base address, a token, a pace."""

    @property
    def token(self) -> str:
        """What the source knows us by; "" is nothing."""

    async def get(self, path: str, headers: Mapping[str, str]) -> Got:
        """Return an answer of any status.

        Raises:
            SourceLost: There is none, or it is longer than is read.
        """

    def events(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[Payload]:
        """Yield the events of a server-sent stream, each as its lines, until it ends.

        Raises:
            SourceLost: It cannot be had, has ended, or is silent.
        """

    async def pause(self) -> None:
        """Wait until it is time to ask again."""


class Format(Protocol):
    """One source's format."""

    def decode(self, payload: Payload) -> Heard:
        """Return what a payload says.

        Raises:
            SourceGarbled: It cannot be read.
        """

    def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield payloads as they come, for ever.

        Raises:
            SourceLost: The source could not be heard.
        """


class SourceLost(SourceError):
    """A source cannot be heard: no answer, or one that says so."""


def refused(got: Got, what: str) -> SourceLost:
    """Return the error for an answer that is none."""
    todo = {401: "check its token", 403: "check its token", 429: "ask less often: raise every_s"}
    return SourceLost(
        f"{what} answered {got.status}", todo=todo.get(got.status, "it is asked again"), status=got.status
    )


def name(area: str, threat: str, sent: datetime, level: Level | None, *more: object) -> str:
    """Return the name of a raise.  Of two with one time the graver sorts last: that one counts."""
    rank = (None, Level.YELLOW, Level.RED).index(level)
    digest = hashlib.sha256(repr(more).encode()).hexdigest()[:12]
    return f"{area}-{threat}-{wire.stamp(sent)}-{rank}-{digest}"


_T = TypeVar("_T")


def read_json(body: bytes, form: type[_T], what: str) -> _T:
    """Return JSON in a form.

    Raises:
        SourceGarbled: It is none, or not in that form.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceGarbled(
            f"cannot read what {what} sent: {error}", todo="nothing was changed by it; it is asked again"
        ) from error


def plain_text(text: str | None) -> str | None:
    """Return other people's words as far as an entry may hold them."""
    return text[:4096] if text else None
