"""An exercise leaves no trace in what the actual realm says."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from tests.truth.apart import make_keys, output, trace

TRACES = 150  # 10,000 in `make soak`


@pytest.fixture(scope="module")
def feeds(tmp_path_factory):
    keys, secrets = make_keys(tmp_path_factory.mktemp("keys"))
    yield keys, secrets
    keys.close()


@pytest.mark.parametrize("part", range(3))
def test_the_actual_realm_says_the_same_bytes_with_and_without_an_exercise(feeds, part, caplog):
    """To its feeds, to a subscriber, to whoever asks for the board, an area or the past."""
    caplog.set_level("CRITICAL", "tocsin")
    for seed in range(part, TRACES, 3):
        steps = trace(seed, 12)
        keys, secrets = feeds
        alone, beside = (output(keys, secrets, steps, drill=drill) for drill in (False, True))
        for number, (one, other) in enumerate(zip_longest(alone, beside)):
            assert one == other, (seed, number)


def test_a_trace_has_much_of_both_realms():
    """Else the test above would hold of anything."""
    realms = [step.realm for seed in range(100) for step in trace(seed, 12)]
    assert min(realms.count("actual"), realms.count("exercise")) > 300
