"""Clocks: the machine's, and that of a day that is told again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and how long things take."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""

    def lasted(self) -> float:
        """Return seconds on a clock that never jumps, from an unknown beginning."""


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC)

    def lasted(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()


class ReplayClock:
    """The clock of a day of the past, which goes ``speed`` times as fast as ours.

    With ``speed`` 0 it stands still until it is put forward.
    """

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._begun = time.monotonic()

    def now(self) -> datetime:
        """Return the time on the replayed day."""
        return self._start + timedelta(seconds=(time.monotonic() - self._begun) * self._speed)

    def put_forward(self, to: datetime) -> None:
        """Let it be this time now."""
        self._start, self._begun = to, time.monotonic()

    def lasted(self) -> float:
        """Return monotonic seconds of ours: a source's silence is counted in real time."""
        return time.monotonic()
