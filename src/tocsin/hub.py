"""The hub: who is still to be told what.  No I/O.

A subscriber is a place in the log and a wish, not a queue.  There is one path:
a cursor over the recent alerts.  A new subscriber, one that comes back and one
that was too slow are the same; where continuity cannot be proven the answer is
a reset, and the present state follows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.model import AreaId, Place

Wish = frozenset[AreaId] | None
"""The areas of which a subscriber wants to hear; None is all."""


class Event(NamedTuple):
    """One alert, made ready for every stream."""

    seq: Place
    areas: frozenset[AreaId]
    sse: bytes
    ws: bytes


class Reset(NamedTuple):
    """Continuity cannot be proven: what came before is void."""

    why: str


def wish_for(areas: Areas, asked: Iterable[AreaId]) -> Wish:
    """Return a wish for some areas, with what lies in them and around them.

    A raise of an oblast is a raise of its parts, and a raise of a part makes
    the oblast partly raised, so both directions matter to whoever asks.

    Raises:
        UnknownArea: One of them is none.
    """
    wanted: set[AreaId] = set()
    for area in asked:
        wanted.update(areas.chain(areas[area].id))
        wanted.update(areas.below(area))
    return frozenset(wanted) or None


class Hub:
    """The recent alerts of one log, and what comes behind a cursor.

    Args:
        epoch: The log's.
        head: The last place that everybody up to date has seen.
        limit: How many alerts are kept.
    """

    def __init__(self, epoch: str, head: Place, limit: int) -> None:
        self.epoch = epoch
        self.head = head
        self._limit = limit
        self._events: list[Event] = []
        self._floor = head  # the oldest place that one can resume from

    def load(self, events: list[Event], floor: Place) -> None:
        """Take the alerts of before a restart, of which none behind ``floor`` is missing.

        The newest are kept; one resumes from the last that is dropped, or from a later place.
        """
        dropped = events[: -self._limit]
        self._floor = max(floor, dropped[-1].seq if dropped else 0)
        self._events = events[len(dropped) :]

    def add(self, events: Iterable[Event], head: Place) -> None:
        """Take new alerts; ``head`` is the place up to which nothing is missing now."""
        self._events.extend(events)
        self.head = head
        if len(self._events) > 2 * self._limit:  # cut rarely: a cut moves the whole list
            dropped = self._events[: -self._limit]
            self._floor = dropped[-1].seq
            del self._events[: len(dropped)]

    def behind(self, place: Place, wish: Wish = None) -> list[Event]:
        """Return the events behind a place that this hub gave out."""
        events = self._events[bisect_right(self._events, place, key=lambda event: event.seq) :]
        return events if wish is None else [event for event in events if not event.areas.isdisjoint(wish)]

    def resume(self, cursor: str) -> Place | Reset:
        """Return the place that a cursor names, or why one cannot go on from it.

        Args:
            cursor: ``EPOCH-SEQ``, as it stood in the stream.
        """
        epoch, dash, number = cursor.strip().rpartition("-")
        if not dash or not (number.isascii() and number.isdigit()) or len(number) > 18:
            return Reset("the cursor cannot be read; it is EPOCH-SEQ")
        if epoch != self.epoch:
            return Reset("the cursor is of another log")
        place = int(number)
        if place > self.head:
            return Reset("the cursor is ahead of the log")
        if place < self._floor:
            return Reset("the cursor is older than what is kept to resume from")
        return place
