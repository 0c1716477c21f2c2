"""Kills: a server is ended at one write or sync after the other, and at random moments, and begins again.

The folder grows over 25 deaths, then a fresh one is taken: so the making of a log is struck too, and a start
on what a death left is itself struck by the next.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.shim import Action, Shim, build
from tests.faults.victim import Ledger, Load, Victim, Witness, keys_of

FEEDS = ["north", "east", "south", "west"]
DEATHS = 25  # on one folder
SLOW_S = 20.0  # a call that is not reached within this is not reached

Say = Callable[[str], None]


@dataclass
class Deaths:
    """What became of a number of kills."""

    kills: int = 0
    at_start: int = 0  # of them, before the doors were open
    promised: int = 0
    seen: int = 0
    unanswered: int = 0
    faults: list[str] = field(default_factory=list)
    empty_logs: int = 0

    def refuse(self, folder: Folder) -> None:
        """Count a start that was refused.  Only a log that was never finished may be, and it must say so."""
        last = (folder.victim.errors().strip().splitlines() or ["it said nothing"])[-1]
        if "log.db is empty; " in last and not folder.ledger.promised:
            self.empty_logs += 1
        else:
            self.faults.append(f"it does not start: {last}")

    def figures(self) -> dict[str, Any]:
        """Return them for a table."""
        return {
            "kills": self.kills,
            "before the doors opened": self.at_start,
            "acknowledged": self.promised,
            "seen by a subscriber": self.seen,
            "posts cut off": self.unanswered,
            "new logs that were left empty, and refused": self.empty_logs,
            "faults": self.faults,
        }


class Folder:
    """One data folder with its keys, its ledger and the shim that strikes its server."""

    def __init__(self, home: Path, library: Path, number: int) -> None:
        self.path = home / f"{number}" / "data"
        self.path.mkdir(parents=True)
        self.keys = keys_of(self.path, FEEDS)
        self.ledger = Ledger()
        self.shim = Shim(library, f"{self.path}/log.")
        self.victim = Victim(self.path, self.shim)

    def make_log(self) -> None:
        """Let a server begin and end in peace once."""
        assert self.victim.start(), self.victim.errors()
        self.victim.stop()

    def close(self, deaths: Deaths) -> None:
        """Begin once more in peace, compare, and count."""
        self.shim.reset()
        if self.victim.start():
            deaths.faults += self.ledger.check(self.path, self.victim.board())
        else:
            deaths.refuse(self)
        self.victim.kill()
        self.shim.close()
        deaths.promised += len(self.ledger.promised)
        deaths.seen += len(self.ledger.seen)
        deaths.unanswered += self.ledger.unanswered


def die_at_calls(
    home: Path, calls: list[int], say: Say, action: Action = Action.KILL, each: int = DEATHS
) -> Deaths:
    """End a server at each of these writes and syncs, counted from its start.

    Args:
        home: Where the folders are made.
        calls: Numbers from 1.
        say: Told how far it is.
        action: `Action.KILL`, or `Action.TEAR` where half of the write is to be done.
        each: Deaths on one folder.
    """
    deaths = Deaths()
    library = build(home)
    for begin in range(0, len(calls), each):
        folder = Folder(home, library, begin)
        if each > 1:
            folder.make_log()
        for number in calls[begin : begin + each]:
            folder.shim.reset()
            folder.shim.strike(number, action)
            _live_and_die(folder, deaths)
        folder.close(deaths)
        say(f"{deaths.kills} of {len(calls)} kills, {len(deaths.faults)} faults")
    return deaths


def die_at_random(home: Path, times: int, seed: int, say: Say) -> Deaths:
    """End a server at random moments under load."""
    chance = random.Random(seed)
    deaths = Deaths()
    library = build(home)
    for begin in range(0, times, DEATHS):
        folder = Folder(home, library, begin)
        for _ in range(begin, min(times, begin + DEATHS)):
            folder.shim.reset()
            _live_and_die(folder, deaths, after_s=chance.uniform(0.02, 0.5))
        folder.close(deaths)
        say(f"{deaths.kills} of {times} kills, {len(deaths.faults)} faults")
    return deaths


def _live_and_die(folder: Folder, deaths: Deaths, after_s: float | None = None) -> None:
    """Start, compare with all that was promised before, take load, and die."""
    victim = folder.victim
    opened = victim.start()
    if not opened:
        if folder.shim.hits:
            deaths.kills += 1
            deaths.at_start += 1
        else:
            deaths.refuse(folder)
        victim.kill()
        return
    try:
        board = victim.board()
    except OSError:  # it has died meanwhile
        board = None
    deaths.faults += folder.ledger.check(folder.path, board)
    try:
        with Witness(victim, folder.ledger), Load(victim, folder.keys, folder.ledger):
            _await_death(folder, after_s)
    except OSError:
        pass  # it died before the witness was there
    if after_s is None and not folder.shim.hits:
        deaths.faults.append("the call was never reached")
    deaths.kills += 1
    victim.kill()


def _await_death(folder: Folder, after_s: float | None) -> None:
    assert folder.victim.process is not None
    if after_s is None:
        folder.shim.wait_for_a_hit(SLOW_S)
        folder.victim.process.wait(SLOW_S)
    else:
        time.sleep(after_s)
        folder.victim.kill()
