"""The server: one public door, one desk, and a station for each realm that is used."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from tocsin.app.cap_keys import shelf_of
from tocsin.app.channels import tell_channels
from tocsin.app.checkpoint import Checkpoints, signing_key
from tocsin.app.clock import WallClock
from tocsin.app.desk import Desk
from tocsin.app.figures import Figures
from tocsin.app.listen import at_of, descriptors, serving
from tocsin.app.metrics import Exposition, metrics_app, reading_of
from tocsin.app.outlet import Outlet
from tocsin.app.recorded import Recorded
from tocsin.app.reserve import Reserve
from tocsin.app.upstreams.overview import of_realm
from tocsin.app.upstreams.service import Upstreams
from tocsin.app.upstreams.table import read_upstreams
from tocsin.areas import Country
from tocsin.config import address
from tocsin.desk.api import Api
from tocsin.errors import ConfigError
from tocsin.log.note import public_of
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Contract, Realm, SourceId
from tocsin.views.history import PACK

_log = logging.getLogger("tocsin")

KEYS_S = 0.5  # how often keys are looked at: a revoked one is refused at once, its contract ends within this


class Server:
    """`tocsin serve`."""

    def __init__(self, country: Country, settings: dict[str, Any]) -> None:
        self._country = country
        self._settings = settings
        self._folder = Path(settings["data"])
        self._outlets: dict[Realm, Outlet] = {}
        self._clock = WallClock()
        self._reserve = Reserve(self._folder / "reserve")
        self._recorded = Recorded(self._folder, country.code)
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
                async with self._upstreams.listening(door.kept, self._folder), self._recorded.kept():
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
                leaves=self._recorded.leaves if realm is Realm.ACTUAL else None,
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
