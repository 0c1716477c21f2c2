"""The figures of one realm: how soon people are told, and how long the disk takes.

*Accepted* is when the desk had the whole body of a signal or a contact.  *Sent* is when the write to
the last open stream returned, of the batch that says what it caused; on any other channel, when an endpoint
confirmed.  Three rules:

1.  What was not measured is absent.  It is never 0.
2.  The times of each day are kept in a small file and outlive a restart.  A kill loses a minute of them.
3.  Nothing in a figure tells who reads, from where, or which areas.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct, field

from tocsin.public.status import Speed

_log = logging.getLogger("tocsin")

BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds of the buckets of every histogram, inclusive; one more takes what is longer."""
STREAM = "stream"
"""The channel of `/v1/stream` and `/v1/ws`: one loop writes both, so their last writes are one moment."""
DAYS = 30  # of which the worst is told, today being one
SAVE_S = 60.0  # the file is written at most this often
_FORMAT = 1
_KEPT = 2 * DAYS  # days in the file: a clock that jumps ahead for a moment does not push the others out


class Times(Struct):
    """How long one thing took, many times."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))  # one a bucket
    total_s: float = 0.0
    worst_s: float = 0.0
    worst_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many times."""
        return sum(self.counts)

    @property
    def usual_s(self) -> float | None:
        """What half of them took at most, rounded up to a bound; infinite beyond the last."""
        half, seen = self.count / 2, 0
        for bound, count in zip((*BOUNDS_S, math.inf), self.counts, strict=True):
            seen += count
            if count and seen >= half:
                return bound
        return None

    def add(self, seconds: float, at: datetime | None = None) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.total_s += seconds
        if seconds > self.worst_s:
            self.worst_s, self.worst_at = seconds, at

    def join(self, other: Times) -> None:
        """Count all of another's."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.total_s += other.total_s
        if other.worst_s > self.worst_s:
            self.worst_s, self.worst_at = other.worst_s, other.worst_at

    def speed(self) -> Speed:
        """Return what the status page tells of it."""
        worst_s = self.worst_s if self.count else None
        return Speed(self.count, self.usual_s, worst_s, self.worst_at)


class _File(Struct):
    since: datetime  # when measuring began
    channels: dict[str, dict[date, Times]] = field(default_factory=dict)
    bounds_s: tuple[float, ...] = BOUNDS_S
    format: int = _FORMAT


class Figures:
    """The figures of one realm.

    Args:
        now: When the server began.
        path: Where each day's times are kept; None is nowhere.
    """

    def __init__(self, now: datetime, path: Path | None = None) -> None:
        self.started = now
        self.commits = Times()  # how long the disk took to make a batch durable
        self.sent = {STREAM: Times()}  # from accepted to sent, since the start
        self._path = path
        self._kept = _read(path, now)
        self._changed = False
        self._writing = threading.Lock()

    @property
    def since(self) -> datetime:
        """When measuring began; days without a server were not measured."""
        return min(self._kept.since, self.started)

    def note_sent(self, channel: str, accepted: Iterable[float], sent: float, now: datetime) -> None:
        """Count what one batch told.

        Args:
            channel: On which it was told.
            accepted: When each thing that it tells of was accepted, in monotonic seconds.
            sent: When the last write returned, on the same clock.
            now: The time; its day, UTC, is the day that is counted.
        """
        days = self._kept.channels.setdefault(channel, {})
        today = days.get(now.date())
        if today is None:
            today = days[now.date()] = Times()
        since = self.sent.setdefault(channel, Times())
        for begun in accepted:
            seconds = max(0.0, sent - begun)
            since.add(seconds)
            today.add(seconds, now)
        self._changed = True

    def channels(self) -> list[str]:
        """Return the channels of which there is a time."""
        return list(self._kept.channels)

    def last(self, channel: str, days: int, now: datetime) -> Times:
        """Return the times of the last days, UTC, today being one."""
        total = Times()
        for times in self._within(channel, days, now):
            total.join(times)
        return total

    def measured(self, channel: str, now: datetime) -> int:
        """Return on how many of the last `DAYS` days there is a time."""
        return len(self._within(channel, DAYS, now))

    def _within(self, channel: str, days: int, now: datetime) -> list[Times]:
        today = now.date()
        first = today - timedelta(days=days - 1)
        kept = self._kept.channels.get(channel, {})
        return [times for day, times in kept.items() if first <= day <= today]

    async def keep(self) -> None:
        """Keep each day's times in the file, for ever; to be cancelled."""
        while self._path is not None:
            await asyncio.sleep(SAVE_S)
            if self._changed:
                body = self._body()
                await asyncio.to_thread(self._write, self._path, body)  # a slow disk holds nobody up

    def save(self) -> None:
        """Keep them now."""
        if self._path is not None and self._changed:
            self._write(self._path, self._body())

    def _write(self, path: Path, body: bytes) -> None:
        with self._writing:
            _write(path, body)

    def _body(self) -> bytes:
        self._changed = False
        for channel, days in self._kept.channels.items():
            newest = sorted(days)[-_KEPT:]
            self._kept.channels[channel] = {day: days[day] for day in newest}
        return msgspec.json.encode(self._kept)


def _read(path: Path | None, now: datetime) -> _File:
    """Return what was kept; a new beginning where that is nothing, or cannot be trusted."""
    if path is None:
        return _File(now)
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_File)
        if (kept.format, kept.bounds_s) != (_FORMAT, BOUNDS_S):
            raise ValueError("it is of another version")
        for times in (times for days in kept.channels.values() for times in days.values()):
            _check(times)
        if kept.since.tzinfo is None:
            raise ValueError("its beginning has no zone")
    except FileNotFoundError:
        return _File(now)
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        _log.warning("the figures in %s are left aside, measuring begins anew: %s", path, error)
        return _File(now)
    return kept


def _check(times: Times) -> None:
    whole = len(times.counts) == len(BOUNDS_S) + 1 and min(times.counts) >= 0
    if not whole or times.worst_s < 0 or times.total_s < 0 or not math.isfinite(times.worst_s):
        raise ValueError("a day of it cannot be so")


def _write(path: Path, body: bytes) -> None:
    """Replace the file at once.  No sync: the log's own would wait for it, and a lost minute does no harm."""
    fresh = path.with_suffix(".new")
    try:
        fresh.write_bytes(body)
        os.replace(fresh, path)
    except OSError as error:  # the disk is full, say; the log goes first
        _log.warning("cannot keep the figures at %s: %s", path, error)
