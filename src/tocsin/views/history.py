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
from tocsin.model import Act, AreaId, Contact, Episode, Kind, Signal, SourceId, Threat

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


class _Said(NamedTuple):
    """One word of a source, in the order in which words count, which is not that in which they came.

    Of one time, a raise counts last: danger wins a tie.  Only what a contact listed at the very time of
    an end is ended by it.
    """

    at: datetime  # the source's own time
    rank: int  # 0: listed in a contact; 1: an end; 2: a raise
    for_good: bool  # a raise without an expiry
    until: datetime  # its expiry, where it has one
    end: End


class _Track:
    """What one source said of one area and threat, and the intervals that it makes.

    The newest raise decides when it expires, as on the board.
    """

    __slots__ = ("_closed", "_open", "_said")

    def __init__(self) -> None:
        self._said: list[_Said] = []
        self._closed: list[tuple[datetime, datetime, End]] | None = None  # None: to be made again
        self._open: tuple[datetime, _Said] | None = None

    def add(self, said: _Said) -> None:
        """Take one word in."""
        self._said.append(said)
        self._closed = None

    def takes(self, listed_at: datetime, now: datetime) -> bool:
        """Return whether a contact that lists the area says something new: it is not raised already."""
        ended = max((said.at for said in self._said if said.rank == 1), default=None)
        still = any(end is End.OPEN for _, _, end in self.spans(now))
        return not still and (ended is None or listed_at > ended)

    def spans(self, now: datetime) -> list[tuple[datetime, datetime | None, End]]:
        """Return when the area was raised, in order; the last may be open."""
        if self._closed is None:
            self._closed = self._make()
        if self._open is None:
            return [*self._closed]
        since, last = self._open
        if last.for_good or last.until > now:
            return [*self._closed, (since, None, End.OPEN)]
        return [*self._closed, (since, last.until, End.EXPIRED)]

    def _make(self) -> list[tuple[datetime, datetime, End]]:
        closed: list[tuple[datetime, datetime, End]] = []
        self._said.sort()
        self._open = None
        for said in self._said:
            if self._open is not None:
                since, last = self._open
                if not last.for_good and last.until <= said.at:
                    closed.append((since, last.until, End.EXPIRED))
                    self._open = None
                elif said.rank == 1:
                    closed.append((since, said.at, said.end))
                    self._open = None
            if said.rank != 1:
                self._open = (said.at if self._open is None else self._open[0], said)
        return [one for one in closed if one[1] > one[0]]


class History:
    """All intervals of one realm.  A fold: `learn` every entry.

    Of what a source says, its own times decide and not the order in which it was heard, as on the board.
    """

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self._episodes: dict[AreaId, list[Interval]] = {}
        self._tracks: dict[tuple[SourceId, AreaId, Threat], _Track] = {}
        self._heard_at: datetime | None = None  # an expiry before this has passed

    def learn(self, at: datetime, kind: Kind) -> None:
        """Take one entry in; ``at`` is when it was heard."""
        self._heard_at = at if self._heard_at is None else max(self._heard_at, at)
        if isinstance(kind, Episode):
            end = End.INFERRED if kind.inferred else End.OBSERVED
            one = Interval(kind.since, kind.until, end, kind.source, kind.area, kind.threat)
            self._episodes.setdefault(kind.area, []).append(one)
        elif isinstance(kind, Signal):
            self._track(kind.source, kind.area, kind.threat).add(_said(kind))
        elif isinstance(kind, Contact) and kind.held:
            for area, threat in kind.raised:
                track = self._track(kind.source, area, threat)
                if track.takes(kind.sent, at):
                    track.add(_Said(kind.sent, 0, True, kind.sent, End.OPEN))

    def _track(self, source: SourceId, area: AreaId, threat: Threat) -> _Track:
        return self._tracks.setdefault((source, area, threat), _Track())

    def intervals(
        self, since: datetime, until: datetime, threat: Threat | None = None, *, now: datetime | None = None
    ) -> dict[AreaId, list[Interval]]:
        """Return what overlaps a window, by the very area that was named, uncut.

        Args:
            since: The window's first moment.
            until: The moment behind its last one.
            threat: Only this one; by default any.
            now: A raise whose expiry is not after this has ended; by default when something was last heard.
        """
        found: dict[AreaId, list[Interval]] = {}
        for area, episodes in self._episodes.items():
            mine = [one for one in episodes if _overlaps(one, since, until) and threat in (None, one.threat)]
            if mine:
                found[area] = mine
        latest = max((moment for moment in (now, self._heard_at) if moment is not None), default=since)
        for (source, area, kind), track in self._tracks.items():
            if threat in (None, kind):
                spans = (Interval(*span, source, area, kind) for span in track.spans(latest))
                mine = [one for one in spans if _overlaps(one, since, until)]
                if mine:
                    found.setdefault(area, []).extend(mine)
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
        found = self.intervals(since, until, threat, now=now)
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


def _said(signal: Signal) -> _Said:
    if signal.state is Act.RAISED:
        return _Said(signal.sent, 2, signal.expires is None, signal.expires or signal.sent, End.OPEN)
    end = End.OBSERVED if signal.state is Act.CLEAR else End.CANCELLED
    return _Said(signal.sent, 1, False, signal.sent, end)


def _overlaps(one: Interval, since: datetime, until: datetime) -> bool:
    return one.since < until and (one.until is None or one.until > since)


def _cut(one: Interval, since: datetime, until: datetime) -> Span:
    end = one.until
    if end is None or end > until:
        return Span(max(one.since, since), until, End.OPEN if end is None else one.end)
    return Span(max(one.since, since), end, one.end)


def _seconds(spans: Iterable[Span]) -> int:
    return round(sum((span.until - span.since).total_seconds() for span in spans))
