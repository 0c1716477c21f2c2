"""The shape of the code: arrows, clocks, docstrings, sizes, and what must not be written down."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "tocsin"

FILE_LINES = 450
FUNCTION_LINES = 60
LONG_BECAUSE_ONE_PIECE: dict[str, str] = {}  # "log/sqlite.py" or "log/sqlite.py:append" -> the reason

# Only where the world is touched may a wall clock be read.
CLOCK = re.compile(r"\.now\(|\butcnow\b|\btime\.time\(|\btime\.time_ns\(|\.today\(")
CLOCK_READERS = re.compile(r"(app|sources|desk|cli)(/|\.py$)|cli_\w+\.py$")

# A bracket in each, so that this file does not hold what it looks for.
UNWRITTEN = [
    r"(?<![\w.])/[w]ork/",
    r"(?<![\w.])/[f]arm/",
    r"(?<![\w.])/[r]oot/",
    r"(?<![\w.])/[h]ome/[a-z]+/",
    r"(?<![\w.])/[U]sers/[a-z]+/",
    r"\.[l]ibrary/",
    r"\b[p]ypi\.org\b",
    r"[p]ythonhosted\.org",
    r"[r]egistry\.npmjs",
    r"[n]pmjs\.com",
    r"[d]eb\.debian\.org",
    r"[i]ndex-url[ =]+http",
]


def modules() -> Iterator[Path]:
    """Give every Python file of the package."""
    return SRC.rglob("*.py")


def name(path: Path) -> str:
    """Return a file's path in the package."""
    return path.relative_to(SRC).as_posix()


def kept() -> list[Path]:
    """Return every file that git keeps or would keep."""
    words = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git clone, so there is no list of what is kept")
    return [path for path in (ROOT / p for p in listed.stdout.split("\0") if p) if path.is_file()]


def test_arrows_point_down():
    """Every contract in pyproject.toml holds."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_clock_outside_the_edge():
    """What decides is given the time."""
    readers = [
        f"{name(path)}:{number}"
        for path in modules()
        if not CLOCK_READERS.match(name(path))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CLOCK.search(line)
    ]

    assert readers == []


def test_every_module_says_what_it_promises():
    """Also tests and tools open with a docstring."""
    files = [path for folder in (SRC, ROOT / "tests", ROOT / "tools") for path in folder.rglob("*.py")]

    silent = [
        str(p.relative_to(ROOT)) for p in files if not ast.get_docstring(ast.parse(p.read_text("utf-8")))
    ]

    assert len(files) > 20
    assert silent == []


def test_files_can_be_read_in_one_go():
    """A longer file has a reason in LONG_BECAUSE_ONE_PIECE, or is split."""
    lines = {
        name(path): len(path.read_text(encoding="utf-8").splitlines())
        for pattern in ("*.py", "*.js")
        for path in SRC.rglob(pattern)
    }

    assert {n: k for n, k in lines.items() if k > FILE_LINES and n not in LONG_BECAUSE_ONE_PIECE} == {}


def test_functions_can_be_read_in_one_go():
    """A longer function has a reason in LONG_BECAUSE_ONE_PIECE, or is split."""
    long = {
        f"{name(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    }

    assert {n: k for n, k in long.items() if n not in LONG_BECAUSE_ONE_PIECE} == {}


def test_nothing_kept_names_a_registry_or_somebodys_machine():
    """Addresses of package registries and paths of one machine are true nowhere else."""
    look = re.compile("|".join(UNWRITTEN).encode())

    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80].decode(errors='replace')}"
        for path in kept()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if look.search(line)
    ]

    assert found == []
