"""The open streams of a door, and how one frame reaches all of them.

The kernel's `send` is what a stream costs; the rest is kept small.  A stream
for which nothing waits is *ready*: its frame goes straight to its socket, and
of its connection nothing else is touched.  What a socket does not take at
once is left to its transport, and until that is written the stream is *slow*:
what it is told goes by way of the transport too, so that order is kept.

Ready streams of one form stand together: a frame is joined once for them all.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

from tocsin.hub import Wish


class Form(NamedTuple):
    """What streams have in common that are told the same bytes."""

    websocket: bool
    wish: Wish
    in_chunks: bool = False

    def framed(self, data: bytes) -> bytes:
        """Return what is said as it is written: as a chunk (RFC 9112, 7.1) where the answer is in chunks.

        Without chunks Python's `requests` hands on pieces of 128 bytes, and the end of an event waits for the
        next one: an alert was 4.3 to 4.7 s late.
        """
        return b"%x\r\n%b\r\n" % (len(data), data) if self.in_chunks and data else data


class Stream(Protocol):
    """One open stream."""

    form: Form
    socket: socket.socket  # never closed here; it is the transport's
    waits: bool  # whether something is not written yet
    lagging: bool  # whether that is too much to add to

    def write(self, data: bytes) -> None:
        """Write by way of the transport."""


# Descriptors in a row stand in one slice: the kernel keeps what belongs to them side by side.  Written to
# in their order, a frame for 10,000 costs a tenth less than in steps of 20 (bench/speed/fanout.py).
RUN = 64
_S = TypeVar("_S", bound=Stream)
_send = socket.socket.send


class Fan(Generic[_S]):
    """Every open stream of a door, in slices of about one size.

    Args:
        slices: How many.
    """

    def __init__(self, slices: int) -> None:
        self._slices: list[dict[Form, dict[socket.socket, _S]]] = [{} for _ in range(slices)]
        self._slow: set[_S] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_S]:
        for ready in self._slices:
            for streams in ready.values():
                yield from streams.values()
        yield from self._slow

    def join(self, stream: _S) -> None:
        """Take a stream in."""
        self._count += 1
        self._place(stream)

    def leave(self, stream: _S) -> None:
        """Let a stream go."""
        self._count -= 1
        self._take_out(stream)

    def move(self, stream: _S) -> None:
        """Put a stream where it belongs, after `waits` has changed.  One that is not here is left alone."""
        if self._take_out(stream):
            self._place(stream)

    def tell(self, frame: Callable[[Form], bytes], turn: int | None = None) -> None:
        """Write a frame to every stream, or to those of one slice and the slow ones of it.

        Args:
            frame: What is written to the streams of one form; b"" is nothing.
            turn: The slice.
        """
        made: dict[Form, bytes] = {}
        left: list[tuple[_S, bytes]] = []
        for ready in self._slices if turn is None else [self._slices[turn]]:
            for form, streams in ready.items():
                data = made.get(form)
                if data is None:
                    data = made[form] = frame(form)
                if data:
                    left += _write(streams, data)
        left += [
            (stream, frame(stream.form))
            for stream in self._slow
            if not stream.lagging and turn in (None, self._turn(stream))
        ]
        for stream, data in left:
            stream.write(data)

    def _turn(self, stream: _S) -> int:
        return stream.socket.fileno() // RUN % len(self._slices)

    def _place(self, stream: _S) -> None:
        if stream.waits:
            self._slow.add(stream)
        else:
            self._slices[self._turn(stream)].setdefault(stream.form, {})[stream.socket] = stream

    def _take_out(self, stream: _S) -> bool:
        """Take a stream out of where it stands; returns whether it was here."""
        if stream in self._slow:
            self._slow.remove(stream)
            return True
        ready = self._slices[self._turn(stream)]
        streams = ready.get(stream.form, {})
        found = streams.pop(stream.socket, None) is not None
        if found and not streams:
            del ready[stream.form]  # there are more wishes than anybody has at one time
        return found


def _write(streams: dict[socket.socket, _S], data: bytes) -> list[tuple[_S, bytes]]:
    """Write to sockets; returns what some did not take."""
    left = []
    size = len(data)
    for to in streams:
        try:
            sent = _send(to, data)
        except BlockingIOError:
            sent = 0
        except OSError:
            continue  # it is gone: its transport reads the same error, and closes
        if sent < size:
            left.append((streams[to], data[sent:]))
    return left
