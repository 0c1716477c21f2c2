"""Power cuts: a filesystem is shut down under a server that takes load; nothing more reaches the disk."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.kills import Say
from tests.faults.mounts import Disk, cannot_make
from tests.faults.victim import Ledger, Load, Victim, Witness, keys_of

WRITERS = [f"writer-{number}" for number in range(20)]
EACH = 25  # cuts on one filesystem


def cut(home: Path, kind: str, times: int, seed: int, say: Say) -> dict[str, Any]:
    """Cut the power again and again under 20 writers and a subscriber.

    Args:
        home: Where the filesystem is made.
        kind: ``ext4`` or ``xfs``.
        times: How many cuts.
        seed: Of the moments.
        say: Told how far it is.
    """
    why = cannot_make(kind)
    if why:
        return {"skipped": why}
    chance = random.Random(seed)
    faults: list[str] = []
    cuts = promised = seen = aside = 0
    for begin in range(0, times, EACH):
        with Disk(home / f"{kind}-{begin}", kind) as disk:
            keys, ledger = keys_of(disk.at, WRITERS), Ledger()
            for _ in range(begin, min(times, begin + EACH)):
                with _checked(disk, ledger, faults) as victim:
                    if victim is None:
                        break
                    aside += "is left aside" in victim.errors()
                    with Witness(victim, ledger), Load(victim, keys, ledger):
                        time.sleep(chance.uniform(0.05, 0.6))
                        with ledger.lock:
                            # The power goes for all at once.  The kernel still answers some syncs of ext4
                            # with success after its shutdown, so nobody may hear what comes now.
                            ledger.deaf = True
                        disk.cut_power()
                        victim.kill()
                    ledger.deaf = False
                cuts += 1
                disk.unmount()
                disk.mount()
            with _checked(disk, ledger, faults):
                pass
        promised += len(ledger.promised)
        seen += len(ledger.seen)
        say(f"{kind}: {cuts} of {times} power cuts, {len(faults)} faults")
    return {"cuts": cuts, "acknowledged": promised, "seen by a subscriber": seen,
            "starts without the checkpoint": aside, "faults": faults}  # fmt: skip


@contextmanager
def _checked(disk: Disk, ledger: Ledger, faults: list[str]) -> Iterator[Victim | None]:
    """Begin on what the cut left, compare, and give the server; None where it does not begin."""
    with Victim(disk.at) as victim:
        if victim.start():
            faults += ledger.check(disk.at, victim.board())
            yield victim
        else:
            faults.append(f"it does not start: {(victim.errors().strip().splitlines() or [''])[-1]}")
            yield None
