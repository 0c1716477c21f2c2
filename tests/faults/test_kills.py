"""A server that is killed at a write, a sync or any moment has kept every promise when it is there again."""

import shutil
from datetime import timedelta

import pytest

from tests.faults import kills
from tests.faults.damage import NOON, Original
from tests.faults.shim import Action, cannot_build
from tests.faults.victim import Ledger

pytestmark = pytest.mark.skipif(cannot_build() is not None, reason=cannot_build() or "")


def quiet(_: str) -> None:
    """Say nothing."""


def test_a_kill_at_a_write_or_a_sync_loses_nothing(tmp_path):
    """The first is at the start, the others are under load."""
    deaths = kills.die_at_calls(tmp_path, [12, 61, 130], quiet)
    assert deaths.faults == []
    assert (deaths.kills, deaths.empty_logs) == (3, 0)
    assert deaths.promised > 5 and deaths.seen > 5


def test_a_kill_in_the_middle_of_a_write_loses_nothing(tmp_path):
    deaths = kills.die_at_calls(tmp_path, [80], quiet, Action.TEAR)
    assert (deaths.faults, deaths.kills) == ([], 1)


def test_a_kill_at_a_random_moment_loses_nothing(tmp_path):
    deaths = kills.die_at_random(tmp_path, 2, 7, quiet)
    assert (deaths.faults, deaths.kills) == ([], 2)
    assert deaths.promised > 5


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return a log that nothing has happened to."""
    made = Original(tmp_path_factory.mktemp("original"))
    yield made
    made.close()


def promise(original, seq):
    """Return the key, the place and the words of one signal, as a ledger keeps them."""
    entry = next(entry for entry in original.entries if entry.seq >= seq and b'"signal"' in entry.body)
    area = entry.body.partition(b'"area":"')[2][:4].decode()
    state = entry.body.partition(b'"state":"')[2].partition(b'"')[0].decode()
    return entry.key, entry.seq, {"area": area, "state": state}


def test_a_ledger_notices_what_was_lost_moved_or_changed(original, tmp_path):
    """The measuring itself is measured: each lie is found."""
    folder = shutil.copytree(original.closed, tmp_path / "data")
    key, seq, words = promise(original, 100)

    def found(key, seq, words):
        ledger = Ledger()
        ledger.promised[key] = (seq, words)
        return ledger.check(folder)

    assert found(key, seq, words) == []
    assert "is lost" in found("signal/north/never", 3, words)[0]
    assert "stands in the log" in found(key, seq + 1, words)[0]
    assert "stands in the log" in found(key, seq, {**words, "state": "cancelled"})[0]


def test_a_ledger_notices_what_a_subscriber_saw_and_nobody_wrote(original, tmp_path):
    folder = shutil.copytree(original.closed, tmp_path / "data")
    ledger = Ledger()
    ledger.seen[5_000] = {"epoch": "other"}
    assert ledger.check(folder) == ["a subscriber saw alert 5000, which is not in the log"]
    ledger = Ledger()
    ledger.sights.append((0, original.entries[-1].seq))
    assert "never saw" in ledger.check(folder)[0]


def test_a_ledger_notices_a_board_that_the_log_does_not_say(original, tmp_path):
    folder = shutil.copytree(original.closed, tmp_path / "data")
    board = {"seq": 3, "epoch": "x", "as_of": (NOON + timedelta(0)).isoformat(), "fresh": {}, "areas": {}}
    assert "differs from the log" in Ledger().check(folder, board)[0]
