"""Write docs/guarantees.md: every promise with its latest figure and the command that makes it.

The figures come from the results that are committed beside the programs that made them.
A result that is not there is said not to have been run; nothing is typed in here but goals.

    python tools/guarantees.py
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guarantees.md"
SPEED, SAFETY, ACCURACY = (ROOT / "bench" / name for name in ("speed/results", "safety", "accuracy"))
HEAD = """# Guarantees

What tocsin promises, what was measured, and the command that measures it. Made by `tools/guarantees.py`
from the results that are committed; do not edit. Ratios hold while a machine is busy; times are of the
machine named below each table. *Missed* is said where a goal is not reached, *not run* where there is no
result.

What may never happen, and the tests that hold it, is in [safety](design/safety.md).
"""


class Promise(NamedTuple):
    """One line of the page."""

    words: str
    goal: str
    found: str
    met: bool | None  # None: no goal is set


class Part(NamedTuple):
    """The promises that one result speaks of."""

    title: str
    result: Path
    command: str
    promises: Callable[[Any], Iterator[Promise]]


def _no_faults(result: Any, promise: str, goal: str, named: str, what: str) -> Promise:
    """Return how much was done and how many faults were found, over the parts whose names have some words."""
    parts = [part for name, part in result.items() if named in name]
    done = sum(part.get(what, 0) for part in parts)
    faults = sum(len(part.get("faults", ())) for part in parts)
    return Promise(promise, goal, f"{done:,} made, {faults} faults", faults == 0)


def _faults(result: Any) -> Iterator[Promise]:
    kill = "A kill loses nothing that was acknowledged, and nobody saw what is not in the log"
    full = "A disk that is full or fails takes nothing back, and the board is served throughout"
    flip = "A flipped bit shows no wrong state and shortens nothing in silence"
    yield _no_faults(result, kill, "500 kills, 0 faults", "kills ", "kills")
    yield _no_faults(
        result, "So does a power cut, on ext4 and xfs", "100 cuts, 0 faults", "power cuts", "cuts"
    )
    yield _no_faults(result, full, "each of 200 calls, 0 faults", "ENOSPC and EIO", "faults made")
    worst = _worst(result, "/readyz no after the first refusal")
    yield Promise("`/readyz` says no after a refusal", "1 s", f"{worst} s", worst <= 1)
    for name, part in result.items():
        if name.startswith("a full "):
            taken = part["signals taken on the full disk"]
            yield Promise(f"A reserve takes further raises: {name}", "1,000", f"{taken:,}", taken >= 1_000)
    yield _no_faults(result, flip, "2,000 flips, 0 faults", "flipped bits", "changes")
    edits = "So with edits, cuts, forks and reorderings of the log"
    yield _no_faults(result, edits, "1,000 changes, 0 faults", "edits, cuts", "changes")
    feed, server = _worst(result, "feed "), _worst(result, "server ")
    yield Promise(
        "A dead feed is unknown everywhere within T + 1 s; T = 3 s here", "4 s", f"{feed} s", feed <= 4
    )
    yield Promise("A dead server is unknown at every reader", "15 s", f"{server} s", server <= 15)


def _worst(result: Any, named: str) -> float:
    """Return the largest figure whose name has some words."""
    return max(float(value) for part in result.values() for name, value in part.items() if named in name)


def _soak(result: Any) -> Iterator[Promise]:
    steps, traces = result.get("steps", 0), result.get("traces", 0)
    yield Promise(
        "Whatever happens, every way of asking tells what a model of the rules tells",
        "200,000 steps",
        f"{steps:,} steps, {result.get('violations', 0)} violations",
        steps >= 200_000 and not result.get("violations"),
    )
    yield Promise(
        "The actual realm says the same bytes with and without exercises",
        "10,000 traces",
        f"{traces:,} traces, {result.get('differences', 0)} differ",
        traces >= 10_000 and not result.get("differences"),
    )


def _planted(result: Any) -> Iterator[Promise]:
    found, planted = result["found"], result["planted"]
    words = "A bug that breaks a promise is found by a test"
    yield Promise(words, "40 planted, all found", f"{found} of {planted}", found == planted >= 40)


def _fanout(result: Any) -> Iterator[Promise]:
    for goal in result["goals"]:
        unit = f"× {goal['beside'][2:]}" if goal["beside"].startswith("x ") else goal["beside"]
        sign = "≤" if goal["sign"] == "<=" else "≥"
        readers = f", {goal['readers']:,} readers" if goal["readers"] > 1 else ", idle server"
        yield Promise(
            goal["what"] + readers, f"{sign} {goal['goal']}", f"{goal['found']:.2f} {unit}", bool(goal["met"])
        )


def _board(result: Any) -> Iterator[Promise]:
    for question, words in (("200", "whole"), ("304", "unchanged, by ETag")):
        ratio = result[question]["ratio"]
        words = f"`board.json` {words}: requests/s beside nginx with the same bytes in a file"
        yield Promise(words, "≥ 0.8", f"{ratio:.2f} × nginx", ratio >= 0.8)


CROWDS = {
    "stalled": "1,000 stalled readers",
    "half-open": "5,000 half-open connections",
    "storm": "The storm of refreshers",
    "return": "10,000 cut off at once",
    "lasting": "Eight minutes of 100 raises a second to 10,000",
}


def _crowd(result: Any) -> Iterator[Promise]:
    for goal in result["goals"]:
        words = f"{CROWDS[goal['part']]}: {goal['what']}"
        yield Promise(words, f"≤ {goal['goal']}", str(goal["found"]), goal["found"] <= goal["goal"])


def _correct(result: Any) -> Iterator[Promise]:
    words = f"One press at the console corrects a raise for all of {result['subscribers']:,} subscribers"
    yield Promise(words, f"{result['goal_s']:g} s", f"{result['worst_s']} s", bool(result["met"]))


def _log(result: Any) -> Iterator[Promise]:
    rows, rebuilt, append = result["import"], result["rebuild"]["entries_per_s"], result["append"]
    yield Promise("Rows imported", "10 s", f"{rows['rows']:,} in {rows['seconds']} s", rows["seconds"] <= 10)
    words = "Board rebuilt from the log, hashes checked"
    yield Promise(words, "100,000 entries/s", f"{rebuilt:,} entries/s", rebuilt >= 100_000)
    beside = f"{append['p50_ms']} ms, {append['ratio']} × a bare commit"
    yield Promise("A durable signal with its alerts, median", "none set", beside, None)


def _reading(result: Any) -> Iterator[Promise]:
    apart = result["kept_apart_unread"]
    for language, name in (("en", "English"), ("uk", "Ukrainian")):
        for field, goal in (("claims", 0.85), ("numbers", 0.90)):
            value = apart[language][field]["f1"]
            words = f"{name}, texts that nobody had read: {field}, F1"
            yield Promise(words, f"≥ {goal}", f"{value:.2f}", value >= goal)


PARTS = (
    Part("Truth", SAFETY / "soak.json", "make soak", _soak),
    Part("Planted bugs", SAFETY / "planted.json", "python tools/plant.py", _planted),
    Part("Kills, power cuts, full disks, damage, silence", SAFETY / "faults.json", "make faults", _faults),
    Part("The log", SPEED / "log.json", "python bench/speed/log.py", _log),
    Part("Fan-out", SPEED / "fanout.json", "python bench/speed/fanout.py", _fanout),
    Part("The board", SPEED / "board_json.json", "python bench/speed/board_json.py", _board),
    Part("Crowds", SPEED / "crowd.json", "python bench/speed/crowd.py", _crowd),
    Part("Correcting a mistake", SPEED / "correct.json", "python bench/speed/correct.py", _correct),
    Part("Reading", ACCURACY / "result.json", "python bench/accuracy/claims.py", _reading),
)


def page() -> str:
    """Return the page."""
    blocks = [HEAD]
    for part in PARTS:
        blocks.append(f"## {part.title}\n\n`{part.command}`, result in `{part.result.relative_to(ROOT)}`\n")
        if not part.result.exists():
            blocks.append("Not run.\n")
            continue
        result = json.loads(part.result.read_text(encoding="utf-8"))
        machine = result.pop("machine", {})
        rows = ["| promise | goal | found | |", "|---|---|---|---|"]
        for promise in part.promises(result):
            mark = {True: "reached", False: "**missed**", None: ""}[promise.met]
            rows.append(f"| {promise.words} | {promise.goal} | {promise.found} | {mark} |")
        blocks.append("\n".join(rows) + "\n")
        if machine:
            blocks.append("On: " + ", ".join(f"{name} {value}" for name, value in machine.items()) + ".\n")
    return "\n".join(blocks)


def main() -> None:
    """Write the page, and say what it looks like against the last commit."""
    PAGE.write_text(page(), encoding="utf-8")
    subprocess.run(["git", "diff", "--stat", "--", str(PAGE)], cwd=ROOT, check=False)


if __name__ == "__main__":
    main()
