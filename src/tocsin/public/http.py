"""One connection of the public door: HTTP/1.0 and 1.1, streams and WebSockets.

Requests are parsed by httptools and WebSocket handshakes by `websockets`; what
is ours is that a stream keeps nothing but its socket and its place.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Protocol, cast
from urllib.parse import parse_qs, unquote

import httptools
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from tocsin.dialects.live import Step, Talk
from tocsin.hub import Wish
from tocsin.model import Place
from tocsin.public.answer import Answer, problem
from tocsin.public.fan import Form
from tocsin.public.talk import hear

_log = logging.getLogger("tocsin")

HEAD_LIMIT = 16 * 1024  # bytes of request line and headers
PIECE = 4 * 1024  # bytes that are parsed at once, so that what comes in a row is not counted as one request
WAITING_LIMIT = 16 * 1024  # bytes a stream may have waiting; beyond, it is told the present state later
# Bytes of a stream that the kernel keeps for its reader; it counts twice as much with what it needs itself.
# Left alone it grows to megabytes: one reader that stalled cost 680 KiB (bench/speed/crowd.py).
KERNEL_KEEPS = 16 * 1024
NO_FORM = Form(websocket=False, wish=None)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
    b"X-Accel-Buffering: no\r\nAccess-Control-Allow-Origin: *\r\nReferrer-Policy: no-referrer\r\n"
    b"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
)


class Request:
    """What somebody asked for."""

    __slots__ = ("headers", "keep", "method", "path", "query", "version")

    def __init__(
        self, method: str, target: str, headers: dict[str, str], keep: bool, version: str = "1.1"
    ) -> None:
        path, _, query = target.partition("?")
        self.version = version
        self.method = method
        self.path = unquote(path)
        self.query = parse_qs(query, keep_blank_values=True, max_num_fields=20) if query else {}
        self.headers = headers
        self.keep = keep

    def first(self, name: str) -> str | None:
        """Return the first value of a query field."""
        values = self.query.get(name)
        return values[0] if values else None


class StreamAsked:
    """The answer to a request that wants a stream: what to begin with."""

    __slots__ = ("cursor", "wish")

    def __init__(self, wish: Wish, cursor: str | None) -> None:
        self.wish = wish
        self.cursor = cursor


class TalkAsked:
    """The answer to a request that begins a talk of a dialect: what it is, and its first words."""

    __slots__ = ("first", "talk")

    def __init__(self, talk: Talk, first: Step) -> None:
        self.talk = talk
        self.first = first


class Streams(Protocol):
    """Who keeps the open streams."""

    answered: list[int]  # answers by the first digit of their status

    def answer(self, request: Request) -> Answer | StreamAsked | TalkAsked:
        """Return the answer, or what stream or talk is wanted."""

    def opened(self, stream: Connection, cursor: str | None) -> bytes:
        """A stream is open; returns its first words."""

    def talks(self, connection: Connection, talk: Talk) -> None:
        """A talk of a dialect has begun."""

    def said(self, connection: Connection, text: bytes) -> None:
        """The client of a WebSocket has said something."""

    def slowed(self, stream: Connection) -> None:
        """Something waits to be written to a stream."""

    def drained(self, stream: Connection) -> None:
        """Nothing waits any more."""

    def closed(self, connection: Connection) -> None:
        """A connection is gone."""

    def connected(self, connection: Connection) -> bool:
        """A connection is there; returns whether there is room for it."""


class Connection(asyncio.Protocol):
    """One connection, and the stream that it may become."""

    __slots__ = (
        "_asking", "_door", "_headers", "_lasted", "_left", "_parser", "_served", "_size",
        "_url", "form", "lagging", "place", "since", "socket", "transport", "waits",
    )  # fmt: skip
    socket: socket.socket  # the transport's, of a stream: to write to it straight

    def __init__(self, door: Streams, lasted: Callable[[], float]) -> None:
        self._door = door
        self._lasted = lasted
        self.transport: asyncio.Transport | None = None
        self.since: float | None = None  # since when a request is awaited; None while it streams
        self.waits = False
        self.lagging = False
        self.form = NO_FORM
        self.place: Place = 0  # up to where all is written or waits; kept while it waits
        self._left = b""  # of what a WebSocket client says, a frame that is not whole
        self._served = False
        self._asking = False  # a part of a request has come
        self._size = 0  # bytes since the last request was whole
        self._url = b""
        self._headers: dict[str, str] = {}
        # One for all requests of the connection: those that come in a row may be cut anywhere.
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)

    @property
    def mid_request(self) -> bool:
        """Whether a part of a request has come, or the first one is awaited."""
        return self._asking or not self._served

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self.transport = cast(asyncio.Transport, transport)
        self.since = self._lasted()
        if not self._door.connected(self):
            self._reply(
                problem(503, "too many connections", "try again in a minute").response(
                    {}, head_only=False, keep=False
                )
            )
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        self._door.closed(self)
        if self.since is None:
            self.socket.detach()  # it was the transport's, which closes it
        self.transport = None
        self._parser = None

    def data_received(self, data: bytes) -> None:
        """Take in a piece of a request, or what a WebSocket client says."""
        if self.form.websocket:
            self._hear_client(data)
            return
        for start in range(0, len(data), PIECE):
            if self._parser is None:
                return  # refused, or a stream: what its reader sends is not read
            if self.waits and self.transport is not None:
                self.transport.abort()  # it asks on and on, and does not read what it is told
                return
            self._read(self._parser, data[start : start + PIECE])

    def _read(self, parser: httptools.HttpRequestParser, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > HEAD_LIMIT:
            self._refuse(problem(431, f"the request has more than {HEAD_LIMIT} bytes", "send fewer headers"))
            return
        try:
            parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            pass  # on_message_complete has answered
        except httptools.HttpParserCallbackError as error:
            _log.error("a fault of ours in answering %r", self._url, exc_info=error.__context__)
            self._refuse(problem(500, "the answer failed by a fault of ours", "report it as a bug"))
        except httptools.HttpParserError as error:
            if self._parser is not None:
                self._refuse(problem(400, f"the request cannot be read: {error}", "send HTTP/1.1"))

    def eof_received(self) -> bool:
        """Close when the other side does."""
        return False

    def pause_writing(self) -> None:
        """Something waits to be written."""
        self.waits = True
        self._slowed()

    def resume_writing(self) -> None:
        """Nothing waits any more."""
        self.waits = False
        if self.since is None:
            self._door.drained(self)

    def _slowed(self) -> None:
        if self.since is None and self.transport is not None:
            self._door.slowed(self)
            self.lagging = self.transport.get_write_buffer_size() > WAITING_LIMIT

    # What httptools calls

    def on_message_begin(self) -> None:
        """Begin to count the time that a request may take."""
        self._url, self._headers = b"", {}
        self._asking = True
        if self._served:
            self.since = self._lasted()

    def on_url(self, url: bytes) -> None:
        """Keep a piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Refuse what this door does not do, before its body comes."""
        if self._parser is not None and (method := self._parser.get_method()) not in (b"GET", b"HEAD"):
            name = method.decode("latin-1")
            self._refuse(problem(405, f"{name} is not done here", "use GET or HEAD", Allow="GET, HEAD"))

    def on_body(self, body: bytes) -> None:
        """This door takes nothing in."""
        self._refuse(problem(413, "the public door takes no body", "send signals to the desk"))

    def on_message_complete(self) -> None:
        """Answer one request."""
        parser = self._parser
        if parser is None or self.transport is None:
            return
        method = parser.get_method().decode("latin-1")
        self._asking, self._size = False, 0
        try:
            request = Request(
                method,
                self._url.decode("ascii"),
                self._headers,
                parser.should_keep_alive(),
                parser.get_http_version(),
            )
            answer = self._door.answer(request)
        except ValueError as error:
            self._refuse(problem(400, f"the address cannot be read: {error}", "encode it as RFC 3986 says"))
            return
        if isinstance(answer, StreamAsked):
            self._open_stream(request, answer)
            return
        if isinstance(answer, TalkAsked):
            self._open_talk(request, answer)
            return
        self._reply(answer.response(self._headers, head_only=method == "HEAD", keep=request.keep))
        if request.keep:
            self._served = True
            self.since = self._lasted()
        else:
            self._parser = None
            self.transport.close()

    # Streams

    def _open_stream(self, request: Request, asked: StreamAsked) -> None:
        assert self.transport is not None
        if request.method == "HEAD":
            self._reply(STREAM_HEAD)
            self.transport.close()
            return
        # Nothing may wait unnoticed; and uvloop then writes at once, not at the end of its turn.
        self.transport.set_write_buffer_limits(high=0)
        websocket = request.path.endswith("/ws")
        head = self._begin(Form(websocket, asked.wish, not websocket and request.version == "1.1"))
        if head is not None:
            self.write(head + self.form.framed(self._door.opened(self, asked.cursor)))

    def _open_talk(self, request: Request, asked: TalkAsked) -> None:
        assert self.transport is not None
        if request.method == "HEAD":
            self._reply(STREAM_HEAD)
            self.transport.close()
            return
        websocket = asked.talk.websocket
        head = self._begin(Form(websocket, None, not websocket and request.version == "1.1"))
        if head is not None:
            self._door.talks(self, asked.talk)
            self.write(head)
            self.say(asked.first)

    def say(self, step: Step) -> None:
        """Write what a talk says; end one that has not read what came before, so that it connects anew."""
        if self.transport is None or not (step.data or step.ends):
            return
        if self.transport.get_write_buffer_size() > WAITING_LIMIT:
            self.transport.abort()
            return
        end = b"0\r\n\r\n" if step.ends and self.form.in_chunks else b""
        self.write(self.form.framed(step.data) + end)
        if step.ends:
            self.transport.close()

    def _begin(self, form: Form) -> bytes | None:
        """Become a stream; returns the head of the answer, or None where the handshake did not go well."""
        assert self.transport is not None
        head = self._shake_hands() if form.websocket else STREAM_HEAD
        if form.in_chunks:
            head = STREAM_HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
        if head is None:
            return None
        self._parser = None
        self._headers = {}
        self._url = b""
        self.form = form
        of = self.transport.get_extra_info("socket")
        self.socket = socket.socket(of.family, of.type, of.proto, fileno=of.fileno())
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_KEEPS)
        self.since = None
        self._count(head)
        return head

    def _shake_hands(self) -> bytes | None:
        """Return the answer to a WebSocket handshake, or None where it did not go well."""
        assert self.transport is not None
        protocol = ServerProtocol()
        lines = [
            f"GET {self._url.decode('latin-1')} HTTP/1.1",
            *(f"{n}: {v}" for n, v in self._headers.items()),
        ]
        protocol.receive_data(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        events = protocol.events_received()
        if not events or not isinstance(events[0], Handshake):
            self._refuse(
                problem(
                    426, "this is a WebSocket address", "connect with a WebSocket client", Upgrade="websocket"
                )
            )
            return None
        protocol.send_response(protocol.accept(events[0]))
        answer = b"".join(protocol.data_to_send())
        if protocol.close_expected():
            self._reply(answer)
            self.transport.close()
            return None
        return answer

    def _hear_client(self, data: bytes) -> None:
        """Answer pings and good-bye; texts are for the talk, if it is one."""
        assert self.transport is not None
        answer, self._left, ends, texts = hear(self._left + data)
        self._send(answer)
        for text in texts:
            self._door.said(self, text)
        if ends:
            self.transport.close()

    def write(self, data: bytes) -> None:
        """Write one or more events, in the form that this stream has, behind what waits."""
        self._send(data)
        if self.waits:
            self._slowed()

    def _send(self, data: bytes) -> None:
        if self.transport is not None and data and not self.transport.is_closing():
            self.transport.write(data)

    def _reply(self, data: bytes) -> None:
        self._count(data)
        self._send(data)

    def _count(self, head: bytes) -> None:
        self._door.answered[head[9] - 48] += 1  # HTTP/1.1 200: the digit there

    def _refuse(self, answer: Answer) -> None:
        self._parser = None
        if self.transport is not None:
            self._reply(answer.response({}, head_only=False, keep=False))
            self.transport.close()


__all__ = ["Connection", "Request", "StreamAsked", "Streams", "TalkAsked"]
