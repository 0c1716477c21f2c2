"""A day of the past, told again: in a realm, on a clock and in a log of its own.

Nothing of it can reach an actual outlet: it runs in the realm ``replay``, and
every frame, page and answer says that it is one.
"""

from __future__ import annotations

import asyncio
import contextlib
from calendar import month_name
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from tocsin.app.clock import ReplayClock
from tocsin.app.listen import at_of
from tocsin.app.outlet import Outlet
from tocsin.areas import Country
from tocsin.log.memory import MemoryLog
from tocsin.model import Act, AreaId, Contact, Contract, Episode, Realm, Signal, SourceId, Threat
from tocsin.views.history import AreaPast, Peak, peak

CONTACT_S = 5.0  # how often the replayed source says that it is there


class Day(NamedTuple):
    """What is told again: the episodes that overlap a window of time."""

    since: datetime
    until: datetime
    episodes: list[Episode]


class Summary(NamedTuple):
    """What the day was."""

    past: list[AreaPast]
    peak: Peak

    @property
    def oblast_minutes(self) -> float:
        """Minutes under alert, summed over the areas of the board level."""
        return round(sum(row.seconds for row in self.past) / 60, 2)


class Step(NamedTuple):
    """One thing that a source says at a time of the day."""

    at: datetime
    signal: Signal


def notice_of(day: Day) -> str:
    """Return what every frame of a replay says."""
    return f"replay of {day.since.day} {month_name[day.since.month]} {day.since.year}, no present danger"


def steps(day: Day) -> list[Step]:
    """Return what the sources said, in order; a raise from before the window comes at its beginning.

    An end that was invented upstream is told as an expiry, so that what
    follows is unknown and not clear.
    """
    told: list[Step] = []
    for episode in day.episodes:
        if episode.until <= day.since or episode.since >= day.until:
            continue
        name = f"{episode.area}/{episode.threat}/{episode.since:%Y%m%dT%H%M%S}"
        raised = Signal(
            Realm.REPLAY,
            episode.source,
            name + "/raised",
            episode.area,
            episode.threat,
            Act.RAISED,
            episode.since,
            expires=episode.until if episode.inferred else None,
        )
        told.append(Step(max(episode.since, day.since), raised))
        if not episode.inferred and episode.until < day.until:
            clear = Signal(
                Realm.REPLAY,
                episode.source,
                name + "/clear",
                episode.area,
                episode.threat,
                Act.CLEAR,
                episode.until,
            )
            told.append(Step(episode.until, clear))
    return sorted(told, key=lambda step: (step.at, step.signal.state is Act.RAISED, step.signal.id))


class Replay:
    """One day as it is told again.

    Args:
        country: Areas, names and standing raises.
        day: What is told.
        covered: The areas that the day's sources report.
        speed: How many times as fast as it was; 0 is as fast as it goes.
    """

    def __init__(self, country: Country, day: Day, covered: Sequence[AreaId], speed: float) -> None:
        self.day = day
        self.clock = ReplayClock(day.since, speed)
        self._country = country
        self._covered = tuple(covered)
        self._speed = speed
        self._steps = steps(day)
        self._held: set[tuple[SourceId, AreaId, Threat]] = set()
        self._sources = sorted({episode.source for episode in day.episodes})
        self.outlet: Outlet | None = None

    @property
    def total(self) -> int:
        """How many things are told."""
        return len(self._steps)

    async def run(self, told: Callable[[int, datetime], None], listen: tuple[str, int] | None = None,
                  ready: Callable[[str], None] | None = None) -> Summary:  # fmt: skip
        """Tell the day, and return what it was.

        Args:
            told: Called with how many things were told, and the day's time.
            listen: Where the public door opens; None is nowhere.
            ready: Told the door's address once it is open.
        """
        log = MemoryLog(Realm.REPLAY)
        self.outlet = outlet = Outlet(
            self._country, log, self.clock, asyncio.get_running_loop(), notice=notice_of(self.day)
        )
        listener = await outlet.listen(*listen) if listen else None
        if listener and ready:
            ready(at_of(listener.sockets[0]))
        helpers = [asyncio.create_task(outlet.beats()), asyncio.create_task(self._contacts())]
        try:
            outlet.stand()
            await self._begin()
            await self._tell(told)
            return self.summary()
        finally:
            for helper in helpers:
                helper.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await helper
            if listener:
                listener.close()
            outlet.door.close()
            outlet.station.stop()

    async def _begin(self) -> None:
        assert self.outlet is not None
        station = self.outlet.station
        for source in self._sources:
            threats = tuple(
                sorted({episode.threat for episode in self.day.episodes if episode.source == source})
            )
            station.agree(Contract(Realm.REPLAY, source, self._covered, threats, max_age_s=7 * 86_400))
        await self._contact()

    async def _tell(self, told: Callable[[int, datetime], None]) -> None:
        for number, step in enumerate(self._steps):
            assert self.outlet is not None
            await self._until(step.at, partial(self._progress, told, number))
            signal = step.signal
            await self.outlet.record(f"signal/{signal.source}/{signal.id}", signal)
            (self._held.add if signal.state is Act.RAISED else self._held.discard)(
                (signal.source, signal.area, signal.threat)
            )
        await self._until(self.day.until, partial(self._progress, told, self.total))
        told(self.total, self.day.until)

    def _progress(self, told: Callable[[int, datetime], None], number: int) -> None:
        told(number, self.clock.now())

    async def _until(self, moment: datetime, waiting: Callable[[], None]) -> None:
        """Wait until it is that time of the day; put the clock forward where it does not go by itself."""
        if not self._speed:
            assert isinstance(self.clock, ReplayClock)
            self.clock.put_forward(moment)
            waiting()
            return
        while (left := (moment - self.clock.now()).total_seconds() / self._speed) > 0:
            waiting()
            await asyncio.sleep(min(left, 0.25))

    async def _contacts(self) -> None:
        while True:
            await asyncio.sleep(CONTACT_S)
            await self._contact()

    async def _contact(self) -> None:
        assert self.outlet is not None
        for source in self._sources:
            held = tuple(sorted((area, threat) for name, area, threat in self._held if name == source))
            now = self.clock.now()
            contact = Contact(Realm.REPLAY, source, held=True, sent=now, raised=held)
            await self.outlet.record(f"contact/{source}/{now.isoformat()}", contact)

    def summary(self) -> Summary:
        """Return what the day was, from the view of the past."""
        assert self.outlet is not None
        past = self.outlet.history.past(
            self.day.since,
            self.day.until,
            self._country.areas.board,
            now=self.clock.now() + timedelta(seconds=1),
        )
        return Summary(past, peak(past))
