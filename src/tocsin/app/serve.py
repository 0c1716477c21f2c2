"""The server: one public door, one desk, and a station for each realm that is used."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec

from tocsin import wire
from tocsin.app.books import tail_of
from tocsin.app.cap_keys import shelf_of
from tocsin.app.channels import Channels, tell_channels
from tocsin.app.checkpoint import Checkpoints, signing_key
from tocsin.app.clock import Clock, WallClock
from tocsin.app.delivery import Recent
from tocsin.app.desk import Desk
from tocsin.app.figures import STREAM, Figures
from tocsin.app.fold import RECENT, kind_of
from tocsin.app.listen import at_of, descriptors, serving
from tocsin.app.metrics import Exposition, metrics_app, reading_of, status_of
from tocsin.app.reserve import Reserve
from tocsin.app.station import News, Receipt, Started, Station
from tocsin.app.upstreams.overview import of_realm
from tocsin.app.upstreams.service import Upstreams
from tocsin.app.upstreams.table import read_upstreams
from tocsin.areas import Country
from tocsin.config import address
from tocsin.desk.api import Api
from tocsin.errors import ConfigError, LogBroken, LogError
from tocsin.hub import Hub
from tocsin.log import Log, checked
from tocsin.log.note import public_of
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, Alert, AreaId, Contract, Kind, Realm, Signal, SourceId, Threat
from tocsin.public import frames
from tocsin.public.cap import Shelf
from tocsin.public.door import BEAT_S, SLICES, Door
from tocsin.public.drills import Drill
from tocsin.public.http import Connection
from tocsin.public.messages import DoorWithMessages
from tocsin.public.pages import Pages
from tocsin.public.site import Site
from tocsin.public.spoken import speak
from tocsin.views.history import PACK, History

_log = logging.getLogger("tocsin")

KEYS_S = 0.5  # how often keys are looked at: a revoked one is refused at once, its contract ends within this
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
        self.shelf = shelf
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
        return await asyncio.wrap_future(self.station.submit(key, kind, accepted))

    def holds(self, source: SourceId) -> list[tuple[AreaId, Threat]]:
        """Return what the board holds raised for a source."""
        return self.station.board.holds(source)

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


class Server:
    """`tocsin serve`."""

    def __init__(self, country: Country, settings: dict[str, Any]) -> None:
        self._country = country
        self._settings = settings
        self._folder = Path(settings["data"])
        self._outlets: dict[Realm, Outlet] = {}
        self._clock = WallClock()
        self._reserve = Reserve(self._folder / "reserve")
        tables = read_upstreams(settings, country.areas)
        self._upstreams = Upstreams(tables, country, self._outlet, self._clock.now)

    async def run(self, ready: Callable[[str, str], None]) -> None:
        """Serve until a signal says to stop.

        Args:
            ready: Told the addresses once both doors are open.
        """
        public, desk = (address(self._settings[name], name) for name in ("public", "desk"))
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        door = Desk(self._folder, [one.name for one in self._upstreams.tables])
        self._reserve.make()
        try:
            actual = self._outlet(Realm.ACTUAL)
            receipts = tell_channels(actual, self._folder, self._settings)
            actual.stand()
            actual.show_drills(door.announced)
            self._agree(door)
            listener = await actual.listen(*public)
            told = of_realm(lambda realm: self._outlet(realm).station, lambda: self._upstreams.listeners)
            api = door.api(self._country, self._outlet, self._clock, self._settings, receipts, told)
            async with serving(api.app, "--desk", *desk) as desk_at, self._metrics(api) as metrics_at:
                at = at_of(listener.sockets[0])
                self._note(at, desk_at, metrics_at)
                ready(at, desk_at)
                async with self._upstreams.listening(door.kept, self._folder):
                    await self._watch(door, stop)
                (self._folder / "server.json").unlink(missing_ok=True)
            listener.close()
        finally:
            for outlet in self._outlets.values():
                if outlet.channels is not None:
                    outlet.channels.stop()
                outlet.door.close()
                outlet.station.stop()
                outlet.figures.save()
            door.close()

    @contextlib.asynccontextmanager
    async def _metrics(self, api: Api) -> AsyncIterator[str | None]:
        """Serve the figures while the block runs, where that is asked for."""
        where = self._settings["metrics"]
        if where == "off":
            yield None
            return
        app = metrics_app(Exposition(lambda: map(reading_of, self._outlets.values()), api))
        async with serving(app, "metrics", *address(where, "metrics")) as at:
            yield at

    def _outlet(self, realm: Realm) -> Outlet:
        """Return a realm's outlet; it begins with the first key that needs it."""
        outlet = self._outlets.get(realm)
        if outlet is None:
            path = log_path(self._folder, realm)
            log = SqliteLog(path, realm=realm)
            own_map = map_path(self._folder)
            notice = None if realm is Realm.ACTUAL else f"{realm}, no present danger"
            kept = self._folder / "figures.json" if realm is Realm.ACTUAL else None
            signs = signing_key(self._folder)
            outlet = self._outlets[realm] = Outlet(
                self._country,
                log,
                self._clock,
                asyncio.get_running_loop(),
                notice=notice,
                limit=min(self._settings["connections"], descriptors() - 500),
                map_svg=own_map.read_bytes() if own_map.exists() else None,
                checkpoints=Checkpoints(path, self._country.areas, signs),
                reserve=self._reserve if realm is Realm.ACTUAL else None,
                reader=lambda: SqliteLog(path, append=False),
                note_key=public_of(signs),
                figures=Figures(self._clock.now(), kept),
                shelf=shelf_of(self._country, log, self._clock, self._folder, self._settings),
            )
        return outlet

    def _agree(self, door: Desk) -> None:
        """Let each realm's log say what the sources in force are contracted to report."""
        in_force: dict[Realm, set[SourceId]] = {realm: {PACK} for realm in self._outlets}
        for contract in door.contracts(self._settings, self._upstreams.contracts):
            in_force.setdefault(contract.realm, {PACK}).add(contract.source)
            self._outlet(contract.realm).station.agree(contract)
        for realm, names in in_force.items():
            station = self._outlets[realm].station
            for name in station.contracted() - names:
                station.agree(Contract(realm, name, (), ()))

    async def _watch(self, door: Desk, stop: asyncio.Event) -> None:
        beats = {asyncio.create_task(outlet.beats()) for outlet in self._outlets.values()}
        checks = [asyncio.create_task(outlet.check_rest()) for outlet in self._outlets.values()]
        checks += [asyncio.create_task(outlet.figures.keep()) for outlet in self._outlets.values()]
        stopped = asyncio.create_task(stop.wait())
        seen = door.keys.version()
        try:
            while not stop.is_set():
                done, _ = await asyncio.wait(
                    {stopped, *beats}, timeout=KEYS_S, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done & beats:
                    task.result()  # a beat only ends by an error
                if door.keys.version() != seen:
                    seen, before = door.keys.version(), set(self._outlets)
                    try:
                        self._agree(door)
                    except ConfigError as error:  # what was agreed stays; nothing ends by it
                        _log.error("a change at the desk is not followed: %s", error)
                    beats |= {
                        asyncio.create_task(self._outlets[realm].beats())
                        for realm in {*self._outlets} - before
                    }
        finally:
            for task in (*beats, *checks, stopped):
                task.cancel()

    def _note(self, public: str, desk: str, metrics: str | None) -> None:
        """Leave word where the doors are, for the commands that run beside the server."""
        note = self._folder / "server.json"
        channels = self._outlets[Realm.ACTUAL].channels
        push = None if channels is None else channels.push_at
        at = {"public": public, "desk": desk, "metrics": metrics, "push": push}
        note.write_bytes(msgspec.json.encode({"pid": os.getpid(), **at}))


def log_path(folder: Path, realm: Realm) -> Path:
    """Return where a realm's log lies: each has a file of its own, so that they never meet."""
    return folder / ("log.db" if realm is Realm.ACTUAL else f"{realm}.db")


def map_path(folder: Path) -> Path:
    """Return where the operator's own map lies, if there is one."""
    return folder / "map.svg"


def run(main: Callable[[], Any]) -> None:
    """Run a coroutine in the fastest loop there is here."""
    gc.freeze()
    if sys.platform == "win32":
        asyncio.run(main())
        return
    import uvloop

    uvloop.run(main())
