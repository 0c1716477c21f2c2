"""A disk that refuses: nothing is lost, everybody is told, the board is shown, and it goes on."""

import pytest

from tests.faults import cache, errors
from tests.faults.shim import cannot_build
from tests.faults.test_kills import quiet

pytestmark = pytest.mark.skipif(cannot_build() is not None, reason=cannot_build() or "")


def test_a_disk_that_refuses_for_a_while_is_told_of_and_nothing_is_lost(tmp_path):
    """No space and I/O errors, from one call on, until `/readyz` has said no."""
    result = errors.refuse_while_running(tmp_path, [1, 2, 3, 7], True, quiet)
    assert result.faults == []
    assert result.faults_made == 8 and result.told >= 4
    assert result.slowest_no_s <= errors.SOON_S


def test_a_disk_that_refuses_once_loses_nothing(tmp_path):
    result = errors.refuse_while_running(tmp_path, [1, 2, 5], False, quiet)
    assert (result.faults, result.faults_made) == ([], 6)


def test_a_start_that_the_disk_refuses_says_so(tmp_path):
    """It begins, or it ends and says what to do; when the disk is well it begins."""
    assert errors.refuse_at_start(tmp_path, [8], quiet).faults == []


def test_what_a_failed_sync_left_behind_is_written_again(tmp_path):
    """Linux forgets what it could not write; what was appended behind it must survive a power cut."""
    assert cache.fail_and_cut(tmp_path, 4, 3, quiet)["faults"] == []


@pytest.mark.parametrize(
    ("calls", "lost"),
    [
        (["W 1 0 16"], {0, 1}),  # not synced yet
        (["W 1 0 16", "S 1 0 0"], set()),
        (["W 1 0 16", "F 1 0 0", "S 1 0 0"], {0, 1}),  # the second sync lies
        (["W 1 0 16", "F 1 0 0", "W 1 0 8", "S 1 0 0"], {1}),
        (["W 1 0 16", "F 1 0 0", "W 1 0 16", "S 1 0 0"], set()),
        (["W 1 0 16", "F 1 0 0", "T 1 8 0"], {0}),
        (["W 1 0 16", "F 1 0 0", "U 1 0 0"], set()),
        (["W 2 0 8", "S 2 0 0", "W 1 8 8", "S 2 0 0"], {1}),  # a sync is of one file
    ],
)
def test_a_power_cut_takes_what_was_not_synced_or_whose_sync_failed(calls, lost):
    assert cache.lost_blocks(calls).get(1, set()) == lost
