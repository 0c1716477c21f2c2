"""The desk's API: signals and contact from feeds, each under the rights of its key."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin import wire
from tocsin.areas import Areas
from tocsin.desk.cap import CapDesk
from tocsin.desk.kept import Kept
from tocsin.desk.keys import Keys, Principal
from tocsin.desk.openapi import desk_openapi
from tocsin.desk.reports import REPORT_LIMIT, file
from tocsin.errors import KeyRefused, KeyTaken, LogError, NotEntitled, SourceError, SourceGarbled, TocsinError
from tocsin.model import AreaId, Contact, Kind, Realm, Signal, Threat

SIGNAL_LIMIT = 64 * 1024  # bytes; the largest legal signal has some 20 KiB
CONTACT_LIMIT = 1024 * 1024  # bytes; every area of a country under every threat
SKEW_S = 30.0  # a signal that claims to be sent further ahead than this is refused: its clock is wrong


class Receipt(Protocol):
    """Where in the log something stands."""

    @property
    def epoch(self) -> str:
        """The log."""

    @property
    def seq(self) -> int:
        """The place in it."""

    @property
    def new(self) -> bool:
        """Whether it was put there now."""


class Recorder(Protocol):
    """Who makes things durable; one a realm."""

    async def record(self, key: str, kind: Kind, accepted: float | None = None) -> Receipt:
        """Return when it is durable.  ``accepted``: when the desk had all of it, monotonic seconds."""

    def board(self) -> dict[str, Any]:
        """Return what the realm's board shows."""


