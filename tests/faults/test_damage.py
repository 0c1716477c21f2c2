"""A damaged log: the true board is shown or none, and each change of an entry is found."""

import pytest

from tests.faults import changes, damage
from tests.faults.test_kills import quiet
from tocsin.app.outlet import Outlet
from tocsin.log import sqlite


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return a log that nothing has happened to."""
    made = damage.Original(tmp_path_factory.mktemp("original"))
    yield made
    made.close()


def test_a_bit_that_fell_over_is_found_or_harms_nothing(original, tmp_path):
    found = damage.run(original, changes.flips(original, 60, 3), tmp_path, quiet)
    assert found.faults == []
    assert found.outcomes["refused at the start"] > 10
    assert found.outcomes["found by the check after a quick start"] > 3


def test_an_edited_cut_forked_or_reordered_log_is_found(original, tmp_path):
    """Every sort of change, with quick starts and with whole ones."""
    found = damage.run(original, changes.edits(original, 36, 3), tmp_path, quiet)
    assert found.faults == []
    assert found.outcomes["refused at the start"] > 10
    assert set(found.outcomes) <= {"refused at the start", "found by the check after a quick start"}


def test_a_server_that_looked_at_nothing_would_be_caught(original, tmp_path, monkeypatch):
    """The measuring itself is measured: without the check after a quick start, changes stay unseen."""

    async def look_at_nothing(outlet: Outlet) -> None:
        outlet.station.broken = None

    monkeypatch.setattr(Outlet, "check_rest", look_at_nothing)
    found = damage.run(original, changes.edits(original, 18, 3), tmp_path, quiet)
    assert any("a server relies on it" in fault for fault in found.faults)


def test_a_server_that_took_any_wal_would_be_caught(original, tmp_path, monkeypatch):
    """SQLite alone drops what stands behind a damaged frame."""
    monkeypatch.setattr(sqlite, "find_damage", lambda path: None)
    flips = [change for change in changes.flips(original, 100, 3) if change.killed]
    found = damage.run(original, flips, tmp_path, quiet)
    assert found.faults
