"""Silence: the feed or the server is stopped, killed or cut off, and no clear outlives it.

A feed is a process of its own that says all is clear every half second.  Where the feed is lost, the server
waits 3 s for it; where the server is lost, the usual 60 s, so that only the client can know.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.kills import Say
from tests.faults.mounts import INSIDE, cannot_be_apart
from tests.faults.reader import Reader
from tests.faults.victim import Victim, keys_of

SILENCE_S = 3.0
DEAD_FEED_S = SILENCE_S + 1.0  # every outlet says unknown within this after a feed fell silent
DEAD_SERVER_S = 15.0  # every client does, after its server fell silent
AREA = "UA80"
_OURS, _THEIRS = "10.83.0.1", "10.83.0.2"  # the two ends of a wire inside our own namespaces

FEED = """
import os, sys, time
from tests.faults.victim import ask
from tests.support import now
parent = os.getppid()
while os.getppid() == parent:  # it ends with whoever began it
    try:
        body = {"sent": now(), "raised": []}
        print(ask(sys.argv[1], "POST", "/v1/contact", body, sys.argv[2], 2.0)[0], flush=True)
    except OSError:
        pass
    time.sleep(0.5)
"""


class Feed:
    """A feed that holds nothing raised, in a process of its own."""

    def __init__(self, victim: Victim, key: str, through: list[str]) -> None:
        self._process = subprocess.Popen(
            [*through, sys.executable, "-c", FEED, victim.desk, key], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "204\n"

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Wire:
    """Two network namespaces with a wire between them; nothing leaves them."""

    def __init__(self) -> None:
        self._far = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        self.far = self._far.pid
        self.through = ["nsenter", "--net", "--target", str(self._far.pid), "--"]
        while os.readlink(f"/proc/{self._far.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        _ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self._far.pid))
        _ip("addr", "add", f"{_OURS}/24", "dev", "near")
        _ip("link", "set", "near", "up")
        for words in (["addr", "add", f"{_THEIRS}/24", "dev", "far"], ["link", "set", "far", "up"]):
            _ip(*words, through=self.through)

    def cut(self) -> None:
        """Cut it: packets are lost without a word."""
        _ip("link", "set", "far", "down", through=self.through)

    def close(self) -> None:
        """Remove it."""
        self._far.kill()
        self._far.wait()
        subprocess.run(["ip", "link", "del", "near"], capture_output=True, check=False)


def _ip(*words: str, through: list[str] | None = None) -> None:
    subprocess.run([*(through or []), "ip", *words], check=True, capture_output=True)


@contextmanager
def _cleared(home: Path, host: str, through: list[str], settings: str = "") -> Iterator[tuple[Victim, Feed]]:
    """Give a server that shows an area clear, and the feed that vouches for it."""
    home.mkdir(parents=True, exist_ok=True)
    folder = home / "data"
    folder.mkdir()
    key = keys_of(folder, ["feed"])["feed"]
    with Victim(folder, settings=settings, host=host) as victim:
        assert victim.start(), victim.errors()
        feed = Feed(victim, key, through)
        try:
            _until(lambda: _state(victim) == "clear", 5.0)
            yield victim, feed
        finally:
            feed.end()


def lose_the_feed(home: Path, how: str) -> dict[str, Any]:
    """Stop, kill or cut off a feed; return how long after it every outlet said unknown.

    Args:
        home: Where the data are made.
        how: ``stop``, ``kill`` or ``cut``.
    """
    wire = Wire() if how == "cut" else None
    host, through = (_OURS, wire.through) if wire else ("127.0.0.1", [])
    try:
        with (
            _cleared(home, host, through, f"silence_s = {SILENCE_S}\n") as (victim, feed),
            Reader(victim.public) as reader,
        ):
            _until(lambda: reader.state(AREA) == "clear", 5.0)
            time.sleep(random.uniform(0.7, 1.2))
            _lose(how, feed, None, wire)
            lost = time.monotonic()
            looks: dict[str, Callable[[], bool]] = {
                "board.json": lambda: _state(victim) == "unknown",
                "board.txt": lambda: (
                    f"\n{AREA} unknown" in victim.get(f"/v1/board.txt?areas={AREA}")[1].decode()
                ),
                "stream": lambda: reader.said(AREA) == "unknown",
                "client": lambda: reader.state(AREA) == "unknown",
            }
            return _times(looks, lost, DEAD_FEED_S, settle_s=SILENCE_S)
    finally:
        if wire:
            wire.close()


def lose_the_server(home: Path, how: str) -> dict[str, Any]:
    """Stop, kill or cut off a server; return how long after it a client showed unknown."""
    wire = Wire() if how == "cut" else None
    try:
        with (
            _cleared(home, _OURS if wire else "127.0.0.1", []) as (victim, _),
            Reader(victim.public, wire.far if wire else None) as reader,
        ):
            _until(lambda: reader.state(AREA) == "clear", 5.0)
            time.sleep(random.uniform(0.7, 1.2))
            _lose(how, None, victim, wire)
            lost = time.monotonic()
            return _times({"client": lambda: reader.state(AREA) == "unknown"}, lost, DEAD_SERVER_S)
    finally:
        if wire:
            wire.close()


def _lose(how: str, feed: Feed | None, victim: Victim | None, wire: Wire | None) -> None:
    if wire is not None:
        wire.cut()
        return
    whom = feed or victim
    assert whom is not None
    whom.send_signal(signal.SIGSTOP if how == "stop" else signal.SIGKILL)


def _times(
    looks: dict[str, Callable[[], bool]], lost: float, within_s: float, settle_s: float = 0.0
) -> dict[str, Any]:
    """Look at every outlet until each says unknown, and a while longer: none may go back to clear."""
    found: dict[str, float] = {}
    faults: list[str] = []
    end = lost + within_s + 3.0
    while time.monotonic() < end and len(found) < len(looks):
        for name, holds in looks.items():
            if name not in found and holds():
                found[name] = round(time.monotonic() - lost, 2)
        time.sleep(0.02)
    time.sleep(min(1.0, settle_s))
    for name, holds in looks.items():
        if name not in found:
            faults.append(f"{name} still shows a clear {end - lost:.0f} s after")
        elif found[name] > within_s:
            faults.append(f"{name} said unknown after {found[name]} s")
        elif not holds():
            faults.append(f"{name} went back from unknown")
    return {"unknown after, s": found, "faults": faults}


def measure(home: Path, say: Say, rounds: int = 1) -> dict[str, Any]:
    """Return the worst of every way to lose a feed or a server."""
    worst: dict[str, Any] = {}
    faults: list[str] = []
    skipped = None if INSIDE in os.environ else cannot_be_apart() or "not in a network namespace of its own"
    for name, lose in (("feed", lose_the_feed), ("server", lose_the_server)):
        for how in ("stop", "kill", "cut"):
            if how == "cut" and skipped:
                worst[f"{name} {how}"] = f"skipped: {skipped}"
                continue
            for number in range(rounds):
                result = lose(home / f"{name}-{how}-{number}", how)
                for outlet, seconds in result["unknown after, s"].items():
                    key = f"{name} {how}: {outlet}, s"
                    worst[key] = max(worst.get(key, 0.0), seconds)
                faults += [f"{name} {how}: {fault}" for fault in result["faults"]]
            say(f"{name} {how}: {result['unknown after, s']}")
    return {**worst, "faults": faults}


def _state(victim: Victim) -> str:
    return str(victim.board()["areas"][AREA]["threats"]["air"]["state"])


def _until(holds: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it does not come to a clear"
        time.sleep(0.02)
