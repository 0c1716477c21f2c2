"""MQTT 5: the board as retained messages, so that whoever connects knows at once what holds.

PREFIX/area/AREA          the worst state of an area, one word
PREFIX/area/AREA/THREAT   the state for one threat, JSON; empty: as the area around it
PREFIX/board              JSON; `live`, renewed every 5 s, or `dead`: nobody speaks for the board
PREFIX/alert              each alert as it happens, not retained
PREFIX/missed             each alert that could not be told as it happened, never to be sounded

A *clear* never outlives who vouches for it: its message expires at the broker `SLACK_S` before its
`fresh_until`, and is renewed before. *Raised* stays until something else is said. When we end, every clear
becomes unknown by our last word; when we are killed it goes by its expiry, and `board` becomes `dead` by our
last will.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from tocsin.channels import Endpoint, Saying, Telling, only_actual
from tocsin.channels.broker import SEND_S, Broker, Message, read_address
from tocsin.channels.guard import Allowed
from tocsin.model import State

BEAT_S = 5.0
SLACK_S = SEND_S  # a message can be so long on its way; its expiry begins to count when it is there
_BOARD_S = 15  # a sign of life is kept no longer than a clear
_ALERT_S = 60  # an alert that a broker could not pass on for so long is no news
_json = msgspec.json.Encoder(order="deterministic").encode


class Word(NamedTuple):
    """What one topic is to hold."""

    payload: bytes
    until: datetime | None  # None: until something else is said


class Publication(NamedTuple):
    """What a telling comes to."""

    words: Mapping[str, Word]  # the whole board, by topic
    events: tuple[Message, ...]
    board: bytes


class Mqtt:
    """One broker that shows the board.

    Args:
        endpoint: Where.
        allowed: Addresses inside that may be spoken to without TLS.
        context: How a certificate is looked at.
        now: The time.

    Raises:
        ConfigError: The address is none, or the library is missing.
    """

    beat_s = BEAT_S
    pause_s = 0.0
    together = 1

    def __init__(
        self, endpoint: Endpoint, allowed: Allowed, context: ssl.SSLContext, now: Callable[[], datetime]
    ) -> None:
        self._prefix = read_address(endpoint.address, allowed).prefix
        self._dead = Message(f"{self._prefix}/board", b'{"state":"dead"}', retain=True)
        self._broker = Broker(endpoint, allowed, context, will=self._dead)
        self._now = now
        self._held: dict[str, Word] = {}  # what the broker holds, by this connection

    def encode(self, telling: Telling) -> Publication:
        """Return the whole board by topic, and what happened."""
        only_actual(telling)
        words = dict(_words(self._prefix, telling.board))
        name = {Saying.ALERT: "alert", Saying.MISSED: "missed"}.get(telling.saying)
        events: tuple[Message, ...] = ()
        if name is not None:
            events = (Message(f"{self._prefix}/{name}", _json(telling.said), expires_s=_ALERT_S),)
        head = {key: telling.board[key] for key in ("epoch", "seq", "as_of")}
        return Publication(words, events, _json({"state": "live", **head}))

    async def send(self, payload: Publication) -> None:
        """Return when the broker has confirmed all that it did not hold yet.

        Raises:
            Undelivered: It has not.
        """
        stale: set[str] = set()
        if not self._broker.connected:
            self._held = {}
            await self._broker.connect()
            stale = await self._broker.retained(f"{self._prefix}/area/#")
        gone = (stale | set(self._held)) - set(payload.words)
        messages = [Message(topic, b"", retain=True) for topic in sorted(gone)]
        for topic, word in payload.words.items():
            if word.until is not None or self._held.get(topic) != word:
                messages.append(self._message(topic, word))
        board = Message(f"{self._prefix}/board", payload.board, retain=True, expires_s=_BOARD_S)
        await self._broker.publish([*payload.events, *messages, board])
        self._held = dict(payload.words)

    def _message(self, topic: str, word: Word) -> Message:
        """Return a word as it is said now: a clear for which hardly anybody vouches any more is unknown."""
        if word.until is None:
            return Message(topic, word.payload, retain=True)
        left = int((word.until - self._now()).total_seconds() - SLACK_S)
        return (
            Message(topic, word.payload, True, left) if left >= 1 else Message(topic, _unknown(topic), True)
        )

    async def close(self) -> None:
        """Say that nobody vouches for a clear any more, and that the board is dead."""
        if self._broker.connected:
            clear = [topic for topic, word in self._held.items() if word.until is not None]
            await self._broker.publish(
                [*(Message(topic, _unknown(topic), True) for topic in clear), self._dead]
            )
        await self._broker.drop()


def _words(prefix: str, board: Mapping[str, Any]) -> Iterator[tuple[str, Word]]:
    """Yield what each topic is to hold."""
    for area, shown in board["areas"].items():
        ends = []
        for threat, told in shown["threats"].items():
            until = _until(told)
            if until is not None:
                ends.append(until)
            kept = {key: value for key, value in told.items() if until is not None or key != "fresh_until"}
            yield f"{prefix}/area/{area}/{threat}", Word(_json(kept), until)
        worst = shown["state"]
        until = min(ends, default=None) if worst == State.CLEAR else None
        yield f"{prefix}/area/{area}", Word(worst.encode(), until)


def _until(told: Mapping[str, Any]) -> datetime | None:
    """Return until when a state may be held; None where it does not end by itself."""
    if told["state"] != State.CLEAR:
        return None
    return datetime.fromisoformat(told["fresh_until"])


def _unknown(topic: str) -> bytes:
    word = str(State.UNKNOWN)
    return _json({"state": word}) if topic.count("/", topic.rindex("/area/") + 6) else word.encode()
