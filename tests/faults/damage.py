"""Damage: bits that fall over, and a log that somebody edited, cut, forked or put in another order.

Each is done to a copy of one log.  A server that starts on it shows the true board or none; `checked` finds
each change of an entry; and what a quick start does not look at is found by the check that follows it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.kills import Say
from tests.faults.victim import AREAS, COUNTRY
from tocsin.app import fold as folding
from tocsin.app.checkpoint import Checkpoints, signing_key
from tocsin.app.outlet import Outlet
from tocsin.errors import LogBroken, TocsinError
from tocsin.log import Entry, Log, checked
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, AreaId, Contact, Contract, Kind, Realm, Signal, SourceId, Threat

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
FEEDS = [SourceId("north"), SourceId("south")]
AIR = Threat("air")
TAIL = 60  # entries before a checkpoint that a quick start reads; 30,000 in life
CHANGES = 500  # signals in the log


class Clock:
    """A clock that stands still, so that two boards can be compared to the letter."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON

    def lasted(self) -> float:
        """Return that no time has gone by."""
        return 0.0


class OldCheckpoints(Checkpoints):
    """Checkpoints of a server that is killed before it keeps a newer one."""

    def keep(self, log: Log, body: bytes, now: datetime) -> None:
        """Keep nothing."""


class Original:
    """One log, its checkpoint and its key, in two forms: closed in peace, and left by a kill.

    Args:
        home: Where it is made.
    """

    def __init__(self, home: Path) -> None:
        self.closed, self.killed = home / "closed", home / "killed"
        logging.getLogger("tocsin").disabled = True  # it would tell of three thousand damaged logs
        self._loop = asyncio.new_event_loop()
        with quick(False):
            outlet = open_outlet(self.closed, self._loop)
            chance = random.Random(1)
            for feed in FEEDS:
                outlet.station.agree(Contract(Realm.ACTUAL, feed, (AreaId("UA"),), (AIR,)))
                self._tell(outlet, feed)
            for number in range(CHANGES):
                self._signal(outlet, number, chance)
            outlet.station.stop()
            self._grow(home, chance)
            self.board = board_of(self._loop, self.closed, home / "try-closed")
            self.board_killed = board_of(self._loop, self.killed, home / "try-killed")
        self.entries = entries_of(self.closed, home / "look-closed")
        self.entries_killed = entries_of(self.killed, home / "look-killed")

    def _grow(self, home: Path, chance: random.Random) -> None:
        """Let the log grow behind its checkpoint, and copy it while the server lives: as after a kill."""
        shutil.copytree(self.closed, home / "lives")
        outlet = open_outlet(home / "lives", self._loop, keep=False)
        for number in range(CHANGES, CHANGES + 50):
            self._signal(outlet, number, chance)
        self.last_transaction = (home / "lives" / "log.db-wal").stat().st_size
        self._signal(outlet, CHANGES + 50, chance)
        shutil.copytree(home / "lives", self.killed)
        outlet.station.stop()

    def _tell(self, outlet: Outlet, feed: SourceId) -> None:
        contact = Contact(Realm.ACTUAL, feed, held=True, sent=NOON)
        outlet.station.submit(f"contact/{feed}/{outlet.station.log.head.seq}", contact).result()

    def _signal(self, outlet: Outlet, number: int, chance: random.Random) -> None:
        feed, area = FEEDS[number % 2], chance.choice(AREAS)
        act = Act.RAISED if number % 3 else Act.CLEAR
        sent = NOON - timedelta(seconds=800 - number)
        signal = Signal(Realm.ACTUAL, feed, f"{number}", area, AIR, act, sent, text="drones" * (number % 5))
        with suppress(TocsinError):  # an all clear for what was never raised
            outlet.station.submit(f"signal/{feed}/{number}", signal).result()

    def close(self) -> None:
        """Close the loop that its outlets run in."""
        self._loop.close()
        logging.getLogger("tocsin").disabled = False

    def run(self, coroutine: Any) -> None:
        """Run something to its end."""
        self._loop.run_until_complete(coroutine)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that outlets are opened in."""
        return self._loop


@contextmanager
def quick(short: bool) -> Iterator[None]:
    """Let starts be quick for a log of a thousand entries, as they are in life for one of a million."""
    before = folding._TAIL
    folding._TAIL = TAIL if short else before
    try:
        yield
    finally:
        folding._TAIL = before


def open_outlet(folder: Path, loop: asyncio.AbstractEventLoop, keep: bool = True) -> Outlet:
    """Start on a folder as a server does."""
    path = folder / "log.db"
    log = SqliteLog(path)
    try:
        kind = Checkpoints if keep else OldCheckpoints
        made = kind(path, COUNTRY.areas, signing_key(folder))
        return Outlet(
            COUNTRY, log, Clock(), loop, checkpoints=made, reader=lambda: SqliteLog(path, append=False)
        )
    except BaseException:
        log.close()
        raise


def shown(outlet: Outlet) -> Any:
    """Return what the outlet shows of every area when its feeds are there again."""
    for feed in FEEDS:
        contact = Contact(Realm.ACTUAL, feed, held=True, sent=NOON)
        outlet.station.submit(f"contact/{feed}/back", contact).result()
    outlet.station.submit("contact/nobody", _nothing()).result()  # behind it, all is passed on
    done: list[Any] = []

    async def look() -> None:
        await asyncio.sleep(0)
        done.append(outlet.board()["areas"])

    outlet._loop.run_until_complete(look())
    return done[0]


def _nothing() -> Kind:
    return Contract(Realm.ACTUAL, FEEDS[0], (AreaId("UA"),), (AIR,))


def board_of(loop: asyncio.AbstractEventLoop, original: Path, copy: Path) -> Any:
    """Return the true board."""
    shutil.copytree(original, copy)
    outlet = open_outlet(copy, loop)
    try:
        return shown(outlet)
    finally:
        outlet.station.stop()


def entries_of(original: Path, copy: Path) -> list[Entry]:
    """Return what stands in a log."""
    shutil.copytree(original, copy)
    log = SqliteLog(copy / "log.db", append=False)
    try:
        return list(log.read())
    finally:
        log.close()


@dataclass
class Found:
    """What became of a number of changes."""

    made: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return them for a table."""
        return {"changes": self.made, **dict(sorted(self.outcomes.items())), "faults": self.faults}