class Api:
    """The desk of one country.

    Args:
        areas: The country's areas.
        keys: Who may say what.
        recorder: Gives the recorder of a realm.
        now: The time.
        lasted: Seconds on a clock that never jumps.
        channels: Gives the receipts of the last so many alerts, and what is wrong with each endpoint.
        kept: Where messages in CAP are kept; without it none are taken.
        sources: Gives what is known of the sources of a realm.
    """

    def __init__(
        self,
        areas: Areas,
        keys: Keys,
        recorder: Callable[[Realm], Recorder],
        now: Callable[[], datetime],
        lasted: Callable[[], float],
        channels: Callable[[int], Awaitable[dict[str, Any]]] | None = None,
        kept: Kept | None = None,
        sources: Callable[[Realm], dict[str, Any]] = lambda realm: {},
    ) -> None:
        self._areas = areas
        self._keys = keys
        self._recorder = recorder
        self._now = now
        self._lasted = lasted
        self._channels = channels
        self._told_sources = sources
        cap = None if kept is None else CapDesk(areas, keys, recorder, kept, now, body_of_request)
        self.taken = dict.fromkeys(TAKEN, 0)  # how many of each were taken, and of which kind
        self.refused = dict.fromkeys([reason for _, _, reason in _STATUS], 0)  # by reason
        self.app = Starlette(
            routes=[
                Route("/v1/signals", self._guard(self._signal), methods=["POST"]),
                Route("/v1/reports", self._guard(self._report), methods=["POST"]),
                Route("/v1/contact", self._guard(self._contact), methods=["POST"]),
                Route("/v1/board.json", self._guard(self._board), methods=["GET"]),
                Route("/v1/channels", self._guard(self._receipts), methods=["GET"]),
                Route("/v1/sources", self._guard(self._sources), methods=["GET"]),
                *([] if cap is None else cap.routes(self._guard)),
                Route("/openapi.json", self._guard(self._openapi), methods=["GET"]),
                Route("/healthz", self._guard(self._health), methods=["GET"]),
            ],
            exception_handlers={404: _no_such, 405: _no_such},
        )

    def _guard(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except TocsinError as error:
                status, reason = status_of_error(error)
                self.refused[reason] = self.refused.get(reason, 0) + 1
                return _problem(status, error)

        return answer

    async def _signal(self, request: Request) -> Response:
        who = self._keys.who(request.headers.get("authorization"))
        body, accepted = await body_of_request(request, SIGNAL_LIMIT), self._lasted()
        form = _read(body, wire.SignalForm)
        area = self._area(form.area, "area")
        threat = Threat(form.threat)
        who.check(area, threat, self._areas)
        sent = self._sent(form.sent)
        if form.expires is not None and form.expires <= form.sent:
            raise SourceGarbled(
                f"expires: {wire.stamp(form.expires)} is not after sent, {wire.stamp(form.sent)}",
                todo="leave expires out, or send a later time",
            )
        signal = Signal(
            realm=who.realm,
            source=who.name,
            id=form.id,
            area=area,
            threat=threat,
            state=form.state,
            sent=sent,
            subtype=form.subtype,
            level=form.level,
            expires=None if form.expires is None else wire.utc(form.expires),
            text=form.text,
        )
        try:
            receipt = await self._recorder(who.realm).record(f"signal/{who.name}/{form.id}", signal, accepted)
        except KeyTaken as error:
            raise KeyTaken(
                f"id: {form.id!r} was used before, at place {error.values['seq']}, for something else",
                todo="give every message an id of its own; repeat one only as it was",
                **error.values,
            ) from error
        self.taken["signal" if receipt.new else "repeated"] += 1
        return JSONResponse(
            {"epoch": receipt.epoch, "seq": receipt.seq}, status_code=201 if receipt.new else 200
        )

    async def _contact(self, request: Request) -> Response:
        who = self._keys.who(request.headers.get("authorization"))
        body, accepted = await body_of_request(request, CONTACT_LIMIT), self._lasted()
        form = _read(body, wire.ContactForm)
        for number, (name, threat) in enumerate(form.raised):
            who.check(self._area(name, f"raised[{number}]"), Threat(threat), self._areas)
        contact = Contact(
            realm=who.realm,
            source=who.name,
            held=True,
            sent=self._just_sent(form.sent),
            raised=wire.pairs(form.raised),
        )
        # Clocks with whole seconds give two contacts one time; both count, so what they say is in the key.
        says = hashlib.sha256(wire.encode(contact)).hexdigest()[:32]
        await self._recorder(who.realm).record(
            f"contact/{who.name}/{wire.stamp(contact.sent)}/{says}", contact, accepted
        )
        self.taken["contact"] += 1
        return Response(status_code=204)

    async def _report(self, request: Request) -> Response:
        who = self._keys.who(request.headers.get("authorization"))
        form = _read(await body_of_request(request, REPORT_LIMIT), wire.ReportForm)
        receipt = await file(form, who, self._areas, self._now(), self._recorder(who.realm).record)
        self.taken["report" if receipt.new else "repeated"] += 1
        return JSONResponse({"epoch": receipt.epoch, "seq": receipt.seq}, 201 if receipt.new else 200)

    async def _board(self, request: Request) -> Response:
        who = self._keys.who(request.headers.get("authorization"))
        return JSONResponse(self._recorder(who.realm).board(), headers={"Cache-Control": "no-store"})

    async def _receipts(self, request: Request) -> Response:
        who = self._keys.who(request.headers.get("authorization"))
        last = request.query_params.get("last", "20")
        if not (last.isascii() and last.isdigit() and 0 < int(last[:9]) <= 1_000):
            raise SourceGarbled(f"last: {last[:20]!r} is no number of alerts", todo="ask for 1 to 1000")
        empty: dict[str, Any] = {"endpoints": [], "alerts": []}  # no other realm has any
        told = self._channels is not None and who.realm is Realm.ACTUAL
        report = await self._channels(int(last)) if told and self._channels is not None else empty
        return JSONResponse(report, headers={"Cache-Control": "no-store"})

    async def _sources(self, request: Request) -> Response:
        who = self._keys.who(request.headers.get("authorization"))
        return JSONResponse(self._told_sources(who.realm), headers={"Cache-Control": "no-store"})

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(desk_openapi())

    async def _health(self, request: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    def _area(self, name: str, field: str) -> AreaId:
        if AreaId(name) not in self._areas:
            try:
                self._areas[AreaId(name)]
            except SourceError as error:
                raise SourceGarbled(
                    f"{field}: no area has the code {name[:60]!r}; only codes are taken here, no names",
                    todo=error.todo,
                    area=name,
                ) from error
        return AreaId(name)

    def _sent(self, sent: datetime) -> datetime:
        now = self._now()
        if sent > now + timedelta(seconds=SKEW_S):
            raise SourceGarbled(
                f"sent: {wire.stamp(sent)} is {(sent - now).total_seconds():.0f} s ahead of our clock, "
                f"{wire.stamp(now)}",
                todo="set the sender's clock by NTP",
            )
        return wire.utc(sent).astimezone(UTC)

    def _just_sent(self, sent: datetime) -> datetime:
        """Return when a contact was sent.  What held a while ago is no word on what holds now."""
        now = self._now()
        if sent < now - timedelta(seconds=SKEW_S):
            raise SourceGarbled(
                f"sent: {wire.stamp(sent)} is {(now - sent).total_seconds():.0f} s behind our clock, "
                f"{wire.stamp(now)}; a contact says what holds at this moment",
                todo="send a new one, do not repeat an old one; set the sender's clock by NTP",
            )
        return self._sent(sent)


async def body_of_request(request: Request, limit: int) -> bytes:
    """Return a request's body; one over the limit is refused before it is read to its end."""
    size = request.headers.get("content-length", "")
    pieces, total = [], 0
    if not (size.isdigit() and int(size) > limit):
        try:
            async with asyncio.timeout(10):
                async for piece in request.stream():
                    total += len(piece)
                    if total > limit:
                        break
                    pieces.append(piece)
        except (TimeoutError, ClientDisconnect) as error:
            raise SourceGarbled(
                "the body did not come to its end within 10 s", todo="send it again"
            ) from error
        if total <= limit:
            return b"".join(pieces)
    raise TooLarge(
        f"the body has {size or 'more than ' + str(total)} bytes, the limit is {limit}",
        todo="send one signal a request, and a text of at most 4,096 characters",
    )


_Form = TypeVar("_Form", wire.SignalForm, wire.ContactForm, wire.ReportForm)


def _read(body: bytes, form: type[_Form]) -> _Form:
    """Return what a feed posted.

    Raises:
        SourceGarbled: It cannot be read; says what is wrong.
    """
    try:
        return wire.read_form(body, form)
    except RecursionError as error:  # {"a":{"a":{"a": ... some thousand times
        raise SourceGarbled("the body is nested too deeply", todo="send one flat JSON object") from error


class TooLarge(SourceError):
    """More than anybody has to say."""


TAKEN = ("signal", "repeated", "contact", "report")
_STATUS: tuple[tuple[type[TocsinError], HTTPStatus, str], ...] = (  # error, answer, and its name in figures
    (KeyRefused, HTTPStatus.UNAUTHORIZED, "key"),
    (NotEntitled, HTTPStatus.FORBIDDEN, "right"),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "size"),
    (KeyTaken, HTTPStatus.CONFLICT, "id_taken"),
    (LogError, HTTPStatus.SERVICE_UNAVAILABLE, "disk"),
    (SourceGarbled, HTTPStatus.UNPROCESSABLE_ENTITY, "garbled"),
    (SourceError, HTTPStatus.UNPROCESSABLE_ENTITY, "content"),
)


def status_of_error(error: TocsinError) -> tuple[HTTPStatus, str]:
    """Return the status that an error is answered with, and its name in figures."""
    for kind, status, reason in _STATUS:
        if isinstance(error, kind):
            return status, reason
    return HTTPStatus.INTERNAL_SERVER_ERROR, "other"


def _problem(status: HTTPStatus, error: TocsinError) -> Response:
    """Return an error as RFC 9457 says, with what to do next."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": error.found}
    if error.todo:
        body["todo"] = error.todo
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers["Connection"] = "close"
    return Response(msgspec.json.encode(body), int(status), headers, "application/problem+json")


async def _no_such(request: Request, error: Exception) -> Response:
    status = HTTPStatus(getattr(error, "status_code", 404))
    what = TocsinError(f"{request.method} {request.url.path} is not done here", todo="see /openapi.json")
    return _problem(status, what)


__all__ = ["Api", "Principal", "Receipt", "Recorder"]
