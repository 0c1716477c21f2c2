"""A client that follows the guide for integrators, and shows what it may show at every moment."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from tests.support import connect
from tocsin.countries import load
from tocsin.model import AreaId

QUIET_S = 15.0  # no beat for so long: every clear is unknown
_NETWORK = 0x40000000  # CLONE_NEWNET
_AREAS = load("ua").areas


class Reader:
    """A reader of the stream that counts freshness on its own clock.

    Args:
        url: The public door.
        namespace: A process whose network it reads from; by default its own.
    """

    def __init__(self, url: str, namespace: int | None = None) -> None:
        self._url = url
        self._namespace = namespace
        self._told: dict[str, dict[str, Any]] = {}
        self._deadline: dict[str, float] = {}
        self._beat_at = 0.0
        self._began = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        assert self._began.wait(10), "no snapshot came"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._socket is not None
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def said(self, area: str, threat: str = "air") -> str:
        """Return what the stream said last of an area, whatever became of its freshness."""
        return str(self._entry(area, threat).get("state"))

    def state(self, area: str, threat: str = "air") -> str:
        """Return what it shows now."""
        entry = self._entry(area, threat)
        if entry.get("state") == "clear" and not self._is_fresh(entry["sources"]):
            return "unknown"
        return str(entry.get("state"))

    def _entry(self, area: str, threat: str) -> dict[str, Any]:
        for above in _AREAS.chain(AreaId(area)):
            if threat in self._told.get(above, {}):
                return dict(self._told[above][threat])
        return {}

    def _is_fresh(self, sources: list[str]) -> bool:
        now = time.monotonic()
        return now - self._beat_at < QUIET_S and any(self._deadline.get(name, now) > now for name in sources)

    def _listen(self) -> None:
        if self._namespace is not None:  # of this thread alone
            handle = os.open(f"/proc/{self._namespace}/ns/net", os.O_RDONLY)
            assert ctypes.CDLL(None).setns(handle, _NETWORK) == 0
            os.close(handle)
        self._socket = connect(self._url)
        self._socket.settimeout(None)
        self._socket.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: tocsin\r\n\r\n")
        waiting = b""
        with suppress(OSError):
            while data := self._socket.recv(65_536):
                *pieces, waiting = (waiting + data).split(b"\n\n")
                for piece in pieces:
                    fields = dict(line.split(": ", 1) for line in piece.decode().splitlines() if ": " in line)
                    if "event" in fields:
                        self._hear(fields["event"], json.loads(fields["data"]))

    def _hear(self, event: str, data: dict[str, Any]) -> None:
        if event == "snapshot":
            self._told = {area: dict(entry["threats"]) for area, entry in data["areas"].items()}
            self._count(data)
            self._began.set()
        elif event == "alert":
            for area in data["areas"]:
                self._told.setdefault(area, {})[data["threat"]] = data
            if "fresh_until" in data:
                for source in data["sources"]:
                    self._deadline[source] = time.monotonic() + _left(data["fresh_until"], data)
        elif event == "beat":
            self._count(data)
        elif event == "reset":
            self._told, self._deadline = {}, {}

    def _count(self, data: dict[str, Any]) -> None:
        now = time.monotonic()
        self._deadline = {source: now + _left(until, data) for source, until in data["fresh"].items()}
        self._beat_at = now


def _left(until: str, data: dict[str, Any]) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(data["as_of"])).total_seconds()