class Change:
    """One change of a folder, and what may be expected of it.

    Args:
        name: What it is.
        do: Makes it.
        killed: Whether it is made to what a kill left.
        relinked: Whether the chain fits: only the signed checkpoint can tell.
        torn: Whether it looks like the torn end of the WAL, which nothing can tell from damage.
    """

    def __init__(
        self, name: str, do: Callable[[Path], None], *, killed: bool = False, relinked: bool = False,
        torn: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.do = do
        self.killed = killed
        self.relinked = relinked
        self.torn = torn


def judge(original: Original, change: Change, home: Path, short: bool, found: Found) -> None:
    """Make a change to copies, look with `checked`, and start on it."""
    source = original.killed if change.killed else original.closed
    true = original.entries_killed if change.killed else original.entries
    board = original.board_killed if change.killed else original.board
    for name in ("look", "start"):
        shutil.rmtree(home / name, ignore_errors=True)
        shutil.copytree(source, home / name)
        change.do(home / name)
    found.made += 1
    live, seen = _look(home / "look" / "log.db", true)
    if live and not seen and not change.relinked and not change.torn:
        found.faults.append(f"{change.name}: entries are changed, and `checked` does not find it")
    with quick(short):
        outcome, wrong = _start(original, home / "start", board)
    found.outcomes[outcome] += 1
    if change.torn:
        found.outcomes["of these, the last transaction of the WAL: dropped as a torn one is"] += live
    elif wrong:
        found.faults.append(f"{change.name}: {wrong}")
    elif live and outcome.startswith("started"):
        found.faults.append(f"{change.name}: entries are changed, and a server relies on it: {outcome}")


def _look(path: Path, true: list[Entry]) -> tuple[bool, bool]:
    """Return whether an entry is changed or missing, and whether `checked` says so."""
    try:
        log = SqliteLog(path, append=False)
    except TocsinError:
        return True, True
    try:
        try:
            live = list(log.read()) != true
        except TocsinError:
            live = True
        try:
            seen = len(list(checked(log))) < 0
        except LogBroken:
            seen = True
        return live, seen
    finally:
        log.close()


def _start(original: Original, folder: Path, board: Any) -> tuple[str, str | None]:
    """Return how a start went, and what is wrong with what it shows."""
    try:
        outlet = open_outlet(folder, original.loop)
    except TocsinError:
        return "refused at the start", None
    except Exception as error:
        return "refused with a fault of ours", f"it ends with {type(error).__name__}: {error}"
    try:
        unchecked = outlet._unchecked
        if unchecked and outlet.ready() is None:
            return "started", "it says that it is ready before all is checked"
        try:
            now = shown(outlet)
        except TocsinError:
            return "refused when it had to write", None
        if now != board:
            wrong = [area for area in board if now.get(area) != board[area]]
            return "started", f"it shows another board: {wrong[:5]}"
        original.run(outlet.check_rest())
        if outlet.station.broken:
            return "found by the check after a quick start", None
        return "started quickly, all checked later" if unchecked else "started, all checked before", None
    finally:
        outlet.station.stop()


def run(original: Original, changes: list[Change], home: Path, say: Say) -> Found:
    """Make many changes, every other with a quick start."""
    found = Found()
    for number, change in enumerate(changes):
        judge(original, change, home, number % 2 == 0, found)
        if found.made % 250 == 0:
            say(f"{found.made} of {len(changes)} changes, {len(found.faults)} faults")
    return found
