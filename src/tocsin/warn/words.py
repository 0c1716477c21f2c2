"""What each source says of one area and one threat: the newest of its words, in any order of arrival.

The order in which signals arrive does not matter, only the times that their
source gave them.  Of a raise and an end that bear the same time the raise
counts: danger wins a tie.
"""

from __future__ import annotations

from datetime import datetime

from tocsin.model import Place, Signal


class Word:
    """What one source says of one area and one threat."""

    __slots__ = ("cancelled_at", "clear_place", "cleared_at", "lapsed", "raises")

    def __init__(self) -> None:
        self.raises: list[tuple[datetime, str, Place, Signal]] = []  # not ended, oldest first
        self.cleared_at: datetime | None = None  # the newest clear, by its own time
        self.clear_place: Place = 0
        self.cancelled_at: datetime | None = None  # the newest cancellation, by its own time
        self.lapsed: set[Place] = set()  # raises whose expiry has passed

    @property
    def ended_at(self) -> datetime | None:
        """The newest end of any kind."""
        if self.cleared_at is None or (self.cancelled_at is not None and self.cancelled_at > self.cleared_at):
            return self.cancelled_at
        return self.cleared_at

    @property
    def newest(self) -> Signal | None:
        """The newest raise that nothing ended."""
        return self.raises[-1][3] if self.raises else None

    @property
    def open(self) -> bool:
        """Whether it holds the area raised.  The newest raise decides: it may expire, or not."""
        return bool(self.raises) and self.raises[-1][2] not in self.lapsed

    @property
    def expired(self) -> bool:
        """Whether its raise ran out and nothing was said since: neither raised nor clear."""
        return bool(self.raises) and self.raises[-1][2] in self.lapsed

    def settled_by(self, stated_at: datetime) -> bool:
        """Return whether a statement that lists nothing here makes the area clear.

        It does not after a raise that ran out, nor when it is older than a cancellation: it may
        have listed what was cancelled then.
        """
        return not self.expired and (self.cancelled_at is None or self.cancelled_at < stated_at)

    @property
    def clear(self) -> bool:
        """Whether its last word is an all clear; a cancellation is none."""
        return not self.raises and self.cleared_at is not None and self.cleared_at == self.ended_at

    @property
    def since(self) -> datetime:
        """When the oldest raise began that nothing ended and that has not run out.  Only while it is open."""
        return next(sent for sent, _, place, _ in self.raises if place not in self.lapsed)

    def add_raise(self, place: Place, signal: Signal) -> bool:
        """Take a raise in; return False for one that was ended already."""
        ended = self.ended_at
        if ended is not None and signal.sent < ended:
            return False
        self.raises.append((signal.sent, signal.id, place, signal))
        self.raises.sort(key=lambda item: item[:2])
        return True

    def add_clear(self, place: Place, sent: datetime) -> list[Place]:
        """Take an all clear in and return the raises that it ended."""
        if self.cleared_at is None or sent > self.cleared_at:
            self.cleared_at, self.clear_place = sent, place
        return self._end()

    def add_cancel(self, sent: datetime) -> list[Place]:
        """Take a cancellation in, of what was raised before it, and return the raises that it ended."""
        if self.cancelled_at is None or sent > self.cancelled_at:
            self.cancelled_at = sent
        return self._end()

    def _end(self) -> list[Place]:
        ended = self.ended_at
        over = [item[2] for item in self.raises if ended is not None and item[0] < ended]
        self.raises = self.raises[len(over) :]
        self.lapsed.difference_update(over)
        return over


class Node:
    """What all sources say of one area and one threat."""

    __slots__ = ("newest_raise", "words")

    def __init__(self) -> None:
        self.words: dict[str, Word] = {}
        # By any source, ended or not: a clear that is older does not count.
        self.newest_raise: datetime | None = None

    def disturbed_at(self, source: str) -> list[datetime]:
        """Return when something last kept a source's statement from making the area clear."""
        word = self.words.get(source)
        cancelled_at = word.cancelled_at if word else None
        return [moment for moment in (self.newest_raise, cancelled_at) if moment is not None]
