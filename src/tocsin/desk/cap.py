"""CAP posted at the desk: a message does what it says, under the rights of its key, or says why it does not.

Strict where a fault could be used, lenient where it is harmless: the answer lists each finding.  What is
quarantined does nothing and waits for a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin import wire
from tocsin.areas import Areas
from tocsin.cap.lint import RULES, Verdict
from tocsin.cap.message import Message
from tocsin.cap.read import Reading
from tocsin.cap.tree import MAX_BYTES
from tocsin.desk.kept import Kept
from tocsin.desk.keys import Keys, Principal
from tocsin.errors import SourceGarbled
from tocsin.model import Kind, Realm, Signal, SourceId
from tocsin.sources import Quarantined
from tocsin.sources.cap import Cap, Taken

SKEW_S = 30.0
Answers = Callable[[Request], Awaitable[Response]]
Guard = Callable[[Answers], Answers]  # turns our errors into answers


class Receipt(Protocol):
    """Where in the log something stands."""

    @property
    def seq(self) -> int:
        """The place."""

    @property
    def new(self) -> bool:
        """Whether it was put there now."""


class Recorder(Protocol):
    """Who makes things durable."""

    async def record(self, key: str, kind: Kind, accepted: float | None = None) -> Receipt:
        """Return when it is durable."""


class CapDesk:
    """Takes CAP in.

    Args:
        areas: The country's areas.
        keys: Who may say what.
        recorder: Gives the recorder of a realm.
        kept: Where messages are kept.
        now: The time.
        body: Reads a request's body up to a limit.
    """

    def __init__(
        self,
        areas: Areas,
        keys: Keys,
        recorder: Callable[[Realm], Recorder],
        kept: Kept,
        now: Callable[[], datetime],
        body: Callable[[Request, int], Awaitable[bytes]],
    ) -> None:
        self._areas = areas
        self._keys = keys
        self._recorder = recorder
        self._kept = kept
        self._now = now
        self._body = body
        self._sources: dict[Principal, tuple[Cap, list[Message]]] = {}

    def routes(self, guard: Guard) -> list[Route]:
        """Return where it answers."""
        return [
            Route("/v1/cap", guard(self.post), methods=["POST"]),
            Route("/v1/cap/held", guard(self.held), methods=["GET"]),
        ]

    async def post(self, request: Request) -> Response:
        """Answer `POST /v1/cap`."""
        who = self._keys.who(request.headers.get("authorization"))
        body, at = await self._body(request, MAX_BYTES), self._now()
        taken = self._take(who, body, at)
        receipts = []
        for one in taken.sayings:
            signal = Signal(
                who.realm, who.name, one.id, one.area, one.threat, one.act, one.sent,
                one.subtype, one.level, one.expires, one.text,
            )  # fmt: skip
            receipts.append(await self._recorder(who.realm).record(f"signal/{who.name}/{one.id}", signal))
        told = _told(taken, [receipt.seq for receipt in receipts])
        if taken.person:
            message = taken.reading.message
            name = message.identifier if message else "unnamed"
            told["held"] = self._kept.hold(who.name, Quarantined(name, taken.person, body), at)
        return JSONResponse(told, status_code=_status(taken, any(one.new for one in receipts)))

    async def held(self, request: Request) -> Response:
        """Answer `GET /v1/cap/held`: what of the key's own messages waits for a person."""
        who = self._keys.who(request.headers.get("authorization"))
        return JSONResponse({"held": self._kept.held(who.name)}, headers={"Cache-Control": "no-store"})

    def _take(self, who: Principal, body: bytes, at: datetime) -> Taken:
        """Return what a message does; nothing of it is kept in mind unless the key may say all of it."""
        source, accepted = self._source(who)
        reading = source.read_posted(body, at)
        message = reading.message
        if message is not None and message.sent > at + timedelta(seconds=SKEW_S):
            raise SourceGarbled(
                f"sent: {wire.stamp(message.sent)} is ahead of our clock, {wire.stamp(at)}",
                todo="set the sender's clock by NTP",
            )
        try:
            taken = source.take(reading, at)
            for one in taken.sayings:
                who.check(one.area, one.threat, self._areas)
            for kept in accepted:
                self._kept.remember(SourceId(who.name), kept)
            accepted.clear()
        except BaseException:
            self._sources.pop(who, None)  # begun anew from what is kept
            raise
        return taken

    def _source(self, who: Principal) -> tuple[Cap, list[Message]]:
        if who not in self._sources:
            accepted: list[Message] = []
            memory = self._kept.remembered(who.name)
            source = Cap(self._areas, who.realm, memory=memory, remember=accepted.append)
            self._sources[who] = source, accepted
        return self._sources[who]


def _status(taken: Taken, new: bool) -> int:
    if taken.reading.verdict is Verdict.REFUSED:
        return 422
    if taken.person:
        return 202
    return 201 if new else 200


def _told(taken: Taken, seqs: list[int]) -> dict[str, Any]:
    reading: Reading = taken.reading
    message = reading.message
    return {
        "verdict": str(reading.verdict),
        "identifier": message.identifier if message else None,
        "seq": seqs,
        "notes": list(taken.notes),
        "person": list(taken.person),
        "findings": [
            {
                "rule": one.rule, "verdict": str(one.verdict), "line": one.line or None,
                "says": RULES[one.rule].says, "found": one.found, "done": RULES[one.rule].done,
            }
            for one in reading.findings
        ],
    }  # fmt: skip
