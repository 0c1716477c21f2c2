"""Power cuts and full disks on filesystems of our own, where the machine lets us make them."""

import json
import subprocess
import sys
from importlib.resources import files

import pytest

from tests.faults.disk import RESERVED
from tests.faults.mounts import cannot_be_apart
from tests.faults.shim import ROOT

pytestmark = pytest.mark.skipif(cannot_be_apart() is not None, reason=cannot_be_apart() or "")
_HAS_RESERVE = files("tocsin.app").joinpath("reserve.py").is_file()


def run(tmp_path, *parts):
    """Return the figures of some parts, run apart from everything else on the machine."""
    path = tmp_path / "figures.json"
    words = [sys.executable, "-m", "tests.faults.run", "--short", "--json", str(path), *parts]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert path.exists(), done.stderr
    return json.loads(path.read_text(encoding="utf-8"))


def skipped(figures):
    """Return the names of the parts that this machine forbids, or skip where it forbids all."""
    names = [name for name, part in figures.items() if "skipped" in part]
    if len(names) == len(figures) - 1:  # the machine itself is no part
        pytest.skip("; ".join(figures[name]["skipped"] for name in names))
    return names


def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path):
    """On ext4 and on xfs, under twenty writers and a subscriber."""
    figures = run(tmp_path, "power")
    for name in {*figures} - {"machine", *skipped(figures)}:
        assert figures[name]["faults"] == [], name
        assert figures[name]["acknowledged"] > 0, name


def test_a_full_disk_takes_a_thousand_raises_more_and_is_told_of(tmp_path):
    """The board is served, nothing is lost, and it goes on when there is room."""
    if not _HAS_RESERVE:
        pytest.skip("there is no reserve yet")
    figures = run(tmp_path, "disk")
    for name in {*figures} - {"machine", *skipped(figures)}:
        assert figures[name]["faults"] == [], name
        if "neighbour" not in name:
            assert figures[name]["signals taken on the full disk"] >= 2 * RESERVED, name  # half are raises
