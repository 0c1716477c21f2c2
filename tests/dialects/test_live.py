"""Talks say what changed, and end before anybody could take silence or a gap for an all clear."""

from __future__ import annotations

import json

import pytest

from tocsin.dialects.live import LAMP_PING_S, UPDATES_PING_S, Lamp, Updates, text_frame
from tocsin.dialects.livemap import MapChannel
from tocsin.dialects.mirrors import SirensInUa
from tocsin.model import State
from tocsin.testing.dialects import World

PING = b"\x89\x00"
TRY_AGAIN = b"\x88\x02\x03\xf5"


def world():
    """Return a country in which all is clear."""
    return World(SirensInUa())


def look(talk, world, lasted=0.0):
    """Return what a talk says of the present."""
    return talk.look(world.spoken.sight(world.told, world.moment), lasted)


def payloads(data):
    """Return the JSON of text frames in a row."""
    found = []
    while data:
        size, head = data[1], 2
        if size == 126:
            size, head = int.from_bytes(data[2:4], "big"), 4
        found.append(json.loads(data[head : head + size]))
        data = data[head + size :]
    return found


def events(data):
    """Return name and data of events in a row."""
    blocks = [
        dict(line.split(": ", 1) for line in one.split("\r\n"))
        for one in data.decode().split("\r\n\r\n")[:-1]
    ]
    return [(one["event"], json.loads(one["data"])) for one in blocks]


def test_a_lamp_is_told_the_alerts_at_first_and_when_they_change():
    """28 slots; no firmware is offered; nothing is said while nothing changes."""
    told, lamp = world(), Lamp(4)
    first = payloads(look(lamp, told).data)
    assert [one["payload"] for one in first] == ["bins", "test_bins", "alerts"]
    assert (first[0]["bins"], len(first[2]["alerts"])) == ([], 28)
    assert look(lamp, told, 1.0).data == b""
    told.tell(State.RAISED, "UA80")
    (changed,) = payloads(look(lamp, told, 2.0).data)
    assert changed["alerts"][25][0] == 1
    told.tell(State.CLEAR, "UA80")
    assert payloads(look(lamp, told, 3.0).data)[0]["alerts"][25][0] == 0


def test_a_lamp_is_pinged():
    """Without a ping it would start anew."""
    told, lamp = world(), Lamp(4)
    look(lamp, told, 100.0)
    assert look(lamp, told, 100.0 + LAMP_PING_S - 1).data == b""
    assert look(lamp, told, 100.0 + LAMP_PING_S).data == PING
    assert look(lamp, told, 101.0 + LAMP_PING_S).data == b""


@pytest.mark.parametrize("state", [State.UNKNOWN, State.NOT_COVERED])
def test_a_lamp_of_which_a_slot_cannot_be_said_is_sent_away(state):
    """At first and later: it connects again and shows that it does."""
    told, lamp = world(), Lamp(2)
    look(lamp, told)
    told.tell(state, "UA63")
    assert look(lamp, told, 1.0) == (TRY_AGAIN, True)
    assert look(Lamp(2), told) == (TRY_AGAIN, True)


def test_a_lamp_is_sent_away_when_the_feed_is_dead():
    """Nothing was said; time alone ends it."""
    told, lamp = world(), Lamp(4)
    look(lamp, told)
    told.pass_time(15)
    assert look(lamp, told, 15.0) == (TRY_AGAIN, True)


def test_lamps_share_what_is_made_for_them():
    """A thousand of them cost one frame."""
    told = world()
    sight = told.spoken.sight(told.told, told.moment)
    frames = {id(sight.once(("jaam", 4), lambda seen: object())) for _ in range(1_000)}
    assert len(frames) == 1


def test_a_long_frame_says_its_length_in_two_bytes():
    """From 126 bytes on."""
    assert text_frame(b"x" * 125)[:2] == b"\x81\x7d"
    assert text_frame(b"x" * 126)[:4] == b"\x81\x7e\x00\x7e"


def test_updates_greet_then_tell_each_change():
    """No state at first: their clients ask for all of them by themselves."""
    told, talk = world(), Updates()
    assert events(look(talk, told).data) == [("hello", None)]
    told.tell(State.RAISED, "UA80", "UA6302")
    changes = events(look(talk, told, 1.0).data)
    assert [name for name, _ in changes] == ["update", "update"]
    assert {(one["state"]["id"], one["state"]["alert"]) for _, one in changes} == {(19, True), (25, True)}
    assert len({one["notification_id"] for _, one in changes}) == 2
    told.tell(State.CLEAR, "UA80")
    ((_, change),) = events(look(talk, told, 2.0).data)
    assert (change["state"]["id"], change["state"]["alert"]) == (25, False)


