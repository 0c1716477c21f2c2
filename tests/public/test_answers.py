"""Answers are made once for many: each question gets its own, and none is older than the last alert."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support import PATIENCE_S

ASK = b"GET /v1/board.json HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def feed(server):
    feed = server.feed("feed")
    feed.contact()
    return feed


@pytest.fixture
def connect(server):
    made = []

    def connect():
        at = urlsplit(server.public)
        made.append(socket.create_connection((at.hostname, at.port), PATIENCE_S))
        return made[-1]

    yield connect
    for one in made:
        one.close()


def response(connection):
    """Return head and body of the next response."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += received(connection)
    head, _, body = text.partition(b"\r\n\r\n")
    size = next((int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")), 0)
    while len(body) < size:
        body += received(connection)
    assert len(body) == size, "one response and nothing behind it"
    return head.decode(), body


def received(connection):
    piece = connection.recv(65_536)
    assert piece, "the server closed"
    return piece


def asked(connection, request=ASK):
    connection.sendall(request)
    return response(connection)


def test_a_request_asked_again_is_answered_the_same(connect, feed):
    """By one connection and by another; the age is renewed, the state is the same."""
    one, other = connect(), connect()
    seen = [json.loads(asked(connection)[1])["areas"]["UA44"]["state"] for connection in (one, one, other)]
    assert ["raised"] * 3 == seen


def test_no_response_outlives_an_alert(connect, feed):
    """Whoever asks after a raise was acknowledged is told of it, whatever was made before."""
    connection = connect()
    for turn in range(6):
        for _ in range(3):
            asked(connection)
        state = ("raised", "clear")[turn % 2]
        feed.say("UA56", state)
        told = json.loads(asked(connection)[1])
        assert told["areas"]["UA56"]["state"] == state


def test_each_question_gets_its_own_answer(connect, feed):
    """A header more, another method, another form: nobody gets what somebody else asked for."""
    connection = connect()
    for _ in range(3):
        head, body = asked(connection)
        assert "200 OK" in head and "Content-Encoding" not in head and json.loads(body)
        etag = next(line[6:] for line in head.split("\r\n") if line.startswith("ETag: "))
        zipped = asked(connection, ASK[:-2] + b"Accept-Encoding: gzip\r\n\r\n")
        assert "Content-Encoding: gzip" in zipped[0] and zipped[1][:2] == b"\x1f\x8b"
        same = asked(connection, ASK[:-2] + f"If-None-Match: {etag}\r\n\r\n".encode())
        assert "304 Not Modified" in same[0] and same[1] == b""
        assert asked(connection, ASK.replace(b"board.json", b"board.txt"))[1].startswith(b"tocsin 1 ")


def test_requests_in_a_row_are_each_answered(connect, feed):
    """Two that came at once are two answers, however often they come."""
    connection = connect()
    for _ in range(3):
        connection.sendall(ASK + ASK.replace(b"board.json", b"board.txt"))
        text = b""
        while not text.endswith(b"\n.\n"):
            text += received(connection)
        assert text.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("at_once", [6_000, 50])
def test_who_asks_on_and_on_without_reading_is_not_kept(connect, feed, server, at_once):
    """It may not fill the server's memory with answers; the others are served."""
    connection = connect()
    connection.settimeout(0.5)
    asked(connect())
    before = held_bytes(server)
    with contextlib.suppress(TimeoutError, ConnectionError):  # it is not read any more, or closed
        for _ in range(6_000 // at_once):
            connection.sendall(ASK * at_once)
            time.sleep(0.01)
    assert "200 OK" in asked(connect())[0]
    assert held_bytes(server) - before < 16 << 20, "6,000 answers would be 70 MiB"


def held_bytes(server):
    """Return how much memory the server holds."""
    process = json.loads((server.data / "server.json").read_bytes())["pid"]
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4_096
