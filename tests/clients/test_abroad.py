"""Clients of other countries' services see a raise, an all clear, and never a clear when the feed is dead."""

from __future__ import annotations

import time

import pytest

from tests.clients.clients import Client, failed, program_of
from tests.clients.conftest import SILENCE_S
from tests.support import wait_until


@pytest.fixture(params=["nina", "meteoalert", "pynws"])
def client(request):
    """PyNINA, meteoalertapi and pynws."""
    program_of(request.param)
    living = request.getfixturevalue("living")
    with Client(request.param, "abroad", living.feed.server.public, request.param) as asked:
        yield asked


def not_known(said):
    """Return whether a client has an error, or the word for it, where its format has one."""
    return failed(said) or (len(said) == 1 and said[0].startswith("Status Unknown"))


def test_without_a_feed_it_is_never_clear(client):
    """Nobody has said anything yet: every question ends as an error, or as *unknown*."""
    assert not_known(client.ask("kyiv"))
    assert not_known(client.ask("oblast"))


def test_it_sees_a_raise_and_an_all_clear(client, living):
    """For a city, and for an oblast of which a part is raised; then neither is."""
    living.live()
    wait_until(lambda: client.ask("kyiv") == [], "all is known")
    assert client.ask("oblast") == []
    living.say("UA80")
    living.say("UA6302")
    assert len(client.ask("kyiv")) == 1
    assert len(client.ask("oblast")) == 1
    living.say("UA80", "clear")
    living.say("UA6302", "clear")
    assert (client.ask("kyiv"), client.ask("oblast")) == ([], [])


def test_it_is_never_clear_when_the_feed_is_dead(client, living):
    """What was clear becomes an error, or *unknown*; an alert is not taken back."""
    living.live()
    wait_until(lambda: client.ask("kyiv") == [], "all is known")
    living.say("UA6302")
    living.die()
    time.sleep(SILENCE_S + 1.5)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        assert client.ask("kyiv") != []
        assert client.ask("oblast") != []
    assert not_known(client.ask("kyiv"))
