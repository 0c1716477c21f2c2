"""The dialects at a real server's public door: over HTTP, over sockets, in no realm but the actual one."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as open_socket

from tests.support import RunningServer, connect, exchange, wait_until
from tocsin.model import Realm

ACTIVE = "/v1/alerts/active.json"
IOT = "/v1/iot/active_air_raid_alerts/31.json"


@pytest.fixture(scope="module")
def feed(server):
    """A feed for the whole country, heard once: it vouches for a minute."""
    feed = server.feed("feed", "UA", "*")
    feed.contact()
    wait_until(lambda: server.get(ACTIVE).status_code == 200, "all is known")
    return feed


def test_a_poll_is_answered_with_304_until_something_changes(server, feed):
    """As the clients of alerts.in.ua ask; two changes in one second are both seen."""
    first = server.get(ACTIVE)
    asked = {"If-Modified-Since": first.headers["last-modified"]}
    again = server.get(ACTIVE, headers=asked)
    assert (again.status_code, again.content) == (304, b"")
    assert "content-length" not in again.headers
    assert again.headers["last-modified"] == first.headers["last-modified"]
    feed.say("UA80")
    changed = server.get(ACTIVE, headers=asked)
    assert changed.status_code == 200
    feed.say("UA80", "clear")
    back = server.get(ACTIVE, headers={"If-Modified-Since": changed.headers["last-modified"]})
    assert back.status_code == 200


def test_a_device_that_speaks_http_1_0_gets_a_length(server, feed):
    """It cannot put pieces together, and sends no port with the host."""
    answer = exchange(server.public, f"GET {IOT}?token=x HTTP/1.0\r\nHost: alerts\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 3" in head and body == b'"N"'
    assert b"chunked" not in head


def test_links_lead_to_where_it_was_asked(server, feed):
    """A client follows them."""
    feed.say("UA80")
    feature = server.get("//alerts//active?zone=UAZ080").json()["features"][0]
    assert feature["id"].startswith(server.public)
    assert server.get(feature["id"].removeprefix(server.public)).status_code == 200
    feed.say("UA80", "clear")


def test_what_is_no_dialect_is_as_before(server, feed):
    """A dialect hides none of the door's own addresses, and an unknown one is still unknown."""
    assert server.get("/v1/board.json").json()["realm"] == "actual"
    assert server.get("/api/v3/nothing").status_code == 404
    assert server.get("/data_v5").status_code == 404
    assert server.get("/data_v4").status_code == 426


def test_no_exercise_is_carried(server, feed):
    """A drill raises Lviv; nothing at the public door knows."""
    drill = server.feed("drill", "UA", "*", realm=Realm.EXERCISE)
    drill.say("UA46")
    assert server.get("/v1/iot/active_air_raid_alerts/27.json").json() == "N"
    assert server.get("/api/v3/alerts/27").json()[0]["activeAlerts"] == []


def test_a_lamp_is_told_at_once(server, feed):
    """Over its WebSocket, in every version."""
    for version in (1, 4):
        with open_socket(f"{server.public.replace('http', 'ws')}/data_v{version}") as lamp:
            lamp.send("chip_id:0")
            lamp.send("firmware:4.0_0")
            first = [json.loads(lamp.recv(5))["payload"] for _ in range(3)]
            assert first == ["bins", "test_bins", "alerts"]
            feed.say("UA80")
            slot = json.loads(lamp.recv(5))["alerts"][25]
            assert (slot if version == 1 else slot[0]) == 1
            feed.say("UA80", "clear")
            slot = json.loads(lamp.recv(5))["alerts"][25]
            assert (slot if version == 1 else slot[0]) == 0


def test_updates_come_at_once(server, feed):
    """As events of one stream."""
    with connect(server.public) as channel:
        channel.sendall(b"GET /api/states/live HTTP/1.1\r\nHost: tocsin\r\nX-API-Key: x\r\n\r\n")
        received = read_until(channel, b"event: hello\r\n")
        assert b"text/event-stream" in received
        feed.say("UA80")
        assert b'"id":25' in read_until(channel, b'"alert":true')
        feed.say("UA80", "clear")
        read_until(channel, b'"alert":false')
        read_until(channel, b"event: ping\r\ndata: null\r\n\r\n", 8)


def test_streams_end_when_the_feed_is_dead(tmp_path):
    """A lamp is sent away with 1013, a stream ends; neither can begin anew until somebody is heard."""
    with RunningServer(tmp_path, "silence_s = 2.0\n") as server:
        feed = server.feed("feed", "UA", "*")
        feed.contact()
        wait_until(lambda: server.get(ACTIVE).status_code == 200, "all is known")
        with (
            connect(server.public) as channel,
            open_socket(lamps(server)) as lamp,
        ):
            channel.sendall(b"GET /api/states/live HTTP/1.1\r\nHost: tocsin\r\n\r\n")
            read_until(channel, b"event: hello\r\n")
            assert closed_with(lamp) == 1013
            channel.settimeout(10)
            while channel.recv(65_536):
                pass
        assert server.get("/api/states/live").status_code == 503
        with open_socket(lamps(server)) as lamp:
            assert closed_with(lamp) == 1013
        feed.contact()
        with open_socket(lamps(server)) as lamp:
            assert json.loads(lamp.recv(5))["payload"] == "bins"


def test_the_server_stops_though_lamps_are_connected(tmp_path):
    """Within its patience."""
    with RunningServer(tmp_path) as server:
        server.feed("feed", "UA", "*").contact()
        wait_until(lambda: server.get(ACTIVE).status_code == 200, "all is known")
        with open_socket(lamps(server)) as lamp:
            lamp.recv(5)
            assert server.stop() < 5


def lamps(server):
    """Return the address that a lamp connects to."""
    return server.public.replace("http", "ws") + "/data_v4"


def closed_with(lamp):
    """Return the code with which a lamp is sent away, after whatever it is told before."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            lamp.recv(10)
    return lamp.close_code


def read_until(channel: socket.socket, mark: bytes, within_s: float = 5.0) -> bytes:
    """Return what comes up to a mark."""
    end, received = time.monotonic() + within_s, b""
    while mark not in received:
        channel.settimeout(max(0.01, end - time.monotonic()))
        data = channel.recv(65_536)
        assert data, received
        received += data
    return received
