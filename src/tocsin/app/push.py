"""Where browsers subscribe to Web Push: a small listener of its own, in the channels' thread.

The public door only reads, and stays so: no path leads from it to a write.  This listener writes nothing but
subscriptions, never the log.  A proxy gives it `/v1/push` on the public host; it cannot be had across sites.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin.areas import Areas
from tocsin.channels import Subscription
from tocsin.channels.guard import Allowed, check_url
from tocsin.channels.subscribers import Subscribers
from tocsin.errors import SubscriberError, TocsinError
from tocsin.model import AreaId

BODY_LIMIT = 4 * 1024  # bytes
MOST = 200_000  # subscriptions
AREAS = 10  # of one subscription
A_SECOND = 20.0  # new subscriptions; a burst may have ten times as many


class _Keys(Struct, forbid_unknown_fields=False):
    p256dh: str
    auth: str


class _Browser(Struct, forbid_unknown_fields=False):
    endpoint: str
    keys: _Keys


class _Asked(Struct, forbid_unknown_fields=True):
    subscription: _Browser
    areas: list[str] = []


class PushDesk:
    """Takes and forgets subscriptions.

    Args:
        areas: The country's areas.
        subscribers: Where they are kept.
        key: The public key by which push services know us.
        allowed: Addresses inside that may be called.
        lasted: Seconds on a clock that never jumps.
    """

    def __init__(
        self, areas: Areas, subscribers: Subscribers, key: str, allowed: Allowed, lasted: Callable[[], float]
    ) -> None:
        self._areas, self._subscribers, self._key = areas, subscribers, key
        self._allowed, self._lasted = allowed, lasted
        self._room, self._filled = 10 * A_SECOND, lasted()
        self.app = Starlette(
            routes=[
                Route("/v1/push", self._subscribe, methods=["POST"]),
                Route("/v1/push", self._forget, methods=["DELETE"]),
                Route("/v1/push/key", self._tell_key, methods=["GET"]),
            ]
        )

    async def _tell_key(self, request: Request) -> Response:
        return JSONResponse({"key": self._key}, headers={"Cache-Control": "max-age=3600"})

    async def _subscribe(self, request: Request) -> Response:
        """Take a subscription; one that is there gets these areas instead."""
        try:
            subscription = self._read(await self._asked(request))
            self._subscribers.keep_push(subscription, MOST)
        except TocsinError as error:
            return _problem(error)
        return Response(status_code=201)

    async def _forget(self, request: Request) -> Response:
        """Forget a subscription; whoever knows its secret may ask for that."""
        try:
            asked = await self._asked(request)
        except TocsinError as error:
            return _problem(error)
        kept = self._subscribers.push(name_of(asked.subscription.endpoint))
        if kept is not None and hmac.compare_digest(
            kept.auth.encode(), asked.subscription.keys.auth.encode()
        ):
            self._subscribers.forget_push(kept.id)
        return Response(status_code=204)

    async def _asked(self, request: Request) -> _Asked:
        """Return what a request asks for.

        Raises:
            SubscriberError: It is too much, too often, from another site, or cannot be read.
        """
        self._take_room()
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise SubscriberError("another site asks for this", todo="subscribe on the map itself")
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise SubscriberError("the body is not application/json", todo="send JSON")
        body = b""
        try:
            async for piece in request.stream():
                body += piece
                if len(body) > BODY_LIMIT:
                    raise SubscriberError(f"the body has more than {BODY_LIMIT} bytes", todo="send less")
        except ClientDisconnect as error:
            raise SubscriberError("the body did not come to its end", todo="send it again") from error
        try:
            return msgspec.json.decode(body, type=_Asked)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SubscriberError(f"the body cannot be read: {error}", todo="mend the field") from error

    def _take_room(self) -> None:
        now = self._lasted()
        self._room = min(10 * A_SECOND, self._room + (now - self._filled) * A_SECOND)
        self._filled = now
        if self._room < 1:
            raise SubscriberError("too many ask at this moment", todo="ask again in a minute")
        self._room -= 1

    def _read(self, asked: _Asked) -> Subscription:
        browser = asked.subscription
        if not 1 <= len(asked.areas) <= AREAS:
            raise SubscriberError(f"areas: there are {len(asked.areas)}", todo=f"name 1 to {AREAS} areas")
        areas = tuple(sorted({self._areas[AreaId(name)].id for name in asked.areas}))
        if len(browser.endpoint) > 1_024:
            raise SubscriberError("endpoint: it is too long", todo="send what the browser gave")
        check_url(browser.endpoint, self._allowed)
        if _size(browser.keys.p256dh) != 65 or _size(browser.keys.auth) != 16:
            raise SubscriberError("keys: they are none of a browser", todo="send what the browser gave")
        return Subscription(
            name_of(browser.endpoint), browser.endpoint, browser.keys.p256dh, browser.keys.auth, areas
        )


def name_of(endpoint: str) -> str:
    """Return the name by which a subscription is kept."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def _size(text: str) -> int:
    try:
        return len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        return 0


def _problem(error: TocsinError) -> Response:
    status = 429 if "too many" in error.found else 422
    body: Mapping[str, Any] = {
        "type": "about:blank",
        "status": status,
        "detail": error.found,
        "todo": error.todo,
    }
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")
