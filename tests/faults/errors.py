"""Errors: the disk refuses at one write or sync after the other, once or for a while, under load.

What must hold: nothing that was acknowledged is lost; who was not acknowledged was told so, with what to do;
the board is served all the time; `/readyz` says no while the disk refuses and yes again after; and the same
signals are taken then.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.kills import FEEDS, Say
from tests.faults.shim import FOR_EVER, Action, Shim, build
from tests.faults.victim import Ledger, Load, Victim, Witness, keys_of

SOON_S = 1.0  # within this `/readyz` says no, and the board answers
AGAIN_S = 10.0  # within this after the fault has ended, signals are taken again
READY_S = 15.0  # after "no space" it says yes when the reserve is there again, which is looked at every 10 s
ERRORS = (errno.ENOSPC, errno.EIO)


class Watch:
    """Somebody who looks at a page of the public door all the time, and notes what it answers and when."""

    def __init__(self, victim: Victim, path: str, pause_s: float) -> None:
        self._victim = victim
        self._path = path
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.seen: list[tuple[float, int]] = []  # when it was asked, and the status; 0 for no answer
        self.slowest_s = 0.0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopping.wait(self._pause_s):
            begun = time.monotonic()
            try:
                status, _ = self._victim.get(self._path, within_s=5.0)
            except OSError:
                status = 0
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            self.seen.append((begun, status))

    def first(self, status: int, after: float) -> float | None:
        """Return when it first answered so behind a moment."""
        return next((at for at, said in list(self.seen) if at >= after and said == status), None)

    def says_yes(self) -> bool:
        """Return whether its last answer was 200."""
        return bool(self.seen) and self.seen[-1][1] == 200


@dataclass
class Refusals:
    """What became of a number of faults."""

    faults_made: int = 0
    struck: int = 0
    told: int = 0
    promised: int = 0
    seen: int = 0
    slowest_board_s: float = 0.0
    slowest_no_s: float = 0.0
    slowest_again_s: float = 0.0
    at_start: dict[str, int] = field(default_factory=lambda: {"began": 0, "refused": 0})
    faults: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return them for a table."""
        return {
            "faults made": self.faults_made,
            "calls struck": self.struck,
            "acknowledged": self.promised,
            "seen by a subscriber": self.seen,
            "posts told 503": self.told,
            "slowest board, s": round(self.slowest_board_s, 3),
            "slowest /readyz no after the first refusal, s": round(self.slowest_no_s, 3),
            "slowest first signal after the fault, s": round(self.slowest_again_s, 3),
            "starts under a fault": self.at_start,
            "faults": self.faults,
        }


def refuse_while_running(home: Path, calls: list[int], lasting: bool, say: Say) -> Refusals:
    """Refuse at the n-th write or sync from some moment on, for each n and each error.

    Args:
        home: Where the folders are made.
        calls: The numbers n, from 1.
        lasting: Whether every call from there on is refused until `/readyz` says no; else only that one.
        say: Told how far it is.
    """
    result = Refusals()
    library = build(home)
    for error in ERRORS:
        folder = home / f"{errno.errorcode[error]}-{lasting}" / "data"
        folder.mkdir(parents=True)
        keys, ledger = keys_of(folder, FEEDS), Ledger()
        shim = Shim(library, f"{folder}/log.")
        with Victim(folder, shim) as victim:
            assert victim.start(), victim.errors()
            with Watch(victim, "/v1/board.json", 0.05) as board, Watch(victim, "/readyz", 0.01) as ready:
                with Witness(victim, ledger), Load(victim, keys, ledger, 0.001) as load:
                    for number in calls:
                        _one_fault(shim, load, ledger, ready, number, error, lasting, result)
                        if result.faults_made % 25 == 0:
                            say(f"{result.faults_made} of {len(calls) * len(ERRORS)}, "
                                f"{len(result.faults)} faults")  # fmt: skip
                if not _await(ready.says_yes, READY_S):
                    result.faults.append("/readyz does not say yes again")
                time.sleep(0.1)
                result.faults += ledger.check(folder, victim.board())
            _judge(result, victim, ledger, board, folder)
        shim.close()
    return result


