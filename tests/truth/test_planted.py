"""The planted bugs can be planted; that each is found takes minutes, and is asked by `tools/plant.py`."""

from __future__ import annotations

from tools.plant import ROOT, SUITE, misfits, read_bugs


def test_every_planted_bug_fits_its_file():
    """What is replaced stands there exactly once: mend tools/planted.toml when that line changes."""
    assert misfits(read_bugs()) == []


def test_there_are_at_least_forty_and_each_breaks_a_promise():
    bugs = read_bugs()
    assert len(bugs) >= 40
    assert all(bug.keeps.startswith("I") and bug.old != bug.new for bug in bugs)


def test_the_suite_that_must_find_them_is_there():
    assert [test for test in SUITE if not (ROOT / test).exists()] == []
