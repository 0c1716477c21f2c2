"""Talks: the streams of other systems, as what is to be written and when.  No I/O, no clock.

A talk is shown every new sight of the country and answers with bytes.  When it
must not go on, since what it would say next would read as a clear, it ends: its
client then connects again and shows that it does.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol
from uuid import UUID, uuid5

import msgspec

from tocsin.dialects import alerts_com_ua, jaam
from tocsin.dialects.sight import Sight

LAMP_PING_S = 20.0  # without one for 150 s the lamp connects again, for 300 s it starts anew
UPDATES_PING_S = 5.0
SEND_AWAY = b"\x88\x02" + (1013).to_bytes(2, "big")  # RFC 6455, 7.4.1, and its registry: come back later
_PING = b"\x89\x00"  # RFC 6455, 5.5.2
_NAMESPACE = UUID("8b3f2f5e-7f0e-5d0c-9a53-5c1b7ad0a001")  # ours; makes one identifier of one change


class Step(NamedTuple):
    """What is to be written, and whether that is the end."""

    data: bytes = b""
    ends: bool = False


class Talk(Protocol):
    """One open stream."""

    @property
    def websocket(self) -> bool:
        """Whether it is a WebSocket; else an event stream."""

    def look(self, sight: Sight, lasted: float) -> Step:
        """Return what is to be written now.

        Args:
            sight: What is told; the same object as long as nothing can have changed.
            lasted: Seconds on a clock that never jumps.
        """

    def hear(self, text: bytes, sight: Sight) -> Step:
        """Return the answer to a text that the client of a WebSocket sends."""


class Deaf:
    """A talk that needs nothing of what its client says."""

    def hear(self, text: bytes, sight: Sight) -> Step:
        """Return no answer."""
        return Step()


class Lamp(Deaf):
    """A lamp of JAAM: the alerts at first and when they change, and pings between.

    Args:
        version: 1 to 4, as in ``/data_v4``.
    """

    websocket = True

    def __init__(self, version: int) -> None:
        self._version = version
        self._sight: Sight | None = None
        self._told: bytes | None = None
        self._spoke = 0.0

    def look(self, sight: Sight, lasted: float) -> Step:
        """Return a frame, a ping, or 1013 where not every slot can be said."""
        if sight is not self._sight:
            self._sight = sight
            found = sight.once(("jaam", self._version), lambda seen: jaam.frame(seen, self._version))
            if found is None:
                return Step(SEND_AWAY, ends=True)
            if found != self._told:
                first = b"" if self._told else _no_firmware()
                self._told, self._spoke = found, lasted
                return Step(first + text_frame(found))
        if lasted - self._spoke >= LAMP_PING_S:
            self._spoke = lasted
            return Step(_PING)
        return Step()


def _no_firmware() -> bytes:
    """Return the frames that offer the lamp no firmware."""
    return b"".join(
        text_frame(f'{{"payload":"{name}","{name}":[]}}'.encode()) for name in ("bins", "test_bins")
    )


def text_frame(payload: bytes) -> bytes:
    """Return an unmasked, unfragmented text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Updates(Deaf):
    """The event stream of alerts.com.ua: a greeting, each state that changes, pings between.

    Args:
        only: The number of the one state that is wanted; "" is all.
    """

    websocket = False

    def __init__(self, only: str = "") -> None:
        self._only = only
        self._sight: Sight | None = None
        self._told: dict[int, dict[str, object]] | None = None
        self._spoke = 0.0

    def look(self, sight: Sight, lasted: float) -> Step:
        """Return events; the end where a state is unknown, or where the one that is wanted is none."""
        data = b""
        if sight is not self._sight:
            self._sight = sight
            states = sight.once("alerts.com.ua", _states)
            if states is None or (self._only and not any(str(number) == self._only for number in states)):
                return Step(ends=True)
            data = self._changes(states)
            self._told = states
        if not data and lasted - self._spoke >= UPDATES_PING_S:
            data = _event("ping", "null")
        if data:
            self._spoke = lasted
        return Step(data)

    def _changes(self, states: dict[int, dict[str, object]]) -> bytes:
        if self._told is None:
            return _event("hello", "null")
        changed = [
            state
            for number, state in states.items()
            if state != self._told.get(number) and self._only in ("", str(number))
        ]
        return b"".join(_event("update", _update(state)) for state in changed)


def _states(sight: Sight) -> dict[int, dict[str, object]] | None:
    if not sight.known_for_air:
        return None
    return {
        int(sight.codes.all(alerts_com_ua.SYSTEM)[area]): alerts_com_ua.state_json(sight, area)
        for area in alerts_com_ua.numbered(sight)
        if sight.covers(area)
    }


def _update(state: dict[str, object]) -> str:
    name = f"{state['id']} {state['alert']} {state['changed']}"
    return msgspec.json.encode({"state": state, "notification_id": str(uuid5(_NAMESPACE, name))}).decode()


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\r\ndata: {data}\r\n\r\n".encode()  # CRLF, as there
