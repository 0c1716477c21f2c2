"""Alert waves: when so many regions were under alert at once that more than the front was meant.

A wave is a longest stretch of time in which at least three distinct regions that are not at the front are
under an alert of oblast level.  Times are half-open: an alert that ends when another begins does not overlap
it.  Alerts of one region are one where they overlap, and waves at most 30 min apart are one.

The front regions are left out because sirens there are nearly constant: they say nothing of a wave.  Since
December 2025 alerts are mostly given for raions; the caller rolls them up to their oblast before.
`Tracker` finds the same waves while the alerts come in, and `waves` all at once.  No order of what is
given and no duplicate changes them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.model import AreaId

LEAST = 3  # regions at once
APART = timedelta(minutes=30)
FRONT = frozenset(
    AreaId(code) for code in ("UA14", "UA44", "UA23", "UA65", "UA63", "UA12", "UA48", "UA59")
)  # Donetsk, Luhansk, Zaporizhzhia, Kherson, Kharkiv, Dnipropetrovsk, Mykolaiv, Sumy


class Alerted(Struct, frozen=True, order=True):
    """One region was under alert from `since` until just before `until`."""

    since: datetime
    until: datetime
    area: AreaId


class Wave(Struct, frozen=True, order=True):
    """One wave."""

    since: datetime
    until: datetime  # exclusive
    peak: int  # the most regions at once, those at the front too
    areas: tuple[AreaId, ...]  # all regions under alert in it


class Tracker:
    """Finds the waves while regions go under alert and come out of it."""

    def __init__(
        self, *, least: int = LEAST, front: Collection[AreaId] = FRONT, apart: timedelta = APART
    ) -> None:
        self._least, self._front, self._apart = least, frozenset(front), apart
        self._raised: set[AreaId] = set()
        self._at: datetime | None = None
        self._found: list[Wave] = []

    def hear(self, at: datetime, area: AreaId, raised: bool) -> None:
        """Take in that a region is under alert from now on, or is not.

        Raises:
            ValueError: It is older than what was heard before: a tracker hears in order of time.
        """
        self._hold(at)
        if raised:
            self._raised.add(area)
        else:
            self._raised.discard(area)

    def waves(self, at: datetime) -> list[Wave]:
        """Return the waves up to a moment; the last may not have ended."""
        self._hold(at)
        return list(self._found)

    def _hold(self, until: datetime) -> None:
        """What is raised was so since the last moment and until this one."""
        since, self._at = self._at or until, until
        if until < since:
            raise ValueError(f"heard of {until.isoformat()} after {since.isoformat()}: give edges in order")
        if until == since or len(self._raised - self._front) < self._least:
            return
        now = Wave(since, until, len(self._raised), tuple(sorted(self._raised)))
        if self._found and since - self._found[-1].until <= self._apart:
            last = self._found.pop()
            areas = last.areas if self._raised <= set(last.areas) else {*last.areas, *now.areas}
            now = Wave(last.since, until, max(last.peak, now.peak), tuple(sorted(areas)))
        self._found.append(now)


def waves(
    alerts: Iterable[Alerted],
    *,
    least: int = LEAST,
    front: Collection[AreaId] = FRONT,
    apart: timedelta = APART,
) -> list[Wave]:
    """Return the waves of alerts that have ended, the earliest first.

    Args:
        alerts: Alerts of regions of oblast level, in any order, duplicates allowed.
        least: How many regions at once make a wave.
        front: Regions that do not count towards it.
        apart: Waves at most this far apart are one.
    """
    tracker = Tracker(least=least, front=front, apart=apart)
    edges = sorted(
        edge for one in unions(alerts) for edge in ((one.since, one.area, True), (one.until, one.area, False))
    )
    for edge in edges:
        tracker.hear(*edge)
    return tracker.waves(edges[-1][0]) if edges else []


def unions(alerts: Iterable[Alerted], apart: timedelta = timedelta()) -> list[Alerted]:
    """Return alerts with those of one region made one where they overlap or touch.

    Args:
        alerts: In any order, duplicates allowed.
        apart: Also where they are at most this far apart: with 30 min, the waves of each region alone.
    """
    last: dict[AreaId, Alerted] = {}
    found: list[Alerted] = []
    for alert in sorted(set(alerts)):
        if alert.until <= alert.since:
            continue
        before = last.get(alert.area)
        if before is not None and alert.since - before.until <= apart:
            last[alert.area] = Alerted(before.since, max(before.until, alert.until), alert.area)
            continue
        if before is not None:
            found.append(before)
        last[alert.area] = alert
    return sorted([*found, *last.values()])
