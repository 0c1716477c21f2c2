"""The public door's HTTP: old clients, broken ones and hostile ones each get an answer or the door."""

import json
import time

import pytest

from tests.support import PATIENCE_S, RunningServer, connect, exchange


def ask(server, text, within_s=PATIENCE_S):
    """Send a request as it stands and return all that comes until the server closes."""
    return exchange(server.public, text.encode("latin-1"), within_s)


def parts(answer):
    """Return status, headers and body of one response."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


def responses(answer):
    """Return the statuses and bodies of several responses in a row."""
    found = []
    while answer:
        status, headers, rest = parts(answer)
        size = int(headers.get("content-length", 0))
        found.append((status, rest[:size]))
        answer = rest[size:]
    return found


def get(path, *headers, version="1.1", close=True):
    lines = [
        f"GET {path} HTTP/{version}",
        "Host: tocsin",
        *headers,
        *(["Connection: close"] if close else []),
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def is_problem(answer, status, *words):
    """Check that an answer is a problem that says all these words."""
    found, headers, body = parts(answer)
    assert found == status, answer
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-length"] == str(len(body))
    problem = json.loads(body)
    assert problem["status"] == status and problem["todo"], "it says what to do"
    for word in words:
        assert word in problem["detail"] + " " + problem["todo"]
    return headers


@pytest.mark.parametrize("path", ["/v1/board.txt", "/v1/board.json", "/healthz", "/"])
def test_http_1_0_gets_a_length_and_the_end(server, path):
    """A microcontroller's client knows no chunks and no keep-alive: the length is said, and it is closed."""
    for lines in (f"GET {path} HTTP/1.0\r\n\r\n", f"GET {path} HTTP/1.0\r\nHost: x\r\nUser-Agent: y\r\n\r\n"):
        status, headers, body = parts(ask(server, lines))
        assert status == 200
        assert len(body) == int(headers["content-length"]) > 0
        assert "transfer-encoding" not in headers


def test_http_1_0_may_ask_to_be_kept(server):
    """Two requests on one connection, where the old client asks for it."""
    first = "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert responses(ask(server, first + "GET /healthz HTTP/1.0\r\n\r\n")) == [(200, b"ok\n")] * 2


def test_a_head_is_a_get_without_the_body(server):
    """The same headers, also the length; nothing behind them."""
    for path in ("/v1/board.json", "/v1/board.txt", "/openapi.json"):
        head = parts(ask(server, get(path).replace("GET", "HEAD", 1)))
        whole = parts(ask(server, get(path)))
        assert (head[0], head[2]) == (200, b"")
        aging = ("as-of", "fresh-until", "content-length")
        assert {n: v for n, v in head[1].items() if n not in aging} == {
            n: v for n, v in whole[1].items() if n not in aging
        }
        assert int(head[1]["content-length"]) == pytest.approx(len(whole[2]), abs=40)


