"""Make every fault, print how far it is and a table, and write the figures: ``python -m tests.faults.run``.

Everything runs in namespaces of its own where the machine allows it: mounts and wires end with the process.
Where it does not, what needs them is skipped, and the table says why.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults import cache, changes, damage, disk, errors, kills, power, silence
from tests.faults.mounts import APART, INSIDE, SMALL_BLOCKS, cannot_be_apart
from tests.faults.shim import Action, cannot_build

SEED = 20240102


class Size(NamedTuple):
    """How much is done."""

    new_log: list[int]  # calls of a start on an empty folder
    calls: list[int]  # calls of a life
    random: int
    torn: list[int]
    errors: list[int]
    starts: list[int]
    failing: list[tuple[int, int]]  # the first sync that fails, and how many
    disks: list[tuple[str, bool]]  # what is filled, and whether the neighbour is greedy
    cuts: int  # of each filesystem
    flips: int
    edits: int
    rounds: int


LONG = Size(
    new_log=list(range(1, 51)),
    calls=list(range(1, 251)),
    random=250,
    torn=list(range(2, 251, 4)),
    errors=list(range(1, 201)),
    starts=list(range(1, 51)),
    failing=[(first, count) for first in range(1, 11) for count in (1, 2, 3, 5, 8)],
    disks=[("tmpfs", False), ("ext4", False), ("ext4", True), (SMALL_BLOCKS, True)],
    cuts=50,
    flips=2_000,
    edits=1_000,
    rounds=3,
)
SHORT = Size(
    new_log=[3, 20],
    calls=[12, 60, 130],
    random=2,
    torn=[70],
    errors=[1, 2, 3],
    starts=[8],
    failing=[(4, 3)],
    disks=[("ext4", False)],
    cuts=2,
    flips=100,
    edits=45,
    rounds=1,
)
Figures = dict[str, Any]
Part = Callable[[Path, Size, kills.Say], dict[str, Figures]]


def run_kills(home: Path, size: Size, say: kills.Say) -> dict[str, Figures]:
    """Kill at calls and at random."""
    if why := cannot_build():
        return {"kills": {"skipped": why}}
    fresh = kills.die_at_calls(_room(home, "new"), size.new_log, say, each=1)
    at_calls = kills.die_at_calls(_room(home, "calls"), size.calls, say)
    torn = kills.die_at_calls(_room(home, "torn"), size.torn, say, Action.TEAR)
    at_random = kills.die_at_random(_room(home, "random"), size.random, SEED, say)
    return {
        f"kills at calls of a start on no log ({len(size.new_log)})": fresh.figures(),
        f"kills at calls of a life ({len(size.calls)})": at_calls.figures(),
        f"kills in the middle of a write ({len(size.torn)})": torn.figures(),
        f"kills at random under load ({size.random})": at_random.figures(),
    }


def run_errors(home: Path, size: Size, say: kills.Say) -> dict[str, Figures]:
    """Refuse writes and syncs."""
    if why := cannot_build():
        return {"errors": {"skipped": why}}
    lasting = errors.refuse_while_running(_room(home, "lasting"), size.errors, True, say)
    once = errors.refuse_while_running(_room(home, "once"), size.errors, False, say)
    starts = errors.refuse_at_start(_room(home, "starts"), size.starts, say)
    room = _room(home, "cache")
    cached = [cache.fail_and_cut(room, *pair, say) for pair in size.failing]
    return {
        "ENOSPC and EIO from a call on, under load": lasting.figures(),
        "ENOSPC and EIO at one call, under load": once.figures(),
        "ENOSPC and EIO from a call of a start on": starts.figures(),
        "syncs that fail, then a power cut that takes what they left": {
            "cuts": len(cached),
            "acknowledged": sum(one["acknowledged"] for one in cached),
            "syncs that failed": sum(one["syncs that failed"] for one in cached),
            "faults": [fault for one in cached for fault in one["faults"]],
        },
    }


def run_disk(home: Path, size: Size, say: kills.Say) -> dict[str, Figures]:
    """Fill disks."""
    room = _room(home, "disk")
    return {
        f"a full {kind}{', and a neighbour who takes what is freed' if greedy else ''}": disk.fill(
            room, kind, say, greedy=greedy
        )
        for kind, greedy in size.disks
    }


def run_power(home: Path, size: Size, say: kills.Say) -> dict[str, Figures]:
    """Cut the power."""
    room = _room(home, "power")
    return {f"power cuts on {kind}": power.cut(room, kind, size.cuts, SEED, say) for kind in ("ext4", "xfs")}


def run_damage(home: Path, size: Size, say: kills.Say) -> dict[str, Figures]:
    """Damage the log."""
    room = _room(home, "damage")
    original = damage.Original(room)
    try:
        flips = damage.run(original, changes.flips(original, size.flips, SEED), room, say)
        edits = damage.run(original, changes.edits(original, size.edits, SEED), room, say)
    finally:
        original.close()
    return {
        "flipped bits in the log, the WAL, the checkpoint": flips.figures(),
        "edits, cuts, forks and reorderings": edits.figures(),
    }


def run_silence(home: Path, size: Size, say: kills.Say) -> dict[str, Figures]:
    """Lose feeds and servers."""
    return {"clears after a loss, worst": silence.measure(_room(home, "silence"), say, size.rounds)}


PARTS: dict[str, Part] = {
    "damage": run_damage,
    "silence": run_silence,
    "disk": run_disk,
    "power": run_power,
    "errors": run_errors,
    "kills": run_kills,
}


def main() -> int:
    """Do what the command line asks; return how many parts found a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--short", action="store_true", help="a few of each, as the tests do")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    if INSIDE not in os.environ and not cannot_be_apart():
        words = [*APART, sys.executable, "-m", "tests.faults.run", *sys.argv[1:]]
        return subprocess.run(words, env={**os.environ, INSIDE: "1"}, check=False).returncode
    if INSIDE in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    figures = _run(asked.parts or list(PARTS), SHORT if asked.short else LONG, asked.json)
    return sum(bool(part.get("faults")) for part in figures.values())


def _run(names: list[str], size: Size, path: Path | None) -> dict[str, Figures]:
    """Return the figures of some parts; print and write those of each as soon as they are there."""
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="tocsin-faults-") as home:
        for name in names:
            begun = time.monotonic()
            found = _do(name, Path(home), size)
            print(f"\n{name}: {time.monotonic() - begun:.0f} s")
            _print(found)
            figures |= found
            if path:
                words = json.dumps({"machine": _machine(), **figures}, indent=1)
                path.write_text(words + "\n", encoding="utf-8")
    return figures


def _do(name: str, home: Path, size: Size) -> dict[str, Figures]:
    """Return the figures of one part; where it breaks, the others go on."""
    try:
        return PARTS[name](home, size, _saying(name))
    except Exception as error:
        traceback.print_exc()
        return {name: {"faults": [f"it broke: {type(error).__name__}: {error}"]}}


def _saying(name: str) -> kills.Say:
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"{name:8} {time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)

    return say


def _print(figures: dict[str, Figures]) -> None:
    for title, part in figures.items():
        print(f"\n{title}", flush=True)
        for name, value in part.items():
            if name != "faults":
                print(f"  {name:55} {value}")
        found = part.get("faults", [])
        print(f"  {'FAULTS' if found else 'faults':55} {len(found)}")
        for fault in found[:10]:
            print(f"    {fault[:300]}")


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _room(home: Path, name: str) -> Path:
    room = home / name
    room.mkdir(parents=True)
    return room


if __name__ == "__main__":
    sys.exit(main())
