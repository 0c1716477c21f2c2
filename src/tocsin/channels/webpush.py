"""Web Push: the phones and browsers that asked to be told of an area (RFC 8030, 8188, 8291, 8292).

Kept of a subscription is what a push service needs and the areas asked for: no name, no address, no place, no
time.  A word is encrypted for one browser; the service that carries it reads nothing.  Rules:

1.  A word is carried no longer than it is true: the TTL is what is left until it expires.
2.  A newer word on an area and threat replaces an older one that was not delivered yet (`Topic`).
3.  Who was missed is told, late and without a sound, only what still holds.
4.  A service that says 404 or 410 has forgotten the subscription, and so do we.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import importlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tocsin.channels import Saying, Subscription, Telling, Undelivered, only_actual
from tocsin.channels.guard import Caller
from tocsin.errors import ConfigError
from tocsin.model import AreaId, State
from tocsin.wire import stamp

RAISED_TTL_S = 3_600  # of a raise without an expiry; a phone that was off so long asks the page
OTHER_TTL_S = 60
AT_ONCE = 50  # calls under way
WAIT_S = 8.0  # for so long a telling waits for its receipts; the rest goes on behind it
TRIES = 3
TOKEN_S = 12 * 3_600  # RFC 8292: at most 24 h
_GONE = (404, 410)
_json = msgspec.json.Encoder(order="deterministic").encode


class Subscriptions(Protocol):
    """Where subscriptions are kept."""

    def pushes(self) -> Sequence[Subscription]:
        """Return all of them."""

    def forget_push(self, id: str) -> None:
        """Forget one."""


class Push(NamedTuple):
    """One word, for every browser that wants to hear of these areas."""

    body: bytes
    areas: frozenset[str]
    partly: bool  # only a part of them is raised
    ttl_s: int
    topic: str
    urgency: str


class Signer:
    """Says to push services who we are (VAPID).

    Args:
        path: The file of the key, made where it is missing.
        contact: How a push service reaches us: ``mailto:duty@example.org``.

    Raises:
        ConfigError: Others can read the file, or it holds no key, or the library is missing.
    """

    def __init__(self, path: Path, contact: str) -> None:
        try:
            self._vapid: Any = importlib.import_module("py_vapid").Vapid02
            self._pusher: Any = importlib.import_module("pywebpush").WebPusher
        except ImportError as error:
            raise ConfigError(
                "Web Push needs the library pywebpush", todo="install tocsin[channels]"
            ) from error
        self._key = _key(path)
        self._contact = contact
        raw = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.public = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def headers(self, address: str, now: datetime) -> dict[str, str]:
        """Return what a push service at an address wants to see."""
        at = urlsplit(address)
        claims = {"aud": f"https://{at.netloc}", "exp": int(now.timestamp()) + TOKEN_S, "sub": self._contact}
        signer = self._vapid()
        signer.private_key = self._key
        return dict(signer.sign(claims))

    def seal(self, to: Subscription, body: bytes) -> bytes:
        """Return a word encrypted for one browser.

        Raises:
            ValueError: The browser's keys are none.
        """
        info = {"endpoint": to.address, "keys": {"p256dh": to.p256dh, "auth": to.auth}}
        return bytes(self._pusher(info).encode(body)["body"])


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key in a file, made where it is missing."""
    with suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            made = ec.generate_private_key(ec.SECP256R1())
            file.write(
                made.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            file.flush()
            os.fsync(file.fileno())
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"others can read {path}", todo=f"chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise ConfigError(f"{path} holds no key: {error}", todo="restore it from a backup") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError(f"{path} holds no key on P-256", todo="restore it from a backup")
    return key


class WebPush:
    """All browsers that asked to be told.

    Args:
        subscriptions: Who they are.
        caller: Who makes the calls.
        signer: Who we are.
        around: Gives an area with those around it that it may follow.
        now: The time.
    """

    beat_s = 0.0
    pause_s = 0.0
    together = 1

    def __init__(
        self,
        subscriptions: Subscriptions,
        caller: Caller,
        signer: Signer,
        around: Callable[[AreaId], Sequence[AreaId]],
        now: Callable[[], datetime],
    ) -> None:
        self._subscriptions = subscriptions
        self._caller = caller
        self._signer = signer
        self._around = around
        self._now = now
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[bool]] = set()

    def encode(self, telling: Telling) -> Push | None:
        """Return the word for a telling; None for one that would tell nothing new."""
        only_actual(telling)
        said = telling.said
        if telling.saying not in (Saying.ALERT, Saying.MISSED) or said["state"] == State.NOT_COVERED:
            return None
        missed = telling.saying is Saying.MISSED
        if missed and not _holds(said, telling.board):
            return None
        kept = (
            "area",
            "areas",
            "threat",
            "state",
            "since",
            "said_at",
            "level",
            "cancelled",
            "set_aside",
            "late",
        )
        word = {name: said[name] for name in kept if name in said}
        word["areas"] = word["areas"][:40]  # 4,096 bytes are all that a push service must carry
        clear = said["state"] == State.CLEAR
        until = said.get("expires") or (said.get("fresh_until") if clear else None)
        if until is not None:
            word["until"] = until
        ttl_s = RAISED_TTL_S if said["state"] in (State.RAISED, State.PARTLY) else OTHER_TTL_S
        if until is not None:
            ttl_s = max(0, int((datetime.fromisoformat(until) - telling.at).total_seconds()))
        topic = hashlib.sha256(f"{said['area']}/{said['threat']}".encode()).digest()[:24]
        return Push(
            _json({"type": "alert", "id": telling.id, "as_of": stamp(telling.at), **word}),
            frozenset(said["areas"]),
            said["state"] == State.PARTLY,
            ttl_s,
            base64.urlsafe_b64encode(topic).decode(),
            "normal" if missed or said.get("late") else "high",
        )

    async def send(self, payload: Push) -> None:
        """Return when the services of all browsers have confirmed, or most of them soon enough.

        Raises:
            Undelivered: Not one of them has.
        """
        wanted = [one for one in self._subscriptions.pushes() if self._wants(one, payload)]
        tasks = [asyncio.create_task(self._tell(one, payload)) for one in wanted]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not tasks:
            return
        done, _ = await asyncio.wait(tasks, timeout=WAIT_S)
        if not any(task.result() for task in done):
            raise Undelivered(f"none of {len(tasks)} push services confirmed")

    def _wants(self, one: Subscription, push: Push) -> bool:
        """Return whether a word is about an area that was asked for, or one around it that it follows.

        What is partly raised is raised in some other part: the area itself would have been named.
        """
        if push.partly:
            return not push.areas.isdisjoint(one.areas)
        return any(not push.areas.isdisjoint(self._around(area)) for area in one.areas)

    async def _tell(self, one: Subscription, push: Push) -> bool:
        """Return whether the service of one browser has confirmed, or forgotten it."""
        for number in range(TRIES):
            async with self._room:
                try:
                    sealed = self._signer.seal(one, push.body)
                    status, _ = await self._caller.post(one.address, sealed, self._headers(one, push))
                except Undelivered:
                    status = 0
                except Exception:  # keys that are none: no word can be sealed for this browser
                    status = _GONE[0]
            if status in _GONE:
                self._subscriptions.forget_push(one.id)
                return True
            if 200 <= status < 300:
                return True
            if 400 <= status < 500 and status != 429:
                return False
            await asyncio.sleep(2.0**number)
        return False

    def _headers(self, one: Subscription, push: Push) -> Mapping[str, str]:
        return {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(push.ttl_s),
            "Topic": push.topic,
            "Urgency": push.urgency,
            **self._signer.headers(one.address, self._now()),
        }

    async def close(self) -> None:
        """Let go of what is under way."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _holds(said: Mapping[str, Any], board: Mapping[str, Any]) -> bool:
    """Return whether what was said is what is shown now, so that it may be told late."""
    shown = board["areas"].get(said["area"])
    told = None if shown is None else shown["threats"].get(said["threat"])
    return told is not None and (told["state"], told.get("since")) == (said["state"], said.get("since"))
