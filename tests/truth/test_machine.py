"""Whatever happens, the real server tells what the model says, by every way of asking.

The long run is `make soak`; here is a short one of the same machine.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.truth.machine import Machine

STEPS = 30  # a story; longer ones are for `make soak`
STORIES = 40


class InMemory(Machine):
    """The same with a log in memory: faster, and with no crash in the middle of a write."""

    on_disk = False


@pytest.mark.parametrize("machine", [InMemory, Machine], ids=["memory", "disk"])
def test_whatever_happens_the_server_tells_what_the_model_says(machine, caplog):
    """Raises, clears, contacts, contracts, time, jumps, restarts, crashes, an exercise beside it."""
    caplog.set_level("CRITICAL", "tocsin")  # it warns of each contact that leaves out what is raised
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
