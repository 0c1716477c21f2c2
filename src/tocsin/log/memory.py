"""A log in memory: for tests, and for a replay that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from os import urandom

from tocsin.log import Appended, Entry, Link, in_batch, no_entry, taken, to_us
from tocsin.log.chain import SALT_BYTES, digest, genesis, link
from tocsin.model import Place, Realm


class MemoryLog:
    """Keeps every promise of a log but the first: it ends with the process."""

    def __init__(self, realm: Realm = Realm.ACTUAL, epoch: str | None = None) -> None:
        self.realm = realm
        self.epoch = self.origin = epoch or urandom(4).hex()
        self._entries: list[Entry] = []
        self._places: dict[str, Place] = {}
        self._given = 0
        self._batching = False

    @property
    def head(self) -> Link:
        """The last place and its hash."""
        if self._entries:
            return Link(self._entries[-1].seq, self._entries[-1].hash)
        return Link(0, genesis(self.realm, self.epoch))

    def append(self, key: str, body: bytes, at: datetime) -> Appended:
        """Append one entry; see `tocsin.log.Log`."""
        there = self.find(key)
        if there is not None:
            if there.body is not None and there.body != body:
                raise taken(key, there.seq)
            return Appended(there.seq, new=False)
        seq, before = self.head
        salt = urandom(SALT_BYTES)
        body_digest = digest(salt, body)
        at_us = to_us(at)
        self._entries.append(
            Entry(
                seq + 1, at_us, key, salt, body, body_digest, link(before, seq + 1, at_us, key, body_digest)
            )
        )
        self._places[key] = seq + 1
        self._given = max(self._given, seq + 1)
        return Appended(seq + 1, new=True)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Keep all that is appended inside, or none of it."""
        if self._batching:
            raise in_batch("append inside it")
        before = len(self._entries)
        self._batching = True
        try:
            yield
        except BaseException:
            for entry in self._entries[before:]:
                del self._places[entry.key]
            del self._entries[before:]
            self._given = before
            raise
        finally:
            self._batching = False

    def find(self, key: str) -> Entry | None:
        """Return the entry that has this key."""
        seq = self._places.get(key)
        return None if seq is None else self._entries[seq - 1]

    def read(self, after: Place = 0, limit: int | None = None) -> Iterator[Entry]:
        """Yield entries behind a place."""
        yield from self._entries[after : None if limit is None else after + limit]

    def erase(self, seq: Place) -> None:
        """Forget the words of one entry."""
        if not 1 <= seq <= len(self._entries):
            raise no_entry(seq, len(self._entries))
        if self._batching:
            raise in_batch(f"erase entry {seq} when it has ended")
        self._entries[seq - 1] = self._entries[seq - 1]._replace(salt=None, body=None)

    def last_given(self) -> Place:
        """Return the highest place that was given out."""
        return self._given

    def reopen(self) -> None:
        """Nothing to begin anew: what failed is not kept."""
        if self._batching:
            raise in_batch("open the log again when it has ended")

    def close(self) -> None:
        """Nothing to let go of."""
