"""A subscriber that does what the guide for integrators says, and nothing else."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from tests.truth.land import BOARD, PARENT
from tests.truth.model import around
from tests.truth.side import read_some

QUIET_S = 15.0  # without a beat for this long every clear is unknown


class Asked(Protocol):
    """A server that can be listened to."""

    def lasted(self) -> float:
        """Return seconds on the reader's own clock, which never jumps."""

    def connect(self) -> socket.socket:
        """Return a socket that never blocks."""

    def wait(self, done: Callable[[], Any], what: str) -> Any:
        """Return the first true answer to a question."""


class Client:
    """A reader of `/v1/stream`.

    Args:
        side: Whom it asks.
        wish: The areas it asks for; none is all.
        parent: What each area lies in, as the catalogue says.
        board: The areas of the board level.
    """

    def __init__(
        self,
        side: Asked,
        wish: tuple[str, ...] = (),
        parent: Mapping[str, str | None] = PARENT,
        board: Sequence[str] = BOARD,
    ) -> None:
        self.side = side
        self.wish = wish
        self._parent = parent
        self._board = board
        self.told: dict[str, dict[str, Any]] = {}  # area -> threat -> what it was told
        self.deadline: dict[str, float] = {}
        self.last: str | None = None  # the id to come back with
        self.base = 0  # the place of the last snapshot
        self.alerts: list[dict[str, Any]] = []  # since then
        self.resets = 0
        self.place = 0
        self._beat_at = 0.0
        self._beat_place = -1
        self._waiting = b""
        self._socket: socket.socket | None = None

    def connect(self, cursor: str | None = None) -> None:
        """Begin, or come back behind a cursor."""
        query = f"?areas={','.join(self.wish)}" if self.wish else ""
        header = f"Last-Event-ID: {cursor}\r\n" if cursor is not None else ""
        self._waiting, self._beat_place = b"", -1
        self._socket = self.side.connect()
        self._socket.sendall(f"GET /v1/stream{query} HTTP/1.1\r\nHost: tocsin\r\n{header}\r\n".encode())
        self.side.wait(self._began, "the stream begins")

    def _began(self) -> bool:
        self.read()
        return self._beat_place >= 0

    def close(self) -> None:
        """Go away."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def keep_up(self, place: int) -> None:
        """Read until a sign of life says that everything up to a place was told."""

        def caught_up() -> bool:
            self.read()
            return self._beat_place >= place

        self.side.wait(caught_up, f"a stream is told everything up to {place}")

    def read(self) -> None:
        """Take in what has come."""
        assert self._socket is not None
        self._waiting += read_some(self._socket)
        while b"\n\n" in self._waiting:
            piece, _, self._waiting = self._waiting.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in piece.decode().splitlines() if ": " in line)
            if "event" in fields:
                self.hear(fields["event"], fields.get("id"), json.loads(fields["data"]))

    def hear(self, event: str, name: str | None, data: dict[str, Any]) -> None:
        """Take in one event."""
        assert data["seq"] >= self.place or event == "reset", f"{event} goes back to {data['seq']}"
        self.place = data["seq"]
        self.last = name or self.last
        if event == "snapshot":
            self.told = {area: dict(entry["threats"]) for area, entry in data["areas"].items()}
            self.base, self.alerts = data["seq"], []
            self._count(data)
        elif event == "alert":
            assert not self.alerts or data["seq"] > self.alerts[-1]["seq"], "an alert came twice, or too late"
            self.alerts.append(data)
            for area in data["areas"]:
                self.told.setdefault(area, {})[data["threat"]] = data
            if "fresh_until" in data:
                for source in data["sources"]:
                    self.deadline[source] = self._now() + _left(data["fresh_until"], data)
        elif event == "beat":
            self._count(data)
        else:
            assert event == "reset", event
            self.told, self.deadline, self.alerts = {}, {}, []
            self.resets += 1

    def _count(self, data: dict[str, Any]) -> None:
        left = {source: _left(until, data) for source, until in data["fresh"].items()}
        assert all(seconds <= QUIET_S for seconds in left.values()), left
        self.deadline = {source: self._now() + seconds for source, seconds in left.items()}
        self._beat_at, self._beat_place = self._now(), data["seq"]

    def _now(self) -> float:
        return self.side.lasted()

    def hears_of(self, area: str) -> bool:
        """Return whether its wish takes an area in.  The root stands in no snapshot."""
        if self._parent[area] is None:
            return False
        return not self.wish or any(
            area in around(one, self._parent) or one in around(area, self._parent) for one in self.wish
        )

    def state(self, area: str, threat: str) -> str:
        """Return what it would show now."""
        entry = self._entry(area, threat)
        if entry is None:
            return "not_covered"
        if entry["state"] == "clear" and not self._is_fresh(entry["sources"]):
            return "unknown"
        return str(entry["state"])

    def _entry(self, area: str, threat: str) -> dict[str, Any] | None:
        for above in around(area, self._parent):
            if threat in self.told.get(above, {}):
                return dict(self.told[above][threat])
            if above in self._board:
                return None
        return None

    def _is_fresh(self, sources: Iterable[str]) -> bool:
        if self._now() - self._beat_at >= QUIET_S:
            return False
        return any(self.deadline.get(source, self._now()) > self._now() for source in sources)


def _left(until: str, data: dict[str, Any]) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(data["as_of"])).total_seconds()
