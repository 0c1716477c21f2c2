"""The past: when which area was raised, by whom, and how each end is known.

An area counts while it, an area around it or any part of it is raised, so
times are unions, never sums.  Intervals are half open.  Standing raises (by
the built-in source ``pack``) are counted apart: they would add a whole day to
every day and hide what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.model import Act, AreaId, Contact, Episode, Kind, Lapse, Signal, SourceId, Threat

PACK = SourceId("pack")


class End(StrEnum):
    """How the end of an interval is known."""

    OBSERVED = "observed"  # its source said all clear
    INFERRED = "inferred"  # invented upstream: what follows is unknown, not clear
    EXPIRED = "expired"  # its own expiry passed
    CANCELLED = "cancelled"  # its source said that it was sent in error
    OPEN = "open"  # not ended


class Interval(NamedTuple):
    """One source held one area raised from ``since`` until just before ``until``."""

    since: datetime
    until: datetime | None
    end: End
    source: SourceId
    area: AreaId
    threat: Threat


class Span(NamedTuple):
    """A stretch of time, half open, and how its end is known."""

    since: datetime
    until: datetime
    end: End


class AreaPast(NamedTuple):
    """What a window of time was for one area."""

    area: AreaId
    seconds: int  # raised by anybody but the pack
    standing_seconds: int
    inferred_seconds: int  # of `seconds`, those that rest on an invented end alone
    spans: list[Span]


class Peak(NamedTuple):
    """The most areas that were raised at once, and the first stretch in which they were."""

    areas: int
    since: datetime | None
    until: datetime | None


class History:
    """All intervals of one realm.  A fold: `learn` every entry, in order."""

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self._closed: dict[AreaId, list[Interval]] = {}
        self._open: dict[tuple[SourceId, AreaId, Threat], Signal] = {}
        self._ended: dict[tuple[SourceId, AreaId, Threat], datetime] = {}

    def learn(self, at: datetime, kind: Kind) -> None:
        """Take one entry in; ``at`` is when it was heard."""
        if isinstance(kind, Episode):
            end = End.INFERRED if kind.inferred else End.OBSERVED
            self._add(Interval(kind.since, kind.until, end, kind.source, kind.area, kind.threat))
        elif isinstance(kind, Signal):
            self._signal(kind)
        elif isinstance(kind, Lapse):
            raised = self._open.get((kind.source, kind.area, kind.threat))
            if raised is not None and raised.expires is not None and raised.expires <= at:
                self._close(raised, raised.expires, End.EXPIRED)
        elif isinstance(kind, Contact) and kind.held:
            for area, threat in kind.raised:
                ended = self._ended.get((kind.source, area, threat))
                if ended is None or kind.sent > ended:  # at the very time of an all clear, that counts
                    name = f"contact-{at.isoformat()}"
                    self._raise(Signal(kind.realm, kind.source, name, area, threat, Act.RAISED, kind.sent))

    def _signal(self, signal: Signal) -> None:
        if signal.state is Act.RAISED:
            self._raise(signal)
            return
        raised = self._open.get((signal.source, signal.area, signal.threat))
        if raised is not None and signal.sent > raised.sent:
            self._close(raised, signal.sent, End.OBSERVED if signal.state is Act.CLEAR else End.CANCELLED)

    def _raise(self, signal: Signal) -> None:
        key = (signal.source, signal.area, signal.threat)
        ended = self._ended.get(key)
        if key not in self._open and (ended is None or signal.sent >= ended):
            self._open[key] = signal

    def _close(self, raised: Signal, until: datetime, end: End) -> None:
        key = (raised.source, raised.area, raised.threat)
        del self._open[key]
        self._ended[key] = until
        if until > raised.sent:
            self._add(Interval(raised.sent, until, end, raised.source, raised.area, raised.threat))

    def _add(self, interval: Interval) -> None:
        self._closed.setdefault(interval.area, []).append(interval)

    def intervals(
        self, since: datetime, until: datetime, threat: Threat | None = None
    ) -> dict[AreaId, list[Interval]]:
        """Return what overlaps a window, by the very area that was named, uncut."""
        found: dict[AreaId, list[Interval]] = {}
        for area, closed in self._closed.items():
            mine = [
                one
                for one in closed
                if one.since < until
                and one.until is not None
                and one.until > since
                and threat in (None, one.threat)
            ]
            if mine:
                found[area] = mine
        for (source, area, kind), raised in self._open.items():
            if raised.sent < until and threat in (None, kind):
                found.setdefault(area, []).append(Interval(raised.sent, None, End.OPEN, source, area, kind))
        return found

    def past(
        self,
        since: datetime,
        until: datetime,
        areas: Sequence[AreaId],
        *,
        now: datetime,
        threat: Threat | None = None,
    ) -> list[AreaPast]:
        """Return what a window was for each area asked for.

        Args:
            since: The window's first moment.
            until: The moment behind its last one.
            areas: n areas.
            now: An open interval counts up to here.
            threat: Only this one; by default any.

        Returns:
            n rows in the order of ``areas``.
        """
        found = self.intervals(since, until, threat)
        until = min(until, max(now, since))
        return [self._area_past(area, self._near(area, found), since, until) for area in areas]

    def _near(self, area: AreaId, found: dict[AreaId, list[Interval]]) -> list[Interval]:
        near: list[Interval] = []
        for other in found:
            if other == area or area in self._areas.chain(other) or other in self._areas.chain(area):
                near.extend(found[other])
        return near

    def _area_past(self, area: AreaId, near: list[Interval], since: datetime, until: datetime) -> AreaPast:
        mine = [_cut(one, since, until) for one in near if one.source != PACK]
        standing = [_cut(one, since, until) for one in near if one.source == PACK]
        spans = union(mine)
        seconds = _seconds(spans)
        known = _seconds(union(span for span in mine if span.end is not End.INFERRED))
        return AreaPast(area, seconds, _seconds(union(standing)), seconds - known, spans)


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same time without overlaps, in order; each stretch ends as its last part does."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.until > span.since):
        if merged and span.since <= merged[-1].until:
            if span.until >= merged[-1].until:
                merged[-1] = Span(merged[-1].since, span.until, span.end)
        else:
            merged.append(span)
    return merged


def peak(past: Iterable[AreaPast]) -> Peak:
    """Return when most areas were raised at once.  Standing raises are left out."""
    changes: dict[datetime, int] = {}
    for row in past:
        for span in row.spans:
            changes[span.since] = changes.get(span.since, 0) + 1
            changes[span.until] = changes.get(span.until, 0) - 1
    times = [moment for moment in sorted(changes) if changes[moment]]
    count, most = 0, Peak(0, None, None)
    for place, moment in enumerate(times):
        count += changes[moment]
        if count > most.areas:
            most = Peak(count, moment, times[place + 1])
    return most


def _cut(one: Interval, since: datetime, until: datetime) -> Span:
    end = one.until
    if end is None or end > until:
        return Span(max(one.since, since), until, End.OPEN if end is None else one.end)
    return Span(max(one.since, since), end, one.end)


def _seconds(spans: Iterable[Span]) -> int:
    return round(sum((span.until - span.since).total_seconds() for span in spans))
