"""What each source says of one area and one threat: the newest of its words, in any order of arrival.

The order in which signals arrive does not matter, only the times that their
source gave them.  Of a raise and an end that bear the same time the raise
counts: danger wins a tie.  Only what a contact lists at the very time of an
all clear is ended by it: it may have been listed just before, nobody would
end it a second time, and if it is still held the next contact says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tocsin.model import Place, Signal


class Raise(NamedTuple):
    """One raise that nothing ended."""

    place: Place
    signal: Signal
    stated: bool  # it stood in a contact: of one time with an all clear, the all clear counts

    @property
    def sent(self) -> datetime:
        """The source's own time."""
        return self.signal.sent

    def stands_at(self, moment: datetime) -> bool:
        """Return whether it says by itself that the area is raised at a moment."""
        return self.sent <= moment and (self.signal.expires is None or self.signal.expires > moment)

    @property
    def rank(self) -> tuple[datetime, bool, bool, datetime, str]:
        """What sorts raises, the one that counts last: by time; of one time, the one that lasts longest."""
        expires = self.signal.expires
        return self.sent, not self.stated, expires is None, expires or self.sent, self.signal.id


class Mark(NamedTuple):
    """When two people set what a silent source holds raised aside, and where in the log."""

    place: Place
    sent: datetime


class Word:
    """What one source says of one area and one threat."""

    __slots__ = ("aside", "cancelled_at", "clear_heard_at", "clear_place", "cleared_at", "lapsed", "raises")

    def __init__(self) -> None:
        self.raises: list[Raise] = []  # not ended, oldest first
        self.cleared_at: datetime | None = None  # the newest clear, by its own time
        self.clear_place: Place = 0
        self.clear_heard_at: datetime | None = None  # by our clock
        self.cancelled_at: datetime | None = None  # the newest cancellation, by its own time
        self.lapsed: set[Place] = set()  # raises whose expiry has passed
        self.aside: Mark | None = None  # its raises do not count, until the source speaks again

    @property
    def ended_at(self) -> datetime | None:
        """The newest end of any kind."""
        if self.cleared_at is None or (self.cancelled_at is not None and self.cancelled_at > self.cleared_at):
            return self.cancelled_at
        return self.cleared_at

    @property
    def newest(self) -> Raise | None:
        """The raise that decides: the newest, or what already stood when that was only stated."""
        last = self.raises[-1] if self.raises else None
        if last is None or not last.stated:
            return last
        said = (one for one in reversed(self.raises) if not one.stated and one.stands_at(last.sent))
        return next(said, last)

    @property
    def open(self) -> bool:
        """Whether it holds the area raised.  The newest raise decides: it may expire, or not."""
        if not self.raises or self.aside is not None:
            return False
        last = self.raises[-1]
        newest = self.newest if last.stated else last
        return newest is not None and newest.place not in self.lapsed

    @property
    def expired(self) -> bool:
        """Whether its raise ran out and nothing was said since: neither raised nor clear."""
        newest = self.newest
        return newest is not None and newest.place in self.lapsed

    def settled_by(self, stated_at: datetime) -> bool:
        """Return whether a statement that lists nothing here makes the area clear.

        It does not after a raise that ran out or was set aside, nor when it is older than a
        cancellation: it may have listed what was cancelled then.
        """
        if self.aside is not None:
            return False
        return not self.expired and (self.cancelled_at is None or self.cancelled_at < stated_at)

    @property
    def clear(self) -> bool:
        """Whether its last word is an all clear; a cancellation is none."""
        return not self.raises and self.cleared_at is not None and self.cleared_at == self.ended_at

    @property
    def since(self) -> datetime:
        """When the oldest raise began that nothing ended and that has not run out.  Only while it is open."""
        return next(one.sent for one in self.raises if one.place not in self.lapsed)

    def add_raise(self, place: Place, signal: Signal, *, stated: bool = False) -> bool:
        """Take a raise in; return False for one that was ended already."""
        one = Raise(place, signal, stated)
        if self._is_over(one):
            return False
        self.aside = None
        self.raises.append(one)
        if len(self.raises) == 1:
            return True
        self.raises.sort(key=lambda one: one.rank)
        if stated:  # contacts go on for years: the first and the last of them say all
            between = {one.place for one in [one for one in self.raises if one.stated][1:-1]}
            self.raises = [one for one in self.raises if one.place not in between]
        return True

    def is_news(self, stated_at: datetime) -> bool:
        """Return whether a contact of that time which lists the area says more than is known."""
        if self.ended_at is not None and stated_at <= self.ended_at:
            return False
        if self.aside is not None:
            return True
        newest = self.newest
        return newest is None or not (newest.sent > stated_at or newest.stands_at(stated_at))

    def add_clear(self, place: Place, sent: datetime, at: datetime) -> list[Place]:
        """Take an all clear in, heard at ``at``, and return the raises that it ended."""
        if self.cleared_at is None or sent > self.cleared_at:
            self.cleared_at, self.clear_place, self.clear_heard_at = sent, place, at
        return self._end()

    def add_cancel(self, sent: datetime) -> list[Place]:
        """Take a cancellation in, of what was raised before it, and return the raises that it ended."""
        if self.cancelled_at is None or sent > self.cancelled_at:
            self.cancelled_at = sent
        return self._end()

    def _end(self) -> list[Place]:
        over = [one for one in self.raises if self._is_over(one)]
        if over:
            self.raises = [one for one in self.raises if one not in over]
            self.lapsed.difference_update(one.place for one in over)
        if not self.raises:
            self.aside = None
        return [one.place for one in over]

    def _is_over(self, one: Raise) -> bool:
        ended = self.ended_at
        if ended is None:
            return False
        return one.sent <= ended if one.stated else one.sent < ended


class Node:
    """What all sources say of one area and one threat."""

    __slots__ = ("newest_raise", "words")

    def __init__(self) -> None:
        self.words: dict[str, Word] = {}
        # By any source, ended or not: a clear that is older does not count.
        self.newest_raise: datetime | None = None

    def heard_raised(self, sent: datetime) -> None:
        """Keep in mind that somebody said raised at this time."""
        if self.newest_raise is None or sent > self.newest_raise:
            self.newest_raise = sent

    def disturbed_at(self, source: str) -> list[datetime]:
        """Return when something last kept a source's statement from making the area clear."""
        word = self.words.get(source)
        cancelled_at = word.cancelled_at if word else None
        return [moment for moment in (self.newest_raise, cancelled_at) if moment is not None]
