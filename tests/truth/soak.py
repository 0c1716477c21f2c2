"""The long run: `make soak`.

Two things one after the other; the first violation ends it with the shortest
story that Hypothesis finds, or with the seed of the trace.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.truth.apart import make_keys, output, trace
from tests.truth.machine import Machine

STORY = 60  # steps of one story, at most
ROUND = 40  # stories between two lines of progress
IN_MEMORY = (
    3  # rounds of four that keep the log in memory; the fourth has it on a disk, and crashes in writes
)


class InMemory(Machine):
    """The same with a log in memory."""

    on_disk = False


def drive(steps: int) -> None:
    """Drive the real server and the model side by side, for so many steps.

    Raises:
        AssertionError: They differ, or Hypothesis found something else that may not be.
    """
    chosen = settings(
        max_examples=ROUND,
        stateful_step_count=STORY,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        print_blob=True,
    )
    begun, number = time.monotonic(), 0
    while Machine.taken < steps:
        number += 1
        run_state_machine_as_test(InMemory if number % (IN_MEMORY + 1) else Machine, settings=chosen)
        _progress("steps", Machine.taken, steps, time.monotonic() - begun)


def set_apart(traces: int) -> None:
    """Tell so many random traces with and without an exercise.

    Raises:
        AssertionError: The actual realm said something else.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        keys, secrets = make_keys(Path(folder))
        for seed in range(traces):
            told = (output(keys, secrets, trace(seed, 12), drill=drill) for drill in (False, True))
            for number, (one, other) in enumerate(zip_longest(*told)):
                if one != other:
                    raise AssertionError(f"trace {seed} differs at answer {number}: {one!r}, {other!r}")
            if (seed + 1) % 250 == 0 or seed + 1 == traces:
                _progress("traces with and without an exercise", seed + 1, traces, time.monotonic() - begun)
        keys.close()


def _progress(what: str, done: int, of: int, lasted_s: float) -> None:
    rate = done / lasted_s
    left = max(0.0, (of - done) / rate)
    print(f"{done:9,} of {of:,} {what}, {rate:,.0f} a second, {left / 60:.0f} min left", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; return 0 if nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("steps", type=int, nargs="?", default=200_000, help="of the machine; default 200,000")
    parser.add_argument("--traces", type=int, help="with and without an exercise; default: one for 20 steps")
    parser.add_argument(
        "--json", type=Path, help="write the figures here; they are written if nothing was found"
    )
    asked = parser.parse_args(arguments)
    traces = asked.steps // 20 if asked.traces is None else asked.traces
    logging.getLogger("tocsin").setLevel(logging.CRITICAL)  # it warns of each contact that leaves out a raise
    drive(asked.steps)
    set_apart(traces)
    print(f"no violation in {Machine.taken:,} steps and {traces:,} traces")
    if asked.json:
        _write(asked.json, asked.steps and Machine.taken, traces)
    return 0


def _write(path: Path, steps: int, traces: int) -> None:
    """Write what was run to a file; of what was not run this time, what stands there stays."""
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    figures |= {"steps": steps, "violations": 0} if steps else {}
    figures |= {"traces": traces, "differences": 0} if traces else {}
    machine = {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
    path.write_text(json.dumps({**figures, "machine": machine}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