def test_a_head_of_a_stream_ends(server):
    """Whoever looks whether there is a stream is not held for ever."""
    status, headers, body = parts(ask(server, get("/v1/stream").replace("GET", "HEAD", 1), 5))
    assert (status, headers["content-type"], body) == (200, "text/event-stream; charset=utf-8", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_the_door_only_reads(server, method):
    """No method but GET and HEAD is done, with a body or without one."""
    for body in ("", '{"state":"clear"}'):
        request = f"{method} /v1/board.json HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        headers = is_problem(ask(server, request), 405, method)
        assert headers["allow"] == "GET, HEAD"


def test_a_body_is_not_taken_in(server):
    """Not even with a GET."""
    is_problem(ask(server, get("/v1/board.json", "Content-Length: 5") + "hello"), 413, "desk")


_GARBAGE = {
    "a greeting": "hello\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no address": "GET\r\n\r\n",
    "zeros": "\x00" * 20,
    "no such version": "GET / HTTP/9.9\r\n\r\n",
    "no header": "GET / HTTP/1.1\r\nBad header\r\n\r\n",
    "two lengths": "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
}


@pytest.mark.parametrize("name", _GARBAGE)
def test_garbage_is_answered_and_the_connection_is_closed(server, name):
    """Also a TLS greeting at the plain port: 400, and no second guess at what follows."""
    is_problem(ask(server, _GARBAGE[name], 5), 400)


_STRANGE = ["/%ff%fe", "/v1/areas/%00.json", "//v1/board.json", "/static/../pages.py", "/static/",
            "/v1/areas/.json", "/static/%2e%2e/pages.py", "/v1/areas/..%2f"]  # fmt: skip


@pytest.mark.parametrize("target", _STRANGE)
def test_strange_addresses_find_nothing(server, target):
    """404, and no file that is not to be served."""
    is_problem(ask(server, get(target)), 404)


def test_an_address_with_very_many_fields_is_refused(server):
    """Nobody can make the door sort thousands of query fields."""
    is_problem(ask(server, get("/v1/board.json?" + "&".join(f"a{n}=1" for n in range(100)))), 400)


@pytest.mark.parametrize("what", ["header", "target", "many"])
def test_a_head_without_end_is_refused(server, what):
    """More than 16 KiB before the request is whole: 431, and it is closed."""
    long = {
        "header": get("/healthz", "X-Long: " + "x" * 20_000),
        "target": get("/healthz?" + "x" * 20_000),
        "many": get("/healthz", *(f"X-{n}: y" for n in range(3_000))),
    }
    is_problem(ask(server, long[what]), 431, "16384")


def test_requests_in_a_row_are_answered_in_order(server):
    """Sent at once without waiting, each gets its own answer."""
    paths = ["/healthz", "/v1/board.txt", "/nothing", "/healthz", "/v1/areas/UA80.json", "/healthz"]
    text = "".join(get(path, close=False) for path in paths) + get("/healthz")
    found = responses(ask(server, text))
    assert [status for status, _ in found] == [200, 200, 404, 200, 200, 200, 200]
    assert found[0][1] == found[3][1] == found[5][1] == found[6][1] == b"ok\n"
    assert found[1][1].startswith(b"tocsin 1 actual ")
    assert b"/nothing" in found[2][1]
    assert json.loads(found[4][1])["area"] == "UA80"


@pytest.mark.parametrize("size", [1, 7, 60, 100])
def test_requests_in_a_row_may_come_in_pieces(server, size):
    """Wherever a network cuts them."""
    text = (get("/healthz", close=False) + get("/v1/areas/UA80.json", close=False) + get("/healthz")).encode()
    with connect(server.public) as channel:
        for start in range(0, len(text), size):
            channel.sendall(text[start : start + size])
            time.sleep(0.001)
        received = b""
        while data := channel.recv(65_536):
            received += data
    found = responses(received)
    assert [status for status, _ in found] == [200, 200, 200]
    assert json.loads(found[1][1])["area"] == "UA80"


def test_a_request_that_does_not_end_is_closed(server):
    """Who asks nothing, a part, or one more byte now and then loses the connection within 12 s."""
    begun = time.monotonic()
    kept = get("/healthz", close=False)
    begins = ["", "G", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nX-Slow: ", kept + "GET /"]
    open_ones = {connect(server.public): begin for begin in begins}
    lasted: dict[str, float] = {}
    try:
        for channel, begin in open_ones.items():
            channel.sendall(begin.encode())
            channel.settimeout(0.02)
        while len(lasted) < len(open_ones) and time.monotonic() - begun < 12:
            for channel, begin in open_ones.items():
                if begin not in lasted and _is_closed(channel, b"x" if begin.endswith("Slow: ") else b""):
                    lasted[begin] = time.monotonic() - begun
            time.sleep(0.1)
    finally:
        for channel in open_ones:
            channel.close()
    assert set(lasted) == set(begins)
    assert min(lasted.values()) > 8, "an honest client on a slow line has its time"


def _is_closed(channel, more):
    """Send a little more and return whether the other side has closed."""
    try:
        channel.sendall(more)
        return channel.recv(4_096) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_who_is_one_too_many_is_told_so(tmp_path):
    """Over the limit: 503 with what to do; when somebody leaves there is room again."""
    with RunningServer(tmp_path, "connections = 6\n") as server:
        assert server.get("/healthz").text == "ok\n"  # this client's connection is kept, and is the first
        held = [connect(server.public) for _ in range(5)]
        try:
            time.sleep(0.2)
            status, _, body = parts(exchange(server.public, b""))
            assert status == 503 and b"too many connections" in body
        finally:
            for channel in held:
                channel.close()
        time.sleep(0.2)
        assert server.get("/healthz").text == "ok\n"


def test_after_all_that_the_server_lives(server):
    """And has printed no error of its own."""
    assert server.get("/healthz").text == "ok\n"
    assert "Traceback" not in server.errors()
