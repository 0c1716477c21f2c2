"""The stream over WebSocket: the same events, for those whose network lets nothing else through."""

import contextlib
import json
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support import PATIENCE_S, Listener, exchange


@pytest.fixture(scope="module")
def feed(server):
    feed = server.feed("feed")
    feed.contact()
    return feed


@contextlib.contextmanager
def open_socket(server, query="", **more):
    address = server.public.replace("http://", "ws://") + "/v1/ws" + query
    with connect(address, proxy=None, open_timeout=PATIENCE_S, close_timeout=2, **more) as channel:
        yield channel


def heard(channel, within_s=PATIENCE_S):
    return json.loads(channel.recv(timeout=within_s))


def ends(channel):
    """Return whether the other side closes, once all that came before is read."""
    try:
        while True:
            channel.recv(timeout=PATIENCE_S)
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


def alerts(channel, last):
    """Return the alerts up to a place in the log."""
    found: list[Any] = []
    while not found or found[-1]["data"]["seq"] < last:
        one = heard(channel)
        if one["event"] == "alert":
            found.append(one)
    return found


def test_it_says_what_the_stream_says(server, feed):
    """The same snapshot and the same alerts, with the same ids; an alert is heard within a second."""
    with open_socket(server) as channel, Listener(server) as listener:
        first, same = heard(channel), listener.next()
        assert first["event"] == same.event == "snapshot"
        assert (first["id"], first["data"]["areas"].keys()) == (same.id, same.data["areas"].keys())
        feed.say("UA80")
        begun = time.monotonic()
        mine = alerts(channel, max(server.said()))
        assert time.monotonic() - begun < 1.0
        theirs = listener.alerts()
    assert [(one["id"], one["data"]) for one in mine] == [(one.id, one.data) for one in theirs]
    assert "UA80" in {one["data"]["area"] for one in mine}


def test_a_beat_comes_within_ten_seconds(server, feed):
    """With until when each source vouches."""
    feed.contact("UA80")
    with open_socket(server) as channel:
        heard(channel)
        beat = heard(channel, 10.0)
    assert beat["event"] == "beat"
    assert "feed" in beat["data"]["fresh"]


def test_one_goes_on_from_where_one_was(server, feed):
    """?after= and nothing is missed, nothing comes twice; what cannot be proven is a reset."""
    with open_socket(server) as channel:
        begin = heard(channel)["id"]
    feed.say("UA05")
    feed.say("UA05", "clear")
    said = [place for place in server.said() if place > int(begin.rpartition("-")[2])]
    with open_socket(server, f"?after={begin}") as channel:
        assert said == [one["data"]["seq"] for one in alerts(channel, said[-1])]
        assert heard(channel)["event"] == "beat"
    with open_socket(server, "?after=nonsense") as channel:
        assert [heard(channel)["event"], heard(channel)["event"]] == ["reset", "snapshot"]


def test_a_wish_holds_here_too(server, feed):
    """Of other areas nothing is heard."""
    with open_socket(server, "?areas=UA46") as channel:
        assert set(heard(channel)["data"]["areas"]) == {"UA46"}
        feed.say("UA48")
        feed.say("UA46")
        told = alerts(channel, max(server.said()))
        assert not any("UA48" in one["data"]["areas"] for one in told)
        assert any("UA46" in one["data"]["areas"] for one in told)


def test_pings_are_answered_and_what_one_says_is_not_read(server, feed):
    """A client may ping, and may talk; it changes nothing."""
    before = len(server.entries())
    with open_socket(server) as channel:
        heard(channel)
        assert channel.ping("are you there").wait(PATIENCE_S)
        channel.send('{"state":"clear","area":"UA80"}')
        channel.send(b"\x00" * 1_000)
        feed.say("UA51")
        assert alerts(channel, max(server.said()))
    assert before < len(server.entries()) < before + 10


def test_a_closing_handshake_is_answered(server, feed):
    """Whoever says good-bye is not left waiting."""
    with open_socket(server) as channel:
        heard(channel)
        begun = time.monotonic()
        channel.close()
        assert time.monotonic() - begun < 1.5
        assert channel.close_code == 1000
    assert server.get("/healthz").text == "ok\n"


def test_a_broken_frame_ends_only_its_own_connection(server, feed):
    """An unmasked frame from a client is against the protocol."""
    with open_socket(server) as channel, open_socket(server) as other:
        heard(channel), heard(other)
        channel.socket.sendall(b"\x81\x05hello")
        assert ends(channel)
        feed.say("UA53")
        assert alerts(other, max(server.said()))
    assert "Traceback" not in server.errors()


_UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    "headers",
    ["", _UPGRADE, _UPGRADE + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"],
    ids=["plain", "no key", "a bad key"],
)
def test_who_speaks_no_websocket_is_told_so(server, headers):
    """A browser that follows the link gets an answer and not silence."""
    answer = exchange(server.public, f"GET /v1/ws HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode(), 5)
    assert answer.split()[1] in (b"400", b"426")
    assert b"WebSocket" in answer


def test_a_server_that_stops_says_good_bye(own_server):
    """The connection ends: no client waits for a dead server."""
    with open_socket(own_server) as channel:
        heard(channel)
        assert own_server.stop() < 5.0
        assert ends(channel)
