"""A full disk for real: somebody else's file takes all the room there is, and goes away again under load.

Two neighbours: one that is content when the disk is full, and one that goes on and takes every block that is
freed, as a runaway log file does.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.errors import AGAIN_S, READY_S, SOON_S, Watch
from tests.faults.kills import FEEDS, Say
from tests.faults.mounts import Disk, cannot_make, tmpfs
from tests.faults.victim import Ledger, Load, Victim, Witness, keys_of

RESERVED = 1_000  # raises that must be taken on the full disk
ENOUGH = 2_000  # signals, at which the loading stops: every other is a raise
FULL_S = 30.0  # how long at most it is loaded while the disk is full
_TMPFS_SIZE = "192m"


class Neighbour:
    """Somebody who fills the disk.

    Args:
        at: The mount point.
        greedy: Whether they go on when it is full.
    """

    def __init__(self, at: Path, greedy: bool) -> None:
        self._path = at / "ballast"
        self._file = self._path.open("wb", buffering=0)
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._fill()
        if greedy:
            self._thread.start()

    def leave(self) -> None:
        """Give all back."""
        self._gone.set()
        if self._thread.is_alive():
            self._thread.join()
        self._file.close()
        self._path.unlink()

    def _go_on(self) -> None:
        while not self._gone.wait(0.001):
            self._fill()

    def _fill(self) -> None:
        for piece in (bytes(1 << 20), bytes(1 << 12), b"x"):
            with contextlib.suppress(OSError):
                while not self._gone.is_set():
                    self._file.write(piece)
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())


def fill(home: Path, kind: str, say: Say, *, greedy: bool = False) -> dict[str, Any]:
    """Fill the disk of a server, load it, then make room again.

    Args:
        home: Where the filesystem is made.
        kind: ``tmpfs`` or ``ext4``.
        say: Told how it ended.
        greedy: Whether the neighbour takes what is freed.
    """
    why = cannot_make(kind)
    if why:
        return {"skipped": why}
    with _small(home / f"{kind.replace(' ', '-')}-{greedy}", kind) as at:
        result = _suffer(at, greedy)
    say(f"{kind}: {result['signals taken on the full disk']} signals taken on the full disk, "
        f"{len(result['faults'])} faults")  # fmt: skip
    return result


@contextmanager
def _small(home: Path, kind: str) -> Iterator[Path]:
    if kind == "tmpfs":
        with tmpfs(home / "data", _TMPFS_SIZE):
            yield home / "data"
    else:
        with Disk(home, kind) as disk:
            yield disk.at


def _suffer(at: Path, greedy: bool) -> dict[str, Any]:
    keys, ledger = keys_of(at, FEEDS), Ledger()
    result: dict[str, Any] = {}
    with Victim(at) as victim:
        assert victim.start(), victim.errors()
        with Load(victim, keys, ledger):
            time.sleep(0.5)
        with (
            Watch(victim, "/v1/board.json", 0.05) as board,
            Watch(victim, "/readyz", 0.01) as ready,
            Witness(victim, ledger),
        ):
            faults = _fill_and_load(victim, keys, ledger, ready, greedy, result)
            time.sleep(0.1)
            if victim.died():
                faults.append(f"the server ended by itself with {victim.died()}")
            else:
                faults += ledger.check(at, victim.board())
        faults += _judge(ledger, board)
        victim.kill()
        if victim.start():
            faults += ledger.check(at, victim.board())
        else:
            faults.append(f"it does not start afterwards: {victim.errors()}")
    result["posts told 503"] = len(ledger.refused)
    result["slowest board, s"] = round(board.slowest_s, 3)
    result["acknowledged"] = len(ledger.promised)
    result["faults"] = faults
    return result


def _fill_and_load(
    victim: Victim, keys: dict[str, str], ledger: Ledger, ready: Watch, greedy: bool, result: dict[str, Any]
) -> list[str]:
    """Fill the disk, load the server until it refuses or has taken enough, and make room again."""
    faults: list[str] = []
    neighbour = Neighbour(victim.folder, greedy)
    full_at = time.monotonic()
    with Load(victim, keys, ledger) as load:
        while not ledger.refused and load.taken < ENOUGH and time.monotonic() < full_at + FULL_S:
            time.sleep(0.002)
        refused_at = time.monotonic() if ledger.refused else None
        result["signals taken on the full disk"] = load.taken
        result["refused in the end"] = refused_at is not None
        time.sleep(SOON_S)
        if refused_at is not None:
            no_at = ready.first(503, full_at)
            result["/readyz no after the first refusal, s"] = no_at and round(max(0.0, no_at - refused_at), 3)
            if no_at is None or no_at - refused_at > SOON_S:
                faults.append(f"/readyz said no at {no_at}, the first refusal was at {refused_at}")
        neighbour.leave()
        room_at = time.monotonic()
        while load.last_at < room_at and time.monotonic() < room_at + AGAIN_S:
            time.sleep(0.01)
        if load.last_at < room_at:
            faults.append("nothing is taken when there is room again")
        result["first signal when there is room, s"] = round(load.last_at - room_at, 3)
    while (yes_at := ready.first(200, room_at)) is None and time.monotonic() < room_at + READY_S:
        time.sleep(0.02)
    result["/readyz yes when there is room, s"] = yes_at and round(yes_at - room_at, 2)
    if yes_at is None:
        faults.append("/readyz does not say yes when there is room again")
    return faults


def _judge(ledger: Ledger, board: Watch) -> list[str]:
    faults = [
        f"the board answered {status}"
        for status in sorted({status for _, status in board.seen})
        if status != 200
    ]
    faults += [
        f"a feed was answered {status}: {said}"
        for status, said in ledger.refused
        if status != 503 or not said.get("todo")
    ]
    if board.slowest_s > SOON_S:
        faults.append(f"the board took {board.slowest_s:.2f} s")
    return faults
