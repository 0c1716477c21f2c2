"""What a crowd does to a server: stalled readers, half-open ones, a storm of refreshers, all cut off.

    python bench/speed/crowd.py [--quick] [--only stalled half-open storm return lasting] [--json FILE]

stalled    9,000 readers, with and without 1,000 more that read nothing: how much later are the others told,
           what does each stalled one cost, and what does it know when it wakes?
half-open  5,000 connections of three kinds that never make a whole request: when is each closed, and how
           long does a raise take meanwhile?
storm      500 refreshers ask for the whole board at full rate, 52 authorities send at once, and one more
           for the whole country: how long until each is acknowledged, and until the readers have it?
return     10,000 readers are cut off at once and come back within 5 s, while 100 raises a second go in:
           does any of them miss one, or hear one twice?
lasting    10,000 readers and 100 raises a second for eight minutes: do memory or descriptors grow?

Everything is on loopback, the server on one core, everybody else on another.  It ends by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.speed.fanout import machine
from bench.speed.native import crowds, servers
from bench.speed.native.servers import Missing, Tocsin

Figures = dict[str, Any]
PARTS: dict[str, Callable[[Tocsin, Path, bool], Figures]] = {
    "stalled": crowds.stalled,
    "half-open": crowds.half_open,
    "storm": crowds.storm,
    "return": crowds.returning,
    "lasting": crowds.lasting,
}
GOALS = (  # part, figure, sign, goal, in words
    ("stalled", "p99_growth", "<=", 0.2, "the others' p99 grows by"),
    ("stalled", "kib_each", "<=", 64, "KiB a stalled reader costs, the kernel's included"),
    ("stalled", "woke_wrong", "<=", 0, "stalled readers that wake to another state than the board's"),
    ("half-open", "closed_s", "<=", 10, "s until the last is closed"),
    ("half-open", "worst_ack_s", "<=", 1, "s until a raise is acknowledged, worst"),
    ("storm", "ack_last_s", "<=", 0.5, "s until the last of all is acknowledged"),
    ("storm", "push_p99_s", "<=", 2, "s until it is pushed, p99"),
    ("storm", "refused", "<=", 0, "signals and requests refused"),
    ("return", "back_s", "<=", 6, "s until all are back"),
    ("return", "missed", "<=", 0, "alerts missed"),
    ("return", "doubled", "<=", 0, "alerts heard twice"),
    ("return", "resets", "<=", 0, "readers that had to begin anew"),
    ("lasting", "mb_per_min", "<=", 1, "MB of memory a minute"),
    ("lasting", "descriptors_grew", "<=", 8, "descriptors between the fewest and the most"),
    ("lasting", "missed", "<=", 0, "alerts missed"),
)


def measure(names: list[str], quick: bool, console: Console) -> dict[str, Figures]:
    """Return the figures of each part."""
    found: dict[str, Figures] = {}
    for name in names:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", ".")) as place:
            folder = Path(place).resolve()
            (folder / "data").mkdir()
            with console.status(name):
                try:
                    found[name] = PARTS[name](Tocsin(folder / "data"), folder, quick)
                except Missing as missing:
                    console.print(f"{name}: not measured, {missing}")
                    continue
        console.print(f"{name}: {found[name]}")
    return found


def show(found: dict[str, Figures], console: Console) -> None:
    """Print what was found beside what is asked for."""
    table = Table(box=None, header_style="bold")
    for column in ("", "found", "goal", "", ""):
        table.add_column(column)
    for part, figure, sign, goal, words in GOALS:
        if part in found:
            met = found[part][figure] <= goal
            mark = "[green]reached[/]" if met else "[red]not reached[/]"
            table.add_row(part, f"{found[part][figure]}", f"{sign} {goal}", words, mark)
    console.print(table)


def main() -> int:
    """Measure, print, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these parts; default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the crowd")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    asked = parser.parse_args()
    servers.most_files()
    console = Console(width=130)
    found = measure(asked.only or list(PARTS), asked.quick, console)
    show(found, console)
    if asked.json:
        _write(asked.json, found)
    return 0


def _write(path: Path, found: dict[str, Figures]) -> None:
    """Write the figures; of the parts that were not run this time, what stands there stays."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    told = {part: figures for part in PARTS if (figures := found.get(part, old.get(part)))}
    goals = [
        {"part": part, "what": words, "found": told[part][figure], "sign": sign, "goal": goal}
        for part, figure, sign, goal, words in GOALS
        if part in told
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    words = json.dumps({**told, "goals": goals, "machine": machine()}, indent=1)
    path.write_text(words + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
