"""A real server for the tests, with feeds that speak to its desk and readers that listen at its public door.

Everything goes over loopback, and everything ends by itself: leaving a block stops what it began.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from tocsin import wire
from tocsin.errors import ConfigError
from tocsin.log import Entry
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Alert, Contract, Kind, Realm

PATIENCE_S = 15.0  # a step of a test that takes longer than this has failed; two cores may be busy


def now(seconds: float = 0.0) -> str:
    """Return the time, so many seconds ahead, as a feed writes it."""
    return wire.stamp(datetime.now(UTC) + timedelta(seconds=seconds))


def tocsin(*words: object, timeout_s: float = 60.0, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, with no setting but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env=plain_environment(**env),
    )


def plain_environment(**more: str) -> dict[str, str]:
    """Return the environment without the settings of whoever runs the tests; lines are 200 wide."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **more}


def wait_until(holds: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """Return the first true value of a question that is asked again and again."""
    end = time.monotonic() + within_s
    while not (value := holds()):
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        time.sleep(0.02)
    return value


class RunningServer:
    """`tocsin serve` in a process of its own, on ports that were free.

    Args:
        data: The folder of the log and the keys.
        settings: Lines of a settings file.
    """

    def __init__(self, data: Path, settings: str = "") -> None:
        self.data = data
        self.public = self.desk = ""
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None
        self._http = httpx.Client(trust_env=False, timeout=PATIENCE_S)

    def __enter__(self) -> RunningServer:
        try:
            self.start()
        except BaseException:
            self.__exit__()  # a block that was not entered is not left either
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._http.close()

    def start(self) -> None:
        """Start it, and return when both doors are open and the standing raises are told."""
        self.data.mkdir(parents=True, exist_ok=True)
        command = ["serve", "--data", str(self.data), "--public", "127.0.0.1:0", "--desk", "127.0.0.1:0"]
        if self._settings:
            file = self.data / "settings.toml"
            file.write_text(self._settings, encoding="utf-8")
            command += ["--config", str(file)]
        with (self.data / "stderr.txt").open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", *command],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=plain_environment(),
            )
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[::2] == ["public", "desk", "data"], f"it said {words}; {self.errors()}"
        self.public, self.desk = words[1].rstrip("/"), words[3].rstrip("/")
        wait_until(lambda: self.state("UA44") == "raised", "the standing raises are told")

    def stop(self) -> float:
        """Ask it to stop; return the seconds it took.  It must end cleanly."""
        assert self._process is not None
        begun = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE_S)
        lasted = time.monotonic() - begun
        self.kill()
        assert code == 0, f"it ended with {code}: {self.errors()}"
        return lasted

    def kill(self) -> None:
        """End it at once, as a power cut would; do nothing if it has ended."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def errors(self) -> str:
        """Return what it printed to stderr since its folder was made."""
        return (self.data / "stderr.txt").read_text(encoding="utf-8")

    # Reading

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask the public door."""
        return self._http.get(self.public + path, **more)

    def get_desk(self, path: str, key: str | None = None) -> httpx.Response:
        """Ask the desk."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return self._http.get(self.desk + path, headers=headers)

    def board(self) -> Any:
        """Return the board as the public door shows it."""
        return self.get("/v1/board.json").json()

    def state(self, area: str) -> str:
        """Return the state of one area of any level."""
        return str(self.get(f"/v1/areas/{area}.json").json()["state"])

    def told(self, area: str, threat: str = "air") -> dict[str, Any]:
        """Return what one area of any level is told about a threat."""
        told: dict[str, Any] = self.get(f"/v1/areas/{area}.json").json()["threats"][threat]
        return told

    def entries(self, realm: Realm = Realm.ACTUAL) -> list[tuple[Entry, Kind]]:
        """Return the log, read beside the server."""
        name = "log.db" if realm is Realm.ACTUAL else f"{realm}.db"
        try:
            log = SqliteLog(self.data / name, append=False)
        except ConfigError:  # it is being made at this moment
            return []
        try:
            return [(entry, wire.decode(entry.body)) for entry in log.read() if entry.body is not None]
        finally:
            log.close()

    def said(self) -> list[int]:
        """Return the places of all alerts in the log."""
        return [entry.seq for entry, kind in self.entries() if isinstance(kind, Alert)]

    # Speaking

    def key(self, name: str, areas: str = "UA", threats: str = "*", realm: str = "actual") -> str:
        """Make a key, and return it when the running server has its contract."""
        made = tocsin("key", "add", name, "--areas", areas, "--threats", threats, "--realm", realm,
                      "--data", self.data)  # fmt: skip
        assert made.returncode == 0, made.stderr
        if self.running:
            wait_until(lambda: self._contracted(name, Realm(realm)), f"the contract of {name} is in force")
        return made.stdout.splitlines()[-1]

    def _contracted(self, name: str, realm: Realm) -> bool:
        return any(isinstance(kind, Contract) and kind.source == name for _, kind in self.entries(realm))

    def feed(self, name: str, areas: str = "UA", threats: str = "*", realm: str = "actual") -> Feed:
        """Return a feed with a key of its own."""
        return Feed(self, name, self.key(name, areas, threats, realm))

    def post(self, path: str, key: str | None, body: Any = None, **more: Any) -> httpx.Response:
        """Post to the desk: a value as JSON, or the ``content`` that is given."""
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        if "content" not in more:
            more["json"] = body
        return self._http.post(self.desk + path, headers={**headers, **more.pop("headers", {})}, **more)


class Feed:
    """Somebody who holds a key and speaks to the desk of a server."""

    def __init__(self, server: RunningServer, name: str, key: str) -> None:
        self.server = server
        self.name = name
        self.key = key
        self._count = 0

    def signal(self, area: str = "UA80", state: str = "raised", **more: Any) -> dict[str, Any]:
        """Return a signal of this moment, with an id of its own."""
        self._count += 1
        name = f"{self.name}-{time.time_ns()}-{self._count}"
        return {"id": name, "area": area, "threat": "air", "state": state, "sent": now(), **more}

    def send(self, body: Any) -> httpx.Response:
        """Post a signal as it is."""
        return self.server.post("/v1/signals", self.key, body)

    def say(self, area: str, state: str = "raised", **more: Any) -> int:
        """Say something that is taken; return its place in the log."""
        answer = self.send(self.signal(area, state, **more))
        assert answer.status_code == 201, answer.text
        return int(answer.json()["seq"])

    def contact(self, *raised: str, threat: str = "air") -> None:
        """Say that it is there and what it holds raised; return when the public door knows."""
        body = {"sent": now(), "raised": [[area, threat] for area in raised]}
        answer = self.server.post("/v1/contact", self.key, body)
        assert answer.status_code == 204, answer.text


# Listening


class Heard(NamedTuple):
    """One event of a stream, and when it came, in monotonic seconds."""

    event: str
    id: str | None
    data: Any
    at: float


class Listener:
    """A reader of `/v1/stream` over a bare socket, so that nothing waits in a library.

    Args:
        server: Whom it asks.
        query: What follows the path: ``?areas=UA80``.
        last: The header Last-Event-ID.
    """

    def __init__(self, server: RunningServer, query: str = "", last: str | None = None) -> None:
        self._server = server
        self._socket = connect(server.public)
        header = f"Last-Event-ID: {last}\r\n" if last is not None else ""
        self._socket.sendall(f"GET /v1/stream{query} HTTP/1.1\r\nHost: tocsin\r\n{header}\r\n".encode())
        self._seen = 0  # the place that the last event stood at
        self._waiting = b""
        self.head = self._piece(b"\r\n\r\n", time.monotonic() + PATIENCE_S).decode()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def next(self, within_s: float = PATIENCE_S) -> Heard:
        """Return the next event.

        Raises:
            TimeoutError: None came in time.
        """
        end = time.monotonic() + within_s
        while True:
            fields: dict[str, str] = {}
            for line in self._piece(b"\n\n", end).decode().splitlines():
                name, _, value = line.partition(": ")
                fields[name] = value
            if "event" in fields:
                heard = Heard(fields["event"], fields.get("id"), json.loads(fields["data"]), time.monotonic())
                self._seen = heard.data["seq"]
                return heard

    def next_but(self, event: str, within_s: float = PATIENCE_S) -> Heard:
        """Return the next event of any other kind."""
        end = time.monotonic() + within_s
        while (heard := self.next(max(0.01, end - time.monotonic()))).event == event:
            pass
        return heard

    def alerts(self, within_s: float = PATIENCE_S) -> list[Heard]:
        """Return the alerts from here to the last one that stands in the log at this moment."""
        last = max(self._server.said())
        end = time.monotonic() + within_s
        heard: list[Heard] = []
        while self._seen < last:
            heard.append(self.next_but("beat", max(0.01, end - time.monotonic())))
            assert heard[-1].event == "alert", heard[-1]
        return heard

    def ended(self, within_s: float = PATIENCE_S) -> bool:
        """Return whether the server ends the stream in time."""
        self._socket.settimeout(within_s)
        try:
            while self._socket.recv(65_536):
                pass
        except TimeoutError:
            return False
        return True

    def _piece(self, mark: bytes, end: float) -> bytes:
        while mark not in self._waiting:
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            data = self._socket.recv(65_536)
            if not data:
                raise ConnectionError(f"the stream ended behind {self._waiting!r}")
            self._waiting += data
        piece, _, self._waiting = self._waiting.partition(mark)
        return piece


def connect(url: str) -> socket.socket:
    """Return a socket to a server."""
    at = urlsplit(url)
    assert at.hostname is not None
    return socket.create_connection((at.hostname, at.port or 80), timeout=PATIENCE_S)


def exchange(url: str, sent: bytes, within_s: float = PATIENCE_S) -> bytes:
    """Send bytes and return all that comes until the server closes.

    Raises:
        TimeoutError: It does not close in time.
    """
    end = time.monotonic() + within_s
    received = b""
    with connect(url) as channel:
        channel.sendall(sent)
        while True:
            channel.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = channel.recv(65_536)
            except ConnectionResetError:
                return received
            if not data:
                return received
            received += data
