"""One realm of a real server in this process: a log, a station with its thread, a door on loopback.

Its clock and its event loop are the test's own: time stands still until it is
put forward, and the loop turns only when something is waited for.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from tests.truth.model import Moment
from tocsin import wire
from tocsin.app import outlet
from tocsin.app.checkpoint import Checkpoints, signing_key
from tocsin.app.station import Receipt
from tocsin.areas import Country
from tocsin.log import Log
from tocsin.log.memory import MemoryLog
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Alert, Contact, Kind, Realm, SourceId
from tocsin.public.door import IDLE_S, SLICES
from tocsin.public.pages import Pages

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
PATIENCE_S = 10.0  # of real time: what takes longer has failed


_FILES = ("log.checkpoint", "log.db", "log.db-wal")  # in an order in which a disk may hold them


class Hands:
    """A clock that is put forward by hand; its wall time can also jump."""

    def __init__(self) -> None:
        self.moment = Moment(NOON, 0.0)

    def now(self) -> datetime:
        """Return the wall time, aware UTC."""
        return self.moment.wall

    def lasted(self) -> float:
        """Return seconds on a clock that never jumps."""
        return self.moment.lasted

    def put_forward(self, seconds: float, jump_s: float = 0.0) -> None:
        """Let time pass on both clocks, and the wall clock jump besides."""
        wall, lasted = self.moment
        self.moment = Moment(wall + timedelta(seconds=seconds + jump_s), lasted + seconds)


class Answered(NamedTuple):
    """What the door answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Side:
    """A realm's outlet, which can be stopped, or crash, and be started again.

    Args:
        country: The country.
        clock: Shared by all realms.
        loop: Where the door lives; turned by `wait`.
        folder: Where the log lies; None keeps it in memory.
        realm: Which realm.
        epoch: The name of a log in memory; by default a random one.
    """

    def __init__(
        self,
        country: Country,
        clock: Hands,
        loop: asyncio.AbstractEventLoop,
        folder: Path | None,
        realm: Realm = Realm.ACTUAL,
        epoch: str | None = None,
    ) -> None:
        self._epoch = epoch
        self.country = country
        self.clock = clock
        self.loop = loop
        self.realm = realm
        self.said: dict[int, Alert] = {}  # every alert in the log
        self.kinds: dict[int, tuple[datetime, Kind]] = {}
        self._folder = folder
        self._lives = 0
        self._kept: MemoryLog | None = None
        self._asker: socket.socket | None = None
        self._asked_at = 0.0
        self.start()

    # Beginning and ending

    def start(self) -> None:
        """Open the log and the door."""
        self.log = self._open()
        notice = None if self.realm is Realm.ACTUAL else f"{self.realm}, no present danger"
        with patch.object(outlet, "Pages", _pages_of):
            self.outlet = outlet.Outlet(
                self.country,
                self.log,
                self.clock,
                self.loop,
                notice=notice,
                checkpoints=self._checkpoints(),
                reader=lambda: SqliteLog(self._path(), append=False),
            )
        self.loop.run_until_complete(self.outlet.check_rest())
        self._listener = self.loop.run_until_complete(self.outlet.listen("127.0.0.1", 0))
        self.address = self._listener.sockets[0].getsockname()[:2]

    def _open(self) -> Log:
        if self._folder is None:
            self._kept = self._kept or MemoryLog(self.realm, self._epoch)
            return self._kept
        return SqliteLog(self._path(), realm=self.realm)

    def _checkpoints(self) -> Checkpoints | None:
        if self._folder is None:
            return None
        return Checkpoints(self._path(), self.country.areas, signing_key(self._folder))

    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder / f"{self.realm}-{self._lives}" / "log.db"

    def stop(self) -> None:
        """Finish what is waiting, and close everything."""
        if self._asker is not None:
            self._asker.close()
            self._asker = None
        self._listener.close()
        self.outlet.door.close()
        self.outlet.station.stop()
        self.turn()
        self.turn()

    def crash(self) -> None:
        """Stop as a power cut would: what comes next begins from what was on the disk at this moment."""
        if self._folder is not None:
            old = self._path()
            self._lives += 1
            self._path().parent.mkdir(parents=True)
            kept = [name for name in _FILES if old.with_name(name).exists()]
            for name in kept:  # nothing is moved from the WAL to the file so early
                shutil.copyfile(old.with_name(name), self._path().with_name(name))
        self.stop()
        if self._folder is not None:
            shutil.rmtree(old.parent)

    # Speaking

    def submit(self, key: str, kind: Kind) -> Future[Receipt]:
        """Hand something in, and wait for nothing."""
        return self.outlet.station.submit(key, kind)

    def say(self, key: str, kind: Kind) -> Receipt:
        """Hand something in; return when it is durable and the door was told.

        Raises:
            TocsinError: It was not taken.
        """
        return self.submit(key, kind).result(PATIENCE_S)

    def settle(self) -> None:
        """Let the station look at its clock, and the door tell everybody, signs of life included."""
        nobody = Contact(self.realm, SourceId("nobody"), held=False, sent=self.clock.now())
        for _ in range(2):  # what was lost with a source's silence can itself be too old: twice
            self.say("nothing", nobody)  # it says nothing new, so nothing of it is kept
        self.turn()
        for _ in range(SLICES):
            self.outlet.door.beat()
        self.read_log()

    def read_log(self) -> None:
        """Look at what is in the log now, behind what was seen."""
        for entry in self.log.read(max(self.kinds, default=0)):
            assert entry.body is not None
            kind = wire.decode(entry.body)
            self.kinds[entry.seq] = (entry.at, kind)
            if isinstance(kind, Alert):
                self.said[entry.seq] = kind

    # The event loop, and asking the door

    def turn(self) -> None:
        """Let the event loop do once what there is to do."""
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def wait(self, done: Callable[[], Any], what: str) -> Any:
        """Turn the loop until something is so; return what it is."""
        end = time.monotonic() + PATIENCE_S
        while not (value := done()):
            assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
            self.turn()
        return value

    def lasted(self) -> float:
        """Return seconds on the clock of the machine that its readers look at, too."""
        return self.clock.lasted()

    def connect(self) -> socket.socket:
        """Return a socket to the door, which never blocks."""
        one = socket.create_connection(self.address, timeout=PATIENCE_S)
        one.setblocking(False)
        return one

    def get(self, path: str, **headers: str) -> Answered:
        """Ask the door over one connection that is kept, as long as the door keeps it."""
        if self._asker is not None and self.clock.lasted() - self._asked_at > IDLE_S / 2:
            self._asker.close()
            self._asker = None
        if self._asker is None:
            self._asker = self.connect()
        self._asked_at = self.clock.lasted()
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._asker.sendall(f"GET {path} HTTP/1.1\r\nHost: tocsin\r\n{lines}\r\n".encode())
        received = bytearray()
        answer: Answered = self.wait(lambda: self._received(received), f"an answer to {path}")
        return answer

    def _received(self, received: bytearray) -> Answered | None:
        assert self._asker is not None
        received += read_some(self._asker)
        head, mark, body = bytes(received).partition(b"\r\n\r\n")
        if not mark:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if len(body) < int(headers.get("content-length", "0")):
            return None
        return Answered(int(first.split()[1]), headers, body)

    def get_json(self, path: str) -> Any:
        """Return what a path answers, decoded."""
        answer = self.get(path)
        assert answer.status == 200, answer
        return json.loads(answer.body)


_pages: dict[int, Pages] = {}


def _pages_of(country: Country, *more: Any) -> Pages:
    """Return a country's pages: one server makes them once, and some thousand need not make them again."""
    if id(country) not in _pages:
        _pages[id(country)] = Pages(country, *more)
    return _pages[id(country)]


def read_some(one: socket.socket) -> bytes:
    """Return what has come over a socket, perhaps nothing."""
    try:
        return one.recv(1 << 20)
    except BlockingIOError:
        return b""
