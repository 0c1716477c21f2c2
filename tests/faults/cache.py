"""A sync that fails, and what the disk has of it: nothing, although the next sync says that all is well.

Linux marks pages as clean when they could not be written, and reports that once.  A program that syncs again
is told that all is on the disk; it reads its own bytes back from memory; and after a power cut they are gone.

Source:
    https://lwn.net/Articles/752063/
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.faults.kills import FEEDS, Say
from tests.faults.shim import FOR_EVER, Action, Calls, Shim, build
from tests.faults.victim import Ledger, Load, Victim, keys_of

Ranges = dict[int, set[int]]  # inode -> blocks
_BLOCK = 8  # bytes; what SQLite writes begins and ends on a multiple of it


def lost_blocks(trace: Iterable[str]) -> Ranges:
    """Return the blocks of each file that a power cut takes, after all these calls.

    Args:
        trace: Lines of the shim: W (written), S (synced), F (a sync that failed), T (cut to), U (removed),
            each with an inode, and an offset and a size in bytes.
    """
    waiting: Ranges = {}
    lost: Ranges = {}
    for line in trace:
        what, *numbers = line.split()
        inode, at, size = map(int, numbers)
        blocks = set(range(at // _BLOCK, (at + size + _BLOCK - 1) // _BLOCK))
        if what == "W":
            waiting.setdefault(inode, set()).update(blocks)
            lost.setdefault(inode, set()).difference_update(blocks)
        elif what == "S":
            waiting.pop(inode, None)
        elif what == "F":
            lost.setdefault(inode, set()).update(waiting.pop(inode, ()))
        elif what == "U":
            waiting.pop(inode, None)
            lost.pop(inode, None)
        elif what == "T":
            for ranges in (waiting, lost):
                ranges[inode] = {block for block in ranges.get(inode, ()) if block < at // _BLOCK}
    for inode, blocks in waiting.items():
        lost.setdefault(inode, set()).update(blocks)
    return lost


def cut_power(folder: Path, trace: Path) -> int:
    """Leave in a folder what the disk would have; return how many bytes went."""
    lost = lost_blocks(trace.read_text(encoding="ascii").splitlines())
    gone = 0
    for path in folder.glob("log.*"):
        blocks = lost.get(path.stat().st_ino, set())
        with path.open("r+b") as file:
            for block in blocks:
                if block * _BLOCK < path.stat().st_size:
                    file.seek(block * _BLOCK)
                    file.write(bytes(_BLOCK))
                    gone += _BLOCK
    return gone


def fail_and_cut(home: Path, number: int, failing: int, say: Say) -> dict[str, Any]:
    """Let some syncs fail under load, go on for a while, and cut the power.

    Args:
        home: Where the folder is made.
        number: The first sync that fails, counted from when the load is there.
        failing: How many fail in a row.
        say: Told how it ended.
    """
    folder = home / f"{number}-{failing}" / "data"
    folder.mkdir(parents=True)
    trace = folder.parent / "trace"
    keys, ledger = keys_of(folder, FEEDS), Ledger()
    shim = Shim(build(home), f"{folder}/log.", calls=Calls.SYNCS, trace=trace)
    faults: list[str] = []
    with Victim(folder, shim) as victim:
        assert victim.start(), victim.errors()
        with Load(victim, keys, ledger) as load:
            shim.strike_next(number, Action.FAIL, errno.EIO, calls=failing)
            end = time.monotonic() + 20
            while shim.hits < min(failing, FOR_EVER) and time.monotonic() < end:
                time.sleep(0.002)
            begun = load.taken
            while load.taken < begun + 20 and time.monotonic() < end:
                time.sleep(0.002)
            if load.taken < begun + 20:
                faults.append("nothing is taken after the fault has ended")
            with ledger.lock:
                ledger.deaf = True
            victim.kill()
        shutil.copytree(folder, folder.parent / "before")
        gone = cut_power(folder, trace)
        shim.reset()
        if victim.start():
            faults += ledger.check(folder, victim.board())
        else:
            faults.append(f"it does not start: {(victim.errors().strip().splitlines() or [''])[-1]}")
    shim.close()
    say(f"sync {number}, {failing} failing: {len(ledger.promised)} acknowledged, {len(faults)} faults")
    return {
        "acknowledged": len(ledger.promised),
        "syncs that failed": failing,
        "bytes lost": gone,
        "faults": faults,
    }
