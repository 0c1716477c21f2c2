"""The live map of ukrainealarm: its page at `/map`, and the channel behind it, in Centrifugo's protocol 1.

A client reads the channel's address and a token from the page, connects,
subscribes to `updateMap`, and asks for what was said last.  Each publication has
the regions with an alert: all of them, so one that is lost does no harm.  What
is not in it is clear, so while any area is unknown there is no channel: it is
closed with 1013, and its client connects again.
"""

from __future__ import annotations

from html import escape
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import msgspec

from tocsin.dialects import HOST, HTML, Asked, Reply
from tocsin.dialects.live import SEND_AWAY, Step, text_frame
from tocsin.dialects.sight import Sight
from tocsin.dialects.ukrainealarm import raised

CHANNEL = "updateMap"
SOCKET = "/map/connection/websocket"
PING_S = 25.0  # as Centrifugo's own
COMMANDS = 1_000  # of one connection; it may connect again
_CONNECT, _SUBSCRIBE, _HISTORY, _PING = 0, 1, 6, 7  # protocol 1, MethodType; no method is the first
_UNKNOWN_CHANNEL, _NO_METHOD = (102, "unknown channel"), (104, "method not found")
_NAMESPACE = UUID("8b3f2f5e-7f0e-5d0c-9a53-5c1b7ad0a002")  # ours; makes a name of a connection
_connections = count(1)


class LiveMap:
    """The page."""

    name = "ukrainealarm"
    reads = frozenset({HOST})
    ticks = False

    def __init__(self) -> None:
        self.routes = {"/map": _page, "/map/": _page}


def _page(sight: Sight, asked: Asked) -> Reply:
    """Return the three fields that clients look for; an empty token would be taken for none."""
    address = f"{asked.base.replace('http', 'ws', 1)}{SOCKET}"
    fields = {"api-token": "none", "centrifugo-token": "none", "centrifugo-url": address}
    inputs = "".join(f'<input id="{name}" type="hidden" value="{escape(v)}">' for name, v in fields.items())
    return Reply(
        f'<!doctype html><html lang="en"><title>Live channel</title>{inputs}'
        '<p><a href="/">The map is here.</a></html>\n'.encode(),
        HTML,
    )


class _Command(msgspec.Struct):
    """What a client says."""

    id: int = 0
    method: int = _CONNECT
    params: dict[str, Any] = {}


_decode = msgspec.json.Decoder(_Command).decode


class MapChannel:
    """One connection to the channel."""

    websocket = True

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._subscribed = False
        self._told: bytes | None = None
        self._spoke = 0.0
        self._left = COMMANDS

    def look(self, sight: Sight, lasted: float) -> Step:
        """Return what changed, for a subscriber; a ping; or the end, where not all can be said."""
        if sight is not self._sight:
            self._sight = sight
            if not sight.known_for_all:
                return Step(SEND_AWAY, ends=True)
            if self._subscribed and (frame := sight.once("livemap", _publication)) != self._told:
                self._told, self._spoke = frame, lasted
                return Step(frame)
        if lasted - self._spoke >= PING_S:
            self._spoke = lasted
            return Step(b"\x89\x00")
        return Step()

    def hear(self, text: bytes, sight: Sight) -> Step:
        """Return the replies to commands, one a line; what cannot be read ends it."""
        if not sight.known_for_all:
            return Step(SEND_AWAY, ends=True)
        data = b""
        for line in text.splitlines():
            self._left -= 1
            try:
                command = _decode(line)
            except msgspec.MsgspecError:
                return Step(data + b"\x88\x02\x03\xeb", ends=True)  # 1003: it cannot be taken
            if self._left < 0:
                return Step(data + SEND_AWAY, ends=True)
            data += self._reply(command, sight)
        return Step(data)

    def _reply(self, command: _Command, sight: Sight) -> bytes:
        if command.method == _CONNECT:
            name = uuid5(_NAMESPACE, str(next(_connections)))
            return _result(command, {"client": str(name), "version": "tocsin"})
        if command.method == _PING:
            return _result(command, {})
        if command.method not in (_SUBSCRIBE, _HISTORY):
            return _error(command, *_NO_METHOD)
        if command.params.get("channel") != CHANNEL:
            return _error(command, *_UNKNOWN_CHANNEL)
        if command.method == _HISTORY:
            return _result(command, {"publications": [{"data": {"alerts": raised(sight)}}]})
        # The present state follows at once: who does not ask for what was said last would show a clear map.
        self._subscribed, self._told = True, sight.once("livemap", _publication)
        return _result(command, {}) + self._told


def _publication(sight: Sight) -> bytes:
    state = {"data": {"alerts": raised(sight)}}
    return text_frame(msgspec.json.encode({"result": {"channel": CHANNEL, "data": state}}))


def _result(command: _Command, result: dict[str, Any]) -> bytes:
    return text_frame(msgspec.json.encode({"id": command.id, "result": result}))


def _error(command: _Command, code: int, message: str) -> bytes:
    return text_frame(msgspec.json.encode({"id": command.id, "error": {"code": code, "message": message}}))
