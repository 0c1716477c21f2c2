"""What the machine found, as the shortest stories.

A clear of a source that keeps no contact holds for its silence, by the clock
that never jumps; a part that no larger one takes in counts too; and what a
newer statement makes clear is clear.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
import uvloop

from tests.truth.land import country
from tests.truth.side import Hands, Side
from tocsin.model import Act, Contact, Contract, Realm, Signal

LAND = country()


class Story:
    """One source, "a", that may speak of everything."""

    def __init__(self):
        self.loop = uvloop.new_event_loop()
        self.clock = Hands()
        self.side = Side(LAND, self.clock, self.loop, None)
        self.side.say("contract", Contract(Realm.ACTUAL, "a", ("Y",), ("air",)))
        self.number = 0

    def close(self):
        self.side.stop()
        self.loop.close()

    def say(self, area, act):
        self.number += 1
        self.clock.put_forward(1.0)
        name, sent = f"n{self.number}", self.clock.now()
        self.side.say(f"signal/{name}", Signal(Realm.ACTUAL, "a", name, area, "air", act, sent))

    def contact(self, *areas):
        self.clock.put_forward(1.0)
        raised = tuple((area, "air") for area in areas)
        contact = Contact(Realm.ACTUAL, "a", held=True, sent=self.clock.now(), raised=raised)
        self.side.say(f"contact/{self.clock.lasted()}", contact)

    def state(self, area):
        self.side.settle()
        return self.side.get_json(f"/v1/areas/{area}.json")["threats"]["air"]["state"]


@pytest.fixture
def story():
    with closing(Story()) as one:
        yield one


@pytest.mark.parametrize("jump_s", [0.0, -3_600.0, -86_400.0])
def test_a_clock_that_is_put_back_does_not_make_a_clear_last_longer(story, jump_s):
    """Although its source goes on to signal, of something else, and so lives."""
    story.say("Y2", Act.RAISED)
    story.say("Y2", Act.CLEAR)
    assert story.state("Y2") == "clear"
    story.clock.put_forward(58.0, jump_s)
    assert story.state("Y2") == "clear"
    story.say("Y1", Act.RAISED)
    story.clock.put_forward(2.0)
    assert story.state("Y2") == "unknown"


@pytest.mark.parametrize("starts", [1, 2])
def test_a_clear_of_before_a_start_is_unknown_until_its_source_says_so_again(story, starts):
    """Also a young one, and when its source speaks of something else; also after a second start."""
    story.say("Y2", Act.RAISED)
    story.say("Y2", Act.CLEAR)
    for _ in range(starts):
        story.side.stop()
        story.side.start()
        story.contact("Y1")
        assert story.state("Y2") == "clear"
    story.side.stop()
    story.side.start()
    story.say("Y1", Act.RAISED)
    assert story.state("Y2") == "unknown"


def test_an_area_is_not_clear_by_its_parts_while_a_part_is_unknown_that_no_larger_one_takes_in(story):
    """Two raions make up the oblast; a city beside them was raised, and its raise ran out."""
    story.contact()
    assert story.state("Y1") == "clear"
    sent = story.clock.now() + timedelta(seconds=1)
    raised = Signal(
        Realm.ACTUAL, "a", "x", "Y1c", "air", Act.RAISED, sent, expires=sent + timedelta(seconds=5)
    )
    story.side.say("signal/x", raised)
    assert story.state("Y1") == "partly"
    story.clock.put_forward(7.0)
    assert (story.state("Y1c"), story.state("Y1a"), story.state("Y1")) == ("unknown", "clear", "unknown")


def test_a_newer_statement_makes_the_parts_clear_while_the_whole_is_partly_raised(story):
    """The raise of the whole ran out; one part is raised still, and of the others nobody spoke by name."""
    story.contact("Y1a")
    story.clock.put_forward(1.0)
    sent = story.clock.now()
    raised = Signal(
        Realm.ACTUAL, "b", "x", "Y1", "air", Act.RAISED, sent, expires=sent + timedelta(seconds=1)
    )
    story.side.say("signal/x", raised)
    story.clock.put_forward(1.0)
    assert (story.state("Y1"), story.state("Y1b")) == ("partly", "unknown")
    story.contact("Y1a")
    assert (story.state("Y1"), story.state("Y1b")) == ("partly", "clear")


def test_a_cancellation_after_an_all_clear_leaves_nothing_that_is_clear(story):
    """Whoever takes back the raise and says nothing else has not said that there is no danger."""
    story.say("Y2", Act.RAISED)
    story.say("Y2", Act.CLEAR)
    assert story.state("Y2") == "clear"
    story.say("Y2", Act.CANCELLED)
    assert story.state("Y2") == "unknown"
