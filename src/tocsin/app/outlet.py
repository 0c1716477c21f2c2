"""One realm being told: its station with what shows it, the public door, the past and the channels."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import takewhile
from typing import Any

from tocsin import wire
from tocsin.app.books import tail_of
from tocsin.app.channels import Channels
from tocsin.app.checkpoint import Checkpoints
from tocsin.app.clock import Clock
from tocsin.app.delivery import Recent
from tocsin.app.figures import STREAM, Figures
from tocsin.app.fold import RECENT, kind_of
from tocsin.app.metrics import status_of
from tocsin.app.reserve import Reserve
from tocsin.app.station import News, Receipt, Started, Station
from tocsin.areas import Country
from tocsin.errors import ConfigError, LogBroken, LogError
from tocsin.hub import Hub
from tocsin.log import Log, checked
from tocsin.model import Act, Alert, AreaId, Contract, Kind, Signal, SourceId, Threat
from tocsin.public import frames
from tocsin.public.cap import Shelf
from tocsin.public.door import BEAT_S, SLICES, Door
from tocsin.public.drills import Drill
from tocsin.public.http import Connection
from tocsin.public.messages import DoorWithMessages
from tocsin.public.pages import Pages
from tocsin.public.record import Leaves
from tocsin.public.site import Site
from tocsin.public.spoken import speak
from tocsin.views.history import PACK, History

_FOREVER_S = 1e9
_POLITE = 1_000  # entries that are checked in a row after a quick start


class Outlet:
    """A station with what shows it.  For every realm alike; only the actual one has a public listener.

    Args:
        country: Areas, names and standing raises.
        log: The realm's log, open for appending.
        clock: What time it is there.
        loop: The event loop that readers are served from.
        notice: What every frame of a replay or an exercise says.
        limit: The most connections.
        map_svg: The operator's own map; by default the pack's.
        checkpoints: Where the board is kept.
        reserve: Room that is given up when the disk is full.
        reader: Opens the log for reading, for what is checked after the start.
        note_key: The public key of the signed notes.
        figures: Counts how soon people are told; by default nothing of it is kept.
        shelf: What is told, as messages in CAP.
        leaves: The record's pages.
    """

    def __init__(
        self,
        country: Country,
        log: Log,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        *,
        notice: str | None = None,
        limit: int = 18_500,
        map_svg: bytes | None = None,
        checkpoints: Checkpoints | None = None,
        reserve: Reserve | None = None,
        reader: Callable[[], Log] | None = None,
        note_key: str | None = None,
        figures: Figures | None = None,
        shelf: Shelf | None = None,
        leaves: Leaves | None = None,
    ) -> None:
        self.country = country
        self.clock = clock
        self.history = History(country.areas)
        self._later: list[tuple[datetime, Kind]] | None = None  # for the history, while it is being read
        self._reader = reader
        self._loop = loop
        self.figures = figures or Figures(clock.now())
        self._checkpoints, self._note_key = checkpoints, note_key
        self._site = Site(Pages(country, map_svg), lambda: status_of(self))
        self.station = Station(
            log, country.areas, clock, self._publish, checkpoints, reserve, self.figures.commits.add
        )
        learned: list[tuple[datetime, Kind]] = []
        started = self.station.start(lambda at, kind: learned.append((at, kind)))
        self.channels: Channels | None = None
        self.recent = Recent.of(self.station, country.areas, started)
        self._unchecked = started.unchecked
        self.shelf, self.leaves = shelf, leaves or Leaves()
        self._site.show_messages(shelf)
        if shelf is not None:
            shelf.hear(started.recent)
        if self._unchecked:
            self._later = learned
        else:
            self._learn(learned)
        self.door = self._door(started, notice, limit)

    def _door(self, started: Started, notice: str | None, limit: int) -> Door:
        log, now = self.station.log, self.clock.now()
        hub = Hub(log.epoch, started.head, RECENT)
        moment = frames.Moment(log.epoch, started.head, log.realm, now, self.station.fresh(now), notice)
        hub.load([frames.event_of(said.seq, said.alert, moment) for said in started.recent], started.floor)
        return DoorWithMessages(
            self.country.areas,
            self._site,
            self.history if self._later is None else None,
            hub=hub,
            told=started.told,
            realm=log.realm,
            now=self.clock.now,
            lasted=self.clock.lasted,
            fresh=self.station.fresh,
            ready=self.ready,
            notice=notice,
            limit=limit,
            note=self.note,
            note_key=self._note_key,
            dialects=speak(self.country, log.realm, lambda: None if self.checking else self.history),
            shelf=self.shelf,
            leaves=self.leaves,
        )

    def note(self) -> str | None:
        """Return the newest signed note of the log, or None."""
        return None if self._checkpoints is None else self._checkpoints.newest

    def _publish(self, news: News) -> None:
        """Called in the writing thread, with what is durable."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._tell, news)

    def _tell(self, news: News) -> None:
        self.door.publish([(said.seq, said.alert) for said in news.said], news.head)
        if self.shelf is not None:
            self.shelf.hear(news.said)
        if news.said:
            self.leaves.alerted()
        if news.accepted and self.door.streams:
            self.figures.note_sent(STREAM, news.accepted, self.clock.lasted(), self.clock.now())
        if self.channels is not None:
            self.channels.hear(news)
        self._learn(news.heard)

    def _learn(self, heard: Iterable[tuple[datetime, Kind]]) -> None:
        if self._later is not None:
            self._later.extend(heard)
            return
        for at, kind in heard:
            self.history.learn(at, kind)

    def ready(self) -> str | None:
        """Return why this server is not to be relied on now, or None."""
        if self.station.broken:
            return self.station.broken
        if self.channels is not None and not self.channels.alive:
            return "the channels have ended by a fault of ours, restart the server"
        if self.checking:
            return f"verifying the log up to entry {self._unchecked:,}"
        return self.station.in_need

    @property
    def checking(self) -> bool:
        """Whether a part of the log was not checked yet."""
        return self._later is not None

    async def check_rest(self) -> None:
        """Check what a quick start left unchecked, and learn the past from it."""
        if self._later is None or self._reader is None:
            return
        try:
            history = await asyncio.to_thread(self._read_past, self._reader)
        except LogBroken as found:
            self.station.distrust(found)
            return
        later, self._later = self._later, None
        self.history = history
        self._learn(later)
        self.door.show_past(history)

    def _read_past(self, reader: Callable[[], Log]) -> History:
        """Return the past up to where the start began, after checking it.  In a thread of its own."""
        log, history = reader(), History(self.country.areas)
        try:
            for entry in takewhile(lambda entry: entry.seq <= self._unchecked, checked(log)):
                kind = kind_of(entry)
                if kind is not None and not isinstance(kind, Alert):
                    history.learn(entry.at, kind)
                if entry.seq % _POLITE == 0:
                    time.sleep(0.002)  # the streams go first
        finally:
            log.close()
        return history

    async def record(self, key: str, kind: Kind, accepted: float | None = None) -> Receipt:
        """Return when something is durable.

        Args:
            key: Of the entry.
            kind: What is said.
            accepted: When the desk had all of it, on the clock that never jumps.

        Raises:
            TocsinError: It was not taken; says why.
        """
        receipt = await asyncio.wrap_future(self.station.submit(key, kind, accepted))
        self.leaves.hear(kind)
        return receipt

    def holds(self, source: SourceId) -> list[tuple[AreaId, Threat]]:
        """Return what the board holds raised for a source."""
        return self.station.board.holds(source)

    def key_days(self) -> int | None:
        """Return for how many days messages in CAP can be signed; None without keys."""
        return None if self.shelf is None else self.shelf.key_days()

    def board(self) -> dict[str, Any]:
        """Return what the board shows."""
        return self.door.board_now()

    def tail(self) -> list[Kind]:
        """Return the end of the log; in a thread of its own."""
        return [] if self._reader is None else tail_of(self._reader)

    def show_drills(self, drills: Callable[[], list[Drill]]) -> None:
        """Let the public see which exercises were announced."""
        self._site.drills = drills

    def stand(self, silence_s: float = _FOREVER_S) -> None:
        """Raise what the country pack says has been raised for years."""
        standing = self.country.standing
        if not standing:
            return
        areas = tuple(raise_.area for raise_ in standing)
        threats = tuple(sorted({raise_.threat for raise_ in standing}))
        self.station.agree(Contract(self.station.realm, PACK, areas, threats, silence_s))
        for raise_ in standing:
            name = f"standing/{raise_.area}/{raise_.threat}/{wire.stamp(raise_.since)}"
            raised = Signal(
                self.station.realm, PACK, name, raise_.area, raise_.threat, Act.RAISED, raise_.since
            )
            self.station.submit(f"signal/{PACK}/{name}", raised)

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Open the public door.

        Raises:
            ConfigError: The address cannot be had.
        """
        try:
            return await self._loop.create_server(
                lambda: Connection(self.door, self.clock.lasted), host, port, backlog=4_096
            )
        except OSError as error:
            raise ConfigError(
                f"cannot listen at {host}:{port}: {error.strerror or error}",
                todo="choose another --public address",
            ) from error

    async def beats(self) -> None:
        """Let every stream hear that the server lives, for ever."""
        while True:
            self.door.beat()
            if self.shelf is not None:
                self.shelf.renew()
            if not self.station.alive:
                raise LogError("the writing thread has ended", todo="see the log above; report it as a bug")
            await asyncio.sleep(BEAT_S / SLICES)
