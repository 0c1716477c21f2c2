"""Dialects: other systems' APIs, spoken so that their clients work unchanged.  One module a system.

A dialect is a pure function of what the public is told at a moment.  It has no
clock and opens nothing; what it answers is made once for a state and kept by
`Spoken` until the state changes.

Five rules hold for all of them, and `tocsin.testing.dialects` checks each:

1.  No dialect carries an exercise, a test or a replay.  None of these formats
    can say so in a way that its clients understand.
2.  Where a format can say *unknown*, it does.  Where it cannot, the answer is
    503 while any area that is covered is unknown: its clients then keep what
    they had, or say that they do not know.
3.  An area that nobody covers is the format's *no such region*.
4.  A clear for which no source vouches any more is unknown, as everywhere.
5.  A format with two states shows *partly* as raised.  An area that the format
    has no name for is shown as the nearest area around it that has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from tocsin.dialects.sight import Sight
from tocsin.model import AreaId, Threat

JSON = "application/json"
ACCEPT, HOST = "Accept:", "Host:"  # among what a dialect reads; no query field has such a name
HTML = "text/html; charset=utf-8"

_encode = msgspec.json.Encoder().encode  # in the order of the dict: the same value gives the same bytes


class Reply(NamedTuple):
    """What a dialect answers."""

    body: bytes
    kind: str = JSON
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Asked(NamedTuple):
    """What a client of a dialect asks."""

    name: str = ""  # what stands for {} in the route
    query: tuple[tuple[str, str], ...] = ()  # the fields that the dialect reads, sorted
    accept: str = ""  # the media types that the client takes, where the dialect chooses by them
    base: str = ""  # the address that it asked at, where answers carry links: http://alerts.example

    def first(self, name: str) -> str | None:
        """Return a query field."""
        return dict(self.query).get(name)


Make = Callable[[Sight, Asked], Reply]


class Dialect(Protocol):
    """One system's API.

    ``routes``: path -> what makes the answer.  ``{}`` in a path stands for
    anything without a slash.  ``reads``: the query fields that change an
    answer, with ``ACCEPT`` and ``HOST`` where those headers do; others (a
    token, a time against caches) are not looked at.
    """

    @property
    def name(self) -> str:
        """The system, as people call it."""

    @property
    def routes(self) -> Mapping[str, Make]:
        """The paths that it answers at."""

    @property
    def reads(self) -> frozenset[str]:
        """The query fields that change an answer."""

    @property
    def ticks(self) -> bool:
        """Whether its answers say how old they are, so that they are made again each second."""


class Interval(Protocol):
    """One source held one area raised; what `tocsin.views.history` has of it."""

    @property
    def since(self) -> datetime:
        """When it began."""

    @property
    def until(self) -> datetime | None:
        """When it ended; None: not yet."""

    @property
    def area(self) -> AreaId:
        """Where."""

    @property
    def threat(self) -> Threat:
        """What it was about."""


def json(value: Any, status: int = 200, kind: str = JSON, **headers: str) -> Reply:
    """Return JSON; the same value gives the same bytes."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(_encode(value), kind, status, named)


UNKNOWN = "what some areas are told is unknown now; this is no all clear"
NO_REGION = "there is no such region here"
"""What a client that shows an error shows."""
RETRY_S = "5"  # when to ask again while something is unknown, in seconds
