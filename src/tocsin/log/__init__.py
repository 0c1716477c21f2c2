"""The log: what happened, in order, for ever.

Every engine keeps these promises, and `tocsin.testing.logs` holds it to them:

1.  What `append` returned, or a `batch` that ended, survives a power cut.
2.  A key is used once, for ever.  Repeating it returns the first place; a
    different body is refused and the entry in the way is named.
3.  Places grow, and nobody who has seen a place later finds an earlier one.
4.  `erase` forgets the words and keeps the place, the key and the hash.
5.  A changed, missing, reordered or cut-off entry is found by `checked`, and
    never silently shortened.

An engine has one appender at a time; any number of readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from tocsin.errors import KeyTaken, LogError
from tocsin.log.chain import Link, checked
from tocsin.model import Place, Realm

__all__ = [
    "Entry",
    "Link",
    "Log",
    "Appended",
    "checked",
    "follow",
    "from_us",
    "in_batch",
    "no_entry",
    "taken",
    "to_us",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(moment: datetime) -> int:
    """Return whole microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """Return the moment that lies so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Entry(NamedTuple):
    """One entry as an engine keeps it.

    ``salt`` and ``body`` are None once erased.  ``at_us`` is when it was
    heard, ruled or said, by our clock, in microseconds since 1970.
    """

    seq: Place
    at_us: int
    key: str
    salt: bytes | None
    body: bytes | None
    digest: bytes  # SHA-256 of salt and body
    hash: bytes  # links this entry to the one before

    @property
    def at(self) -> datetime:
        """When it was heard, ruled or said, by our clock."""
        return from_us(self.at_us)


class Appended(NamedTuple):
    """Where a key stands, and whether this call put it there."""

    seq: Place
    new: bool


class Log(Protocol):
    """What every engine offers."""

    epoch: str  # names this log; another after a restore, so that a place means one thing for ever
    origin: str  # the first epoch, with which the hash chain begins
    realm: Realm

    @property
    def head(self) -> Link:
        """The last place and its hash; place 0 and the hash of the epoch when it is empty."""

    def append(self, key: str, body: bytes, at: datetime) -> Appended:
        """Append one entry.  Outside a batch it is durable when this returns.

        Raises:
            KeyTaken: The key is there with another body.
            LogError: It cannot be written.  Nothing of it is kept.
        """

    def batch(self) -> AbstractContextManager[None]:
        """Make what is appended inside durable together; on an error none of it is kept.

        Raises:
            LogError: It cannot be written, or another batch is under way, which goes on.
        """

    def find(self, key: str) -> Entry | None:
        """Return the entry that has this key."""

    def read(self, after: Place = 0, limit: int | None = None) -> Iterator[Entry]:
        """Yield entries behind a place, in order, as they are kept, unchecked."""

    def erase(self, seq: Place) -> None:
        """Forget the salt and the body of one entry.

        Raises:
            LogError: There is no such entry; a batch is under way; or the words still stand
                somewhere on the disk, and it must be done again.
        """

    def last_given(self) -> Place:
        """Return the highest place that was ever given out, from a record beside the entries."""

    def reopen(self) -> None:
        """Begin anew with what is really kept, after an append or a batch failed; the right to append stays.

        What failed may turn out to be kept after all: `head` says so, and saying it again returns
        its place.  A reading that was under way may fail.

        Raises:
            LogError: The disk still refuses, and so does every use until it was reopened; or a batch
                is under way.
            LogBroken: It is another log, or what was acknowledged is not there any more.
        """

    def close(self) -> None:
        """Let go of the file and of the right to append."""


def follow(log: Log, after: Place, wait: Callable[[], bool]) -> Iterator[Entry]:
    """Yield every entry behind a place, for ever.

    Args:
        log: Any engine.
        after: The last place that was seen.
        wait: Called when there is nothing more; returns False to stop.
    """
    while True:
        for entry in log.read(after):
            after = entry.seq
            yield entry
        if not wait():
            return


def taken(key: str, seq: Place) -> KeyTaken:
    """Return the error for a key that stands in the log with another body."""
    return KeyTaken(
        f"cannot append {key!r}: entry {seq} already has this key and says something else",
        todo="give the new entry a key of its own",
        key=key,
        seq=seq,
    )


def in_batch(todo: str) -> LogError:
    """Return the error for what cannot be done while a batch is under way."""
    return LogError("a batch is under way", todo=todo)


def no_entry(seq: Place, last: Place) -> LogError:
    """Return the error for a place where nothing stands."""
    return LogError(f"there is no entry {seq}", todo=f"choose one from 1 to {last}", seq=seq)