def _one_fault(
    shim: Shim, load: Load, ledger: Ledger, ready: Watch, number: int, error: int, lasting: bool,
    result: Refusals,
) -> None:  # fmt: skip
    name = f"{errno.errorcode[error]} at call {number}{' and on' if lasting else ''}"
    refused = len(ledger.refused)
    shim.strike_next(number, Action.FAIL, error, calls=FOR_EVER // 2 if lasting else 1)
    if not shim.wait_for_a_hit(AGAIN_S):
        result.faults.append(f"{name}: never reached")
        return
    struck_at = shim.struck_at
    if lasting:
        _await(lambda: len(ledger.refused) > refused, SOON_S)
        first_no = _await(lambda: ready.first(503, struck_at), 3 * SOON_S)
        if first_no is None:
            result.faults.append(f"{name}: /readyz never said no; {len(ledger.refused) - refused} refused")
        else:
            result.slowest_no_s = max(result.slowest_no_s, first_no - struck_at)
            if first_no - struck_at > SOON_S:
                result.faults.append(f"{name}: /readyz said no after {first_no - struck_at:.2f} s")
    lifted_at = time.monotonic()
    result.struck += shim.hits
    shim.lift()
    if not _await(lambda: load.last_at > lifted_at, AGAIN_S):
        result.faults.append(f"{name}: nothing is taken {AGAIN_S} s after it has ended")
    elif error != errno.ENOSPC and not _await(lambda: ready.first(200, lifted_at), SOON_S):
        result.faults.append(f"{name}: /readyz does not say yes again")
    result.slowest_again_s = max(result.slowest_again_s, load.last_at - lifted_at if lasting else 0.0)
    result.faults_made += 1


def _judge(result: Refusals, victim: Victim, ledger: Ledger, board: Watch, folder: Path) -> None:
    """Compare at the end, and once more after a death and a new start."""
    refused = [status for _, status in board.seen if status != 200]
    if refused:
        result.faults.append(f"the board answered {refused}")
    if board.slowest_s > SOON_S:
        result.faults.append(f"the board took {board.slowest_s:.2f} s")
    result.slowest_board_s = max(result.slowest_board_s, board.slowest_s)
    for status, said in ledger.refused:
        if status != 503 or not said.get("detail") or not said.get("todo"):
            result.faults.append(f"a feed was answered {status}: {said}")
    if ledger.unanswered:
        result.faults.append(f"{ledger.unanswered} posts had no answer")
    result.told += len(ledger.refused)
    result.promised += len(ledger.promised)
    result.seen += len(ledger.seen)
    if "Traceback" in victim.errors():
        result.faults.append(f"the server printed a traceback: {victim.errors().strip().splitlines()[-1]}")
    victim.kill()
    if victim.start():
        result.faults += ledger.check(folder, victim.board())
    else:
        result.faults.append(f"it does not start afterwards: {victim.errors()}")


def refuse_at_start(home: Path, calls: list[int], say: Say) -> Refusals:
    """Refuse from the n-th write or sync of a start on a new folder: it begins, or says why and ends."""
    result = Refusals()
    library = build(home)
    for error in ERRORS:
        for number in calls:
            folder = home / f"start-{errno.errorcode[error]}-{number}" / "data"
            folder.mkdir(parents=True)
            keys_of(folder, FEEDS[:1])
            shim = Shim(library, f"{folder}/log.")
            shim.strike(number, Action.FAIL, error, calls=FOR_EVER // 2)
            with Victim(folder, shim) as victim:
                began = victim.start()
                time.sleep(0.05 if began else 0)
                result.at_start["began" if began else "refused"] += 1
                last = (victim.errors().strip().splitlines() or [""])[-1]
                if not began and not (last.startswith("tocsin: ") and "; " in last):
                    result.faults.append(
                        f"{os.strerror(error)} at call {number} of a start: it ended with {last!r}"
                    )
                victim.kill()
                shim.lift()
                if not victim.start() and "log.db is empty; " not in victim.errors():
                    result.faults.append(f"after call {number} it does not start: {victim.errors()}")
            result.faults_made += 1
            result.struck += shim.hits
            shim.close()
        say(f"{result.faults_made} of {len(calls) * len(ERRORS)} starts, {len(result.faults)} faults")
    return result


def _await(holds: Callable[[], Any], within_s: float) -> Any:
    end = time.monotonic() + within_s
    while not (value := holds()) and time.monotonic() < end:
        time.sleep(0.003)
    return value