def test_updates_ping_while_nothing_changes():
    """After 5 s of silence."""
    told, talk = world(), Updates()
    look(talk, told, 100.0)
    assert look(talk, told, 100.0 + UPDATES_PING_S - 0.1).data == b""
    assert events(look(talk, told, 100.0 + UPDATES_PING_S).data) == [("ping", None)]


def test_updates_of_one_state_are_of_that_one():
    """And a number that is none has no stream."""
    told, talk = world(), Updates("25")
    look(talk, told)
    told.tell(State.RAISED, "UA63")
    assert look(talk, told, 1.0).data == b""
    told.tell(State.RAISED, "UA80")
    assert len(events(look(talk, told, 2.0).data)) == 1
    assert look(Updates("99"), told).ends


def test_updates_end_while_anything_is_unknown():
    """A stream that goes on with pings says that nothing has changed."""
    told, talk = world(), Updates()
    look(talk, told)
    told.tell(State.UNKNOWN, "UA63")
    assert look(talk, told, 1.0) == (b"", True)
    dead, talk = world(), Updates()
    look(talk, dead)
    dead.pass_time(15)
    assert look(talk, dead, 15.0).ends


def commands(*sent):
    """Return commands as a client of the live map sends them: one a line."""
    return "\n".join(json.dumps(one) for one in sent).encode()


def hear(talk, world, *sent):
    """Return what a channel replies."""
    return payloads(talk.hear(commands(*sent), world.spoken.sight(world.told, world.moment)).data)


SUBSCRIBE = {"id": 2, "method": 1, "params": {"channel": "updateMap"}}


def regions(publication):
    """Return the regions with an alert that a publication names."""
    return [one["regionId"] for one in publication["data"]["alerts"]]


def test_the_live_map_tells_the_whole_state_at_first_and_when_it_changes():
    """In the words of protocol 1 of Centrifugo; two commands may come at once."""
    told, channel = world(), MapChannel()
    assert look(channel, told).data == b""
    hello, answer, first = hear(channel, told, {"id": 1, "params": {"token": "x"}}, SUBSCRIBE)
    assert (hello["id"], answer, set(hello["result"])) == (1, {"id": 2, "result": {}}, {"client", "version"})
    assert first["result"]["channel"] == "updateMap" and regions(first["result"]["data"]) == []
    told.tell(State.RAISED, "UA80")
    (changed,) = payloads(look(channel, told, 1.0).data)
    assert regions(changed["result"]["data"]) == ["31"]
    (past,) = hear(channel, told, {"id": 3, "method": 6, "params": {"channel": "updateMap"}})
    assert regions(past["result"]["publications"][0]) == ["31"]
    assert look(channel, told, 2.0).data == b""
    assert look(channel, told, 30.0).data == PING


def test_who_has_not_subscribed_to_the_live_map_is_told_nothing():
    """Nor who wants another channel."""
    told, channel = world(), MapChannel()
    (refused,) = hear(channel, told, {"id": 5, "method": 1, "params": {"channel": "other"}})
    assert refused["error"]["code"] == 102
    assert hear(channel, told, {"id": 6, "method": 3})[0]["error"]["code"] == 104
    told.tell(State.RAISED, "UA80")
    assert look(channel, told, 1.0).data == b""


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"id": "x"}', b"\xff", b'{"params": 1}'])
def test_what_is_no_command_ends_the_live_map(text):
    """With the code for what cannot be taken."""
    told = world()
    step = MapChannel().hear(text, told.spoken.sight(told.told, told.moment))
    assert step == (b"\x88\x02\x03\xeb", True)


def test_the_live_map_ends_while_an_area_is_unknown():
    """Its word for clear is that a region is missing, so nothing may be said; commands are refused too."""
    told, channel = world(), MapChannel()
    hear(channel, told, SUBSCRIBE)
    told.tell(State.UNKNOWN, "UA63")
    assert look(channel, told, 1.0) == (TRY_AGAIN, True)
    assert MapChannel().hear(commands(SUBSCRIBE), told.spoken.sight(told.told, told.moment)).ends
    told.pass_time(15)
    assert look(MapChannel(), told).ends


def test_a_frame_of_any_size_can_be_read():
    """When every hromada is raised the state has more than 64 KiB."""
    for size, head in ((125, 2), (126, 4), (65_535, 4), (65_536, 10)):
        frame = text_frame(b"x" * size)
        assert len(frame) == head + size and frame.endswith(b"x" * size)
