"""Clients that follow a stream see a raise, an all clear, and never a clear when the feed is dead."""

from __future__ import annotations

import time

import pytest

from tests.clients.clients import Client, failed, program_of
from tests.clients.conftest import SILENCE_S
from tests.support import wait_until

STREAMS = [
    ("streams", "own"),
    ("streams", "own-websocket"),
    ("streams", "lamp"),
    ("streams", "states"),
    ("eventsource", "own"),
    ("eventsource", "states"),
    ("centrifuge", "map"),
]


@pytest.fixture(params=STREAMS, ids="-".join)
def client(request):
    """sseclient-py, websockets, and npm's eventsource and centrifuge, at our own streams and at others."""
    needs, kind = request.param
    program_of(needs)
    living = request.getfixturevalue("living")
    with Client(needs, needs, living.feed.server.public, kind) as asked:
        yield asked


def connected(client):
    """Connect anew, as such clients do after a while; return what Kyiv is shown as."""
    said = client.ask("kyiv")
    if not failed(said):
        return said
    client.ask("again")
    time.sleep(0.3)
    return client.ask("kyiv")


def test_without_a_feed_it_is_never_clear(client):
    """Nobody has said anything yet: it is unknown, or there is no stream."""
    for _ in range(3):
        said = connected(client)
        assert failed(said) or said in ("unknown", "not_covered"), said


def test_it_sees_a_raise_and_an_all_clear(client, living):
    """As they happen: for a city, and for an oblast of which a part is raised."""
    living.live()
    wait_until(lambda: connected(client) == "clear", "all is known")
    living.say("UA6302")
    wait_until(lambda: client.ask("oblast") in ("raised", "partly"), "it is told", 1.0)
    living.say("UA80")  # one event, and none behind it that would push its end out of a client's buffer
    wait_until(lambda: client.ask("kyiv") == "raised", "it is told", 1.0)
    living.say("UA80", "clear")
    wait_until(lambda: client.ask("kyiv") == "clear", "it is told", 1.0)
    living.say("UA6302", "clear")
    wait_until(lambda: client.ask("oblast") == "clear", "it is told", 1.0)


def test_it_is_never_clear_when_the_feed_is_dead(client, living):
    """What was clear becomes unknown, or the stream ends and there is none; an alert is not taken back."""
    living.live()
    wait_until(lambda: connected(client) == "clear", "all is known")
    living.say("UA6302")
    wait_until(lambda: client.ask("oblast") in ("raised", "partly"), "it is told", 2.0)
    living.die()
    time.sleep(SILENCE_S + 1.5)
    for _ in range(5):
        assert client.ask("oblast") != "clear"
        said = connected(client)
        assert failed(said) or said == "unknown", said
        time.sleep(0.2)
