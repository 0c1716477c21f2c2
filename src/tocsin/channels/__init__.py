"""Channels: how people and machines are told beside the public door.  One module a channel.

A channel is a cursor over what was said, with `encode` and `send`.  Whoever runs it keeps the cursor, the
receipts and the order; the channel knows how one endpoint is spoken to, and nothing else.  Three rules:

1.  What is told first is the present state: a *snapshot*.  What was missed follows as *missed*, and is never
    sounded.
2.  A channel that cannot deliver says so by `Undelivered`.  It never waits longer than `DEADLINE_S`.
3.  Only what is actual is told.  `encode` refuses anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from tocsin.errors import TocsinError
from tocsin.model import AreaId, Place, Realm

DEADLINE_S = 10.0  # one attempt takes no longer, whatever the other side does


class Endpoint(Struct, frozen=True):
    """One place to which a channel leads."""

    name: str
    channel: str
    address: str
    areas: tuple[AreaId, ...]  # empty: all
    secrets: tuple[str, ...] = ()  # the newest first; more than one while a new one takes over
    options: Mapping[str, str] = {}


class Subscription(NamedTuple):
    """One browser that is to be told."""

    id: str
    address: str
    p256dh: str
    auth: str
    areas: tuple[AreaId, ...]


class Saying(StrEnum):
    """What kind of word it is."""

    SNAPSHOT = "snapshot"  # the present state, all of it
    ALERT = "alert"  # something changed just now
    MISSED = "missed"  # something changed while the endpoint could not be reached: shown, never sounded
    BEAT = "beat"  # nothing changed, and until when each source vouches


class Telling(NamedTuple):
    """One thing to be told to one endpoint."""

    saying: Saying
    id: str  # the same for the same thing, however often it is tried
    realm: Realm
    at: datetime  # when it is told
    seq: Place
    said: Mapping[str, Any]  # the alert, the board or the beat, as the stream has it
    board: Mapping[str, Any]  # the present state, for channels that show nothing else
    together: tuple[Mapping[str, Any], ...] = ()  # what is told at once where a channel asks for that


class Undelivered(TocsinError):
    """For whoever runs the endpoint: it did not confirm.

    Args:
        found: What happened.
        after_s: The other side asked to be left alone so long.
    """

    def __init__(self, found: str, *, after_s: float = 0.0) -> None:
        super().__init__(found)
        self.after_s = after_s


class Channel(Protocol):
    """How one endpoint is spoken to."""

    beat_s: float
    """How often it is told that we live; 0 is never."""
    pause_s: float
    """How long it is left alone after each telling."""
    together: int
    """How many alerts it can be told at once."""

    def encode(self, telling: Telling) -> Any:
        """Return what is sent for a telling; None where this endpoint has no use for it.

        Raises:
            NotActual: It is an exercise or a replay.
        """

    async def send(self, payload: Any) -> None:
        """Return when the endpoint has confirmed.

        Raises:
            Undelivered: It has not.
        """

    async def close(self) -> None:
        """Say good-bye, as far as that is possible."""


class NotActual(TocsinError):
    """A bug of ours: an exercise or a replay came to an actual endpoint.  It was not sent."""


def only_actual(telling: Telling) -> None:
    """Do nothing if a telling is of the actual realm.

    Raises:
        NotActual: It is not.
    """
    parts = (telling.said, telling.board, *telling.together)
    realms = {str(telling.realm), *(str(part["realm"]) for part in parts if part)}
    if realms != {str(Realm.ACTUAL)} or any("notice" in part for part in parts):
        raise NotActual(
            f"{telling.id} is of the realm {', '.join(sorted(realms))} and was not sent",
            todo="report it as a bug in tocsin",
        )
