"""A real server that is to suffer, the load on it, a witness on its stream, and what all of them remember.

Whoever was answered 201 has a promise.  The ledger holds every promise and everything that a subscriber
saw, and compares them with the log afterwards.
"""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.faults.shim import Shim
from tests.support import connect, now, plain_environment
from tocsin import wire
from tocsin.countries import load
from tocsin.desk.keys import Keys, Principal
from tocsin.log import checked
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Alert, AreaId, Realm, Signal, SourceId, Threat
from tocsin.public import frames
from tocsin.warn.board import Board

COUNTRY = load("ua")
AREAS = [area for area in COUNTRY.areas.board if area not in ("UA01", "UA44")]
_ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
START_S = 60.0  # a start that takes longer hangs


def keys_of(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Make a key for each feed, and return them by name."""
    keys = Keys(folder)
    try:
        return {
            name: keys.add(
                Principal(SourceId(name), (AreaId("UA"),), (Threat("*"),), Realm.ACTUAL), datetime.now(UTC)
            )
            for name in names
        }
    finally:
        keys.close()


class Victim:
    """`tocsin serve` on a folder, in a process of its own; it may die at any moment.

    Args:
        folder: The data.
        shim: What strikes it.
        settings: Lines of a settings file.
        through: Words before the command: ``nsenter`` into a namespace, say.
        host: Where its doors listen.
    """

    def __init__(
        self,
        folder: Path,
        shim: Shim | None = None,
        *,
        settings: str = "",
        through: Sequence[str] = (),
        host: str = "127.0.0.1",
    ) -> None:
        self.folder = folder
        self.public = self.desk = ""
        self.process: subprocess.Popen[str] | None = None
        self._shim = shim
        self._settings = settings
        self._through = list(through)
        self._host = host

    def __enter__(self) -> Victim:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> bool:
        """Start it; return whether it opened its doors.  If not, it has ended."""
        serve = [
            "serve",
            "--data",
            str(self.folder),
            "--public",
            f"{self._host}:0",
            "--desk",
            f"{self._host}:0",
        ]
        if self._settings:
            file = self.folder.with_name(self.folder.name + ".toml")
            file.write_text(self._settings, encoding="utf-8")
            serve += ["--config", str(file)]
        with self.errors_at.open("wb") as errors:
            self.process = subprocess.Popen(
                [*_ENDS_WITH_US, *self._through, sys.executable, "-m", "tocsin", *serve],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=plain_environment(**(self._shim.environment if self._shim else {})),
            )
        hung = threading.Timer(START_S, self.process.kill)
        hung.start()
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        hung.cancel()
        if words[::2] != ["public", "desk", "data"]:
            self.process.kill()  # if it still lives it says something else than it should
            self.process.wait()
            return False
        self.public, self.desk = words[1].rstrip("/"), words[3].rstrip("/")
        return True

    @property
    def errors_at(self) -> Path:
        """Where what it prints to stderr goes: beside the folder, which may be full."""
        return self.folder.with_name(self.folder.name + ".stderr")

    def errors(self) -> str:
        """Return what it printed to stderr since it was started last."""
        return self.errors_at.read_text(encoding="utf-8", errors="replace")

    def died(self) -> int | None:
        """Return the code it ended with, if it ended by itself: -7 is SIGBUS."""
        return self.process.poll() if self.process is not None else None

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def stop(self) -> int:
        """Ask it to end, and return its code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.kill()
        return code

    def get(self, path: str, within_s: float = 10.0) -> tuple[int, bytes]:
        """Ask the public door.

        Raises:
            OSError: It does not answer in time.
        """
        return ask(self.public, "GET", path, within_s=within_s)

    def board(self) -> Any:
        """Return the board as the public door shows it."""
        return json.loads(self.get("/v1/board.json")[1])


def ask(
    url: str, method: str, path: str, body: Any = None, key: str | None = None, within_s: float = 10.0
) -> tuple[int, bytes]:
    """Make one request on a connection of its own."""
    at = urlsplit(url)
    channel = http.client.HTTPConnection(str(at.hostname), at.port, timeout=within_s)
    try:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        channel.request(method, path, None if body is None else json.dumps(body), headers)
        answer = channel.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        channel.close()


class Ledger:
    """What was promised about one folder, and what was seen of it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.promised: dict[str, tuple[int, dict[str, Any]]] = {}  # key -> its place, and what was posted
        self.refused: list[tuple[int, dict[str, Any]]] = []  # every answer that is neither 200 nor 201
        self.unanswered = 0
        self.seen: dict[int, dict[str, Any]] = {}  # place -> what a subscriber was told
        self.sights: list[tuple[int, int]] = []  # each listening: the snapshot's place, the last that it saw
        self.deaf = False  # nothing that comes is noted: the power is off

    def check(self, folder: Path, board: Any = None) -> list[str]:
        """Return every promise that the log does not keep, and everything seen or shown that is not in it.

        Args:
            folder: The data; a server may run on it.
            board: What `/v1/board.json` says.
        """
        faults: list[str] = []
        log = SqliteLog(folder / "log.db", append=False)
        try:
            fold, alerts, found = Board(COUNTRY.areas, Realm.ACTUAL), {}, {}
            for entry in checked(log):
                assert entry.body is not None
                kind = wire.decode(entry.body)
                if board is None or entry.seq <= board["seq"]:
                    fold.learn(entry.seq, entry.at, kind)
                if isinstance(kind, Alert):
                    alerts[entry.seq] = kind
                elif isinstance(kind, Signal):
                    found[entry.key] = (entry.seq, kind)
            faults += self._check_promises(found)
            faults += self._check_seen(alerts, log.epoch)
            if board is not None:
                faults += _check_board(board, fold, log.epoch)
        finally:
            log.close()
        return faults

    def _check_promises(self, found: dict[str, tuple[int, Signal]]) -> list[str]:
        faults = []
        for key, (seq, posted) in self.promised.items():
            there = found.get(key)
            if there is None:
                faults.append(f"{key} was acknowledged at {seq} and is lost")
            elif there[0] != seq or (there[1].area, there[1].state) != (posted["area"], posted["state"]):
                faults.append(f"{key} was acknowledged at {seq}, and {there} stands in the log")
        return faults

    def _check_seen(self, alerts: dict[int, Alert], epoch: str) -> list[str]:
        faults = []
        for seq, data in self.seen.items():
            if seq not in alerts or data["epoch"] != epoch:
                faults.append(f"a subscriber saw alert {seq}, which is not in the log")
            elif (why := _differs(data, alerts[seq])) is not None:
                faults.append(f"a subscriber saw alert {seq} with {why}")
        for begin, last in self.sights:
            missed = [seq for seq in alerts if begin < seq <= last and seq not in self.seen]
            if missed:
                faults.append(f"a subscriber from {begin} to {last} never saw {missed}")
        return faults


def _differs(data: dict[str, Any], alert: Alert) -> str | None:
    moment = frames.Moment(
        data["epoch"],
        data["seq"],
        alert.realm,
        datetime.fromisoformat(data["as_of"]),
        {name: datetime.max.replace(tzinfo=UTC) for name in alert.sources},
        None,
    )
    true = frames.alert_json(alert, moment)
    if data["state"] == "unknown" and true["state"] == "clear":
        return None  # nobody vouched for it when it was told: that side is right
    for name in {*true, *data} - {"fresh_until"}:
        if true.get(name) != data.get(name):
            return f"{name} {data.get(name)!r}, the log says {true.get(name)!r}"
    return None


def _check_board(board: Any, fold: Board, epoch: str) -> list[str]:
    fresh = {SourceId(name): datetime.fromisoformat(until) for name, until in board["fresh"].items()}
    as_of = datetime.fromisoformat(board["as_of"])
    moment = frames.Moment(epoch, board["seq"], Realm.ACTUAL, as_of, fresh, None)
    true = frames.board_json(fold.told, COUNTRY.areas, moment)
    if json.loads(frames.to_bytes(true)) == board:
        return []
    wrong = [area for area in {*true["areas"], *board["areas"]}
             if true["areas"].get(area) != board["areas"].get(area)]  # fmt: skip
    return [f"the board at {board['seq']} differs from the log in {sorted(wrong)}"]


class Load:
    """Feeds that raise and clear areas one after the other, as fast as they are answered.

    A feed that is told 503 says the same again, as the guide for feeds asks.

    Args:
        victim: Whose desk they speak to.
        keys: A key for each of them.
        ledger: Where their promises are kept.
        pause_s: How long each rests between two signals.
    """

    def __init__(self, victim: Victim, keys: dict[str, str], ledger: Ledger, pause_s: float = 0.0) -> None:
        self._victim = victim
        self._ledger = ledger
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self.taken = 0  # signals that were acknowledged
        self.last_at = 0.0
        self._threads = [
            threading.Thread(target=self._feed, args=(name, key, AREAS[number :: len(keys)]), daemon=True)
            for number, (name, key) in enumerate(keys.items())
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _feed(self, name: str, key: str, areas: list[AreaId]) -> None:
        at = urlsplit(self._victim.desk)
        channel = http.client.HTTPConnection(str(at.hostname), at.port, timeout=20)
        number = 0
        with suppress(OSError, http.client.HTTPException):
            while not self._stopping.is_set():
                state = "clear" if number // len(areas) % 2 else "raised"
                body = {"id": f"{time.time_ns()}-{number}", "area": areas[number % len(areas)],
                        "threat": "air", "state": state, "sent": now()}  # fmt: skip
                if not self._say(channel, name, key, body):
                    break
                number += 1
                time.sleep(self._pause_s)
        channel.close()

    def _say(self, channel: http.client.HTTPConnection, name: str, key: str, body: dict[str, Any]) -> bool:
        """Say one thing until it is taken; return False where it was not by the end."""
        while True:
            try:
                channel.request("POST", "/v1/signals", json.dumps(body), {"Authorization": f"Bearer {key}"})
                answer = channel.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                with self._ledger.lock:
                    self._ledger.unanswered += 1
                raise
            try:
                said = json.loads(text)
            except ValueError:  # an error that nobody thought of
                said = {"detail": text.decode(errors="replace")}
            with self._ledger.lock:
                if self._ledger.deaf:
                    return False
                if answer.status in (200, 201):
                    self._ledger.promised[f"signal/{name}/{body['id']}"] = (said["seq"], body)
                    self.taken += 1
                    self.last_at = time.monotonic()
                    return True
                self._ledger.refused.append((answer.status, said))
            if answer.status != 503 or self._stopping.wait(0.02):
                return False


class Witness:
    """A subscriber that notes everything it sees, until the stream ends.

    Args:
        victim: Whose stream it reads.
        ledger: Where it notes it.
    """

    def __init__(self, victim: Victim, ledger: Ledger) -> None:
        self._ledger = ledger
        self._socket: socket.socket = connect(victim.public)
        self._socket.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: tocsin\r\n\r\n")
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Witness:
        self._thread.start()
        self._began.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        waiting, begin, last = b"", 0, 0
        self._socket.settimeout(None)
        with suppress(OSError):
            while data := self._socket.recv(65_536):
                *pieces, waiting = (waiting + data).split(b"\n\n")
                for piece in pieces:
                    fields = dict(line.split(": ", 1) for line in piece.decode().splitlines() if ": " in line)
                    if fields.get("event") == "snapshot":
                        begin = last = json.loads(fields["data"])["seq"]
                        self._began.set()
                    elif fields.get("event") == "alert":
                        said = json.loads(fields["data"])
                        assert fields["id"] == f"{said['epoch']}-{said['seq']}", fields["id"]
                        with self._ledger.lock:
                            if self._ledger.deaf:
                                continue
                            last = said["seq"]
                            self._ledger.seen[last] = said
        with self._ledger.lock:
            self._ledger.sights.append((begin, last))
