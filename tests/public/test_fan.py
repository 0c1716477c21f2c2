"""The fan: one frame reaches every stream once, and a slow one holds nobody up."""

from __future__ import annotations

import socket

import pytest

from tocsin.model import AreaId
from tocsin.public import fan as module
from tocsin.public.fan import Fan, Form

ALL = Form(websocket=False, wish=None)
KYIV = Form(websocket=False, wish=frozenset({AreaId("UA80")}))
SLICES = 4


class Reader:
    """A stream with a real socket, whose other end somebody holds."""

    def __init__(self, form=ALL, room=200_000):
        self.form = form
        self.socket, self.other = socket.socketpair()
        self.socket.setblocking(False)
        self.other.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        self.waits = self.lagging = False
        self.kept = b""  # what was left to the transport

    def write(self, data):
        self.kept += data
        self.waits = True

    def heard(self):
        """Return what has come at the other end."""
        text = b""
        while True:
            try:
                piece = self.other.recv(1 << 20)
            except BlockingIOError:
                return text
            if not piece:
                return text
            text += piece


@pytest.fixture
def fan(monkeypatch):
    monkeypatch.setattr(module, "RUN", 1)  # so that a few streams stand in all slices
    return Fan(SLICES)


@pytest.fixture
def join(fan):
    made = []

    def join(form=ALL, **more):
        made.append(Reader(form, **more))
        fan.join(made[-1])
        return made[-1]

    yield join
    for one in made:
        one.socket.close()
        one.other.close()


def test_everybody_hears_a_frame_once(fan, join):
    """Whatever slice a stream stands in."""
    readers = [join() for _ in range(3 * SLICES)]
    fan.tell(lambda form: b"raised")
    assert {reader.heard() for reader in readers} == {b"raised"}
    assert len(fan) == len(list(fan)) == len(readers)


def test_a_beat_reaches_everybody_in_as_many_turns_as_there_are_slices(fan, join):
    """And nobody twice; a slow one by way of its transport."""
    readers = [join() for _ in range(3 * SLICES)]
    slow = join()
    slow.waits = True
    fan.move(slow)
    for turn in range(SLICES):
        fan.tell(lambda form: b"beat", turn)
    assert {reader.heard() for reader in readers} == {b"beat"}
    assert (slow.kept, slow.heard()) == (b"beat", b"")


def test_a_frame_is_made_once_for_all_streams_of_a_form(fan, join):
    """Ten thousand readers of two kinds cost two frames."""
    asked = []

    def frame(form):
        asked.append(form)
        return b"for Kyiv" if form == KYIV else b"for all"

    readers = [(join(form), form) for form in [ALL] * 3 * SLICES + [KYIV] * 3 * SLICES]
    fan.tell(frame)
    assert sorted(asked, key=str) == sorted({ALL, KYIV}, key=str)
    assert all(reader.heard() == (b"for Kyiv" if form == KYIV else b"for all") for reader, form in readers)


def test_nothing_is_written_to_those_whom_it_does_not_concern(fan, join):
    """An empty frame is none."""
    mine, other = join(KYIV), join(ALL)
    fan.tell(lambda form: b"raised" if form == KYIV else b"")
    assert (mine.heard(), other.heard()) == (b"raised", b"")


def test_what_a_socket_does_not_take_is_left_to_its_transport_and_no_byte_is_lost(fan, join):
    """The frame is cut anywhere; the rest waits, and the next frame goes behind it."""
    slow, quick = join(room=10_000), join()
    frame = bytes(range(256)) * 200
    sent = 0
    while not slow.kept:
        fan.tell(lambda form: frame)
        sent += 1
        assert frame == quick.heard(), "a slow reader holds nobody up"
        assert sent < 10_000
    fan.move(slow)
    fan.tell(lambda form: frame)
    assert 0 < len(slow.kept) % len(frame), "it was cut within a frame"
    assert slow.heard() + slow.kept == frame * (sent + 1)
    assert quick.heard() == frame


def test_a_stream_that_lags_is_told_nothing_until_it_has_caught_up(fan, join):
    """It gets the present state later; then it is as ready as before."""
    slow = join()
    slow.waits = slow.lagging = True
    fan.move(slow)
    fan.tell(lambda form: b"missed")
    assert (slow.kept, slow.heard()) == (b"", b"")
    slow.waits = slow.lagging = False
    fan.move(slow)
    fan.tell(lambda form: b"heard")
    assert (slow.kept, slow.heard()) == (b"", b"heard")


def test_a_reader_that_is_gone_stops_nobody(fan, join):
    """Its transport finds out by itself; the others are told."""
    readers = [join() for _ in range(6)]
    readers[2].other.close()
    for _ in range(2):
        fan.tell(lambda form: b"raised")
    assert {reader.heard() for reader in readers if reader is not readers[2]} == {b"raisedraised"}


def test_who_has_left_is_told_nothing(fan, join):
    """Slow or not; and one that was never there is not moved in."""
    ready, slow, other = join(), join(), join()
    slow.waits = True
    fan.move(slow)
    fan.leave(ready)
    fan.leave(slow)
    fan.move(ready)
    fan.tell(lambda form: b"raised")
    assert [b"", b"", b"raised"] == [ready.heard(), slow.heard() + slow.kept, other.heard()]
    assert [other] == list(fan)
    assert 1 == len(fan)


def test_no_frame_is_made_for_a_wish_that_nobody_has_any_more(fan, join):
    """There are more wishes over time than anybody has at one moment."""
    asked = []

    def frame(form):
        asked.append(form)
        return b"raised"

    last = join(KYIV)
    join(ALL)
    fan.leave(last)
    fan.tell(frame)
    assert [ALL] == asked
