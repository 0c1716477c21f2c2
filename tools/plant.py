"""Plant bugs, one at a time, and see that the tests find each.

Every bug of `tools/planted.toml` breaks one promise (docs/design/safety.md).  The
tree is copied, the bug is planted in the copy, and a short suite must fail there.
A bug that no test finds is a hole in the tests; a patch that no longer fits is an
error, since it would find nothing for ever.

    python tools/plant.py [--only WORDS] [--tests PATH ...] [--jobs N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TextIO

ROOT = Path(__file__).resolve().parent.parent
BUGS = ROOT / "tools" / "planted.toml"
COPIED = ("src", "tests", "docs", "pyproject.toml")
# The quick ones first: most bugs are found within seconds.
SUITE = (
    "tests/warn",
    "tests/test_hub.py",
    "tests/public/test_frames.py",
    "tests/app/test_station.py",
    "tests/app/test_checkpoint.py",
    "tests/truth/test_found.py",
    "tests/truth/test_desk.py",
    "tests/truth/test_machine.py",
    "tests/truth/test_apart.py",
    "tests/log/test_memory.py",
    "tests/log/test_sequences.py",
    "tests/log/test_sqlite.py",
    "tests/desk/test_keys.py",
    "tests/desk/test_api.py",
)
LIMIT_S = 900.0  # a suite that takes longer hangs, and a hang is found by nobody
# A failure needs no shortest story here, and looking for it takes minutes.
_PROFILE = """
from hypothesis import Phase, settings
settings.register_profile("plant", phases=[Phase.explicit, Phase.generate], database=None, deadline=None)
settings.load_profile("plant")
"""


class Bug(NamedTuple):
    """One bug: what it is, which promise it breaks, where, and which tests must find it if not the suite."""

    name: str
    keeps: str
    file: str
    old: str
    new: str
    tests: Sequence[str] = ()


class Found(NamedTuple):
    """By which test a bug was found; None: by none."""

    bug: Bug
    test: str | None
    lasted_s: float


def read_bugs(only: str = "") -> list[Bug]:
    """Return the bugs, or those whose name or promise has certain words.

    Raises:
        ValueError: Two bugs have one name.
    """
    bugs = [Bug(**one) for one in tomllib.loads(BUGS.read_text("utf-8"))["bug"]]
    if len({bug.name for bug in bugs}) != len(bugs):
        raise ValueError("two bugs have one name")
    return [bug for bug in bugs if only in (bug.keeps, "") or only in bug.name]


def misfits(bugs: Iterable[Bug], root: Path = ROOT) -> list[str]:
    """Return what does not fit any longer: what is replaced must stand exactly once in its file."""
    found = []
    for bug in bugs:
        count = (root / bug.file).read_text("utf-8").count(bug.old)
        if count != 1:
            found.append(f"{bug.name}: {bug.file} has it {count} times: {bug.old.strip()}")
    return found


def run(folder: Path, tests: Sequence[str], bug: Bug | None) -> Found:
    """Run the tests in a copy of the tree, with one bug or none; the folder is removed."""
    begun = time.monotonic()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name)
    (folder / "plant_profile.py").write_text(_PROFILE, "utf-8")
    if bug is not None:
        file = folder / bug.file
        file.write_text(file.read_text("utf-8").replace(bug.old, bug.new), "utf-8")
    try:
        test = _first_failure(folder, _chosen(bug, tests) if bug else tests)
    finally:
        shutil.rmtree(folder)
    return Found(bug or Bug("none", "", "", "", ""), test, time.monotonic() - begun)


def _chosen(bug: Bug, tests: Sequence[str]) -> Sequence[str]:
    """Return the tests for a bug, those of its own part of the tree first."""
    part = Path(bug.file).parent.name
    return bug.tests or sorted(tests, key=lambda test: f"tests/{part}" not in test)


def _first_failure(folder: Path, tests: Sequence[str]) -> str | None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--tb=no",
        "-p",
        "plant_profile",
        "-p",
        "no:cacheprovider",
    ]
    paths = f"{folder / 'src'}{os.pathsep}{folder}"
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    there = [test for test in tests if (folder / test).exists()]
    try:
        done = subprocess.run(
            [*command, f"--basetemp={folder / 'tmp'}", *there],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "(the suite hangs)"
    if done.returncode == 0:
        return None
    named = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return named[1] if named else f"(pytest ended with {done.returncode}) {done.stdout[-200:]}"


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--only", default="", help="a promise, as I13, or words of a bug's name; default: all"
    )
    parser.add_argument("--tests", nargs="+", default=list(SUITE), help="the suite; default: a short one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at once; default: one a core")
    parser.add_argument(
        "--json", action="store_true", help="print JSON: how many were planted and found, and by what"
    )
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Plant them all; return 0 if each was found."""
    asked = _arguments(words)
    bugs = read_bugs(asked.only)
    if wrong := misfits(bugs):
        print("these patches do not fit any longer:", *wrong, sep="\n  ", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix=f"plant_{os.getpid()}_") as folder:
        sound = run(Path(folder) / "sound", asked.tests, None)
        if sound.test is not None:
            print(f"without any bug {sound.test} fails already", file=sys.stderr)
            return 2
        print(f"without any bug all pass, in {sound.lasted_s:.0f} s", file=sys.stderr)
        with ThreadPoolExecutor(asked.jobs) as pool:
            waiting = [
                pool.submit(run, Path(folder) / str(n), asked.tests, bug) for n, bug in enumerate(bugs)
            ]
            results = []
            for future in waiting:
                results.append(future.result())
                _print(results[-1], sys.stderr if asked.json else sys.stdout)
    missed = [found.bug.name for found in results if found.test is None]
    if asked.json:
        rows = [
            {
                "keeps": one.bug.keeps,
                "name": one.bug.name,
                "test": one.test,
                "seconds": round(one.lasted_s, 1),
            }
            for one in results
        ]
        figures = {"planted": len(results), "found": len(results) - len(missed), "bugs": rows}
        print(json.dumps(figures, indent=1))
    print(f"{len(results) - len(missed)} of {len(results)} found", file=sys.stderr)
    return 1 if missed else 0


def _print(found: Found, to: TextIO) -> None:
    by = found.test or "NOT FOUND"
    print(f"{found.bug.keeps:4} {found.bug.name:58} {found.lasted_s:4.0f} s  {by}", file=to, flush=True)


if __name__ == "__main__":
    sys.exit(main())
