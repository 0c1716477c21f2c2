"""A siren or a relay: commands by MQTT that are signed, fresh, numbered and bounded.

A command is the Base64 of an Ed25519 signature, a line feed, and JSON: ``siren`` (whom it is for), ``number``
(higher than any before, for ever), ``action``, ``seconds``, ``sent``, ``expires``.  Whoever obeys one has
checked all of these; so an old command, one for another siren, or a recording of the topic does nothing.

``sound`` begins, ``clear`` and ``stop`` end it, ``hello`` only asks whether somebody is there.  The siren
answers on its own topic with the number that it took.  Without that answer nothing counts as confirmed.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.channels import Endpoint, Saying, Telling, Undelivered, only_actual
from tocsin.channels.broker import Broker, Message, read_address
from tocsin.channels.guard import Allowed
from tocsin.errors import ConfigError
from tocsin.model import AreaId, State
from tocsin.wire import stamp

HELLO_S = 30.0
VALID_S = 10.0  # a command that is older when it arrives is not obeyed
SECONDS = 60  # how long it sounds
MOST_S = 180
ANSWER_S = 5.0
_json = msgspec.json.Encoder(order="deterministic").encode


class Command(NamedTuple):
    """What is to be done, not numbered yet: each try has a number of its own."""

    action: str
    seconds: int
    about: str  # the alert's id


class Siren:
    """One siren behind a broker.

    Args:
        endpoint: The broker; the first secret is the siren's own key.
        allowed: Addresses inside that may be spoken to without TLS.
        context: How a certificate is looked at.
        around: The siren's areas and those around them: a raise of a mere part of them does not sound.
        now: The time.
        number: Gives numbers that grow for ever.

    Raises:
        ConfigError: The address or the key is none, or the library is missing.
    """

    beat_s = HELLO_S
    pause_s = 0.0
    together = 1

    def __init__(
        self,
        endpoint: Endpoint,
        allowed: Allowed,
        context: ssl.SSLContext,
        around: Collection[AreaId],
        now: Callable[[], datetime],
        number: Callable[[], int],
    ) -> None:
        prefix = read_address(endpoint.address, allowed).prefix
        self._name = endpoint.name
        self._topic = f"{prefix}/siren/{endpoint.name}"
        self._key = key_of(endpoint.secrets[0])
        self._seconds = min(MOST_S, int(endpoint.options.get("seconds", SECONDS)))
        password = Endpoint("", "", endpoint.address, (), endpoint.secrets[1:], endpoint.options)
        self._broker = Broker(password, allowed, context, replies=f"{self._topic}/heard")
        self._around = {str(area) for area in around}
        self._now, self._number = now, number

    def encode(self, telling: Telling) -> Command | None:
        """Return the command for a telling; None for one at which nothing is to be done."""
        only_actual(telling)
        if telling.saying in (Saying.SNAPSHOT, Saying.BEAT):
            return Command("hello", 0, telling.id)
        said = telling.said
        if telling.saying is not Saying.ALERT or said.get("late") or self._around.isdisjoint(said["areas"]):
            return None
        if said["state"] == State.RAISED:
            return Command("sound", self._seconds, telling.id)
        if said.get("cancelled"):
            return Command("stop", 0, telling.id)
        return Command("clear", 0, telling.id) if said["state"] == State.CLEAR else None

    async def send(self, payload: Command) -> None:
        """Return when the siren has answered.

        Raises:
            Undelivered: It has not.
        """
        if not self._broker.connected:
            await self._broker.connect()
        number, now = self._number(), self._now()
        body = _json(
            {
                "siren": self._name,
                "number": number,
                "action": payload.action,
                "seconds": payload.seconds,
                "sent": stamp(now),
                "expires": stamp(now + timedelta(seconds=VALID_S)),
                "about": payload.about,
            }
        )
        signed = base64.b64encode(self._key.sign(body)) + b"\n" + body
        await self._broker.publish([Message(f"{self._topic}/command", signed, expires_s=int(VALID_S))])
        try:
            async with asyncio.timeout(ANSWER_S):
                while await self._broker.replies.get() != str(number).encode():
                    pass
        except TimeoutError as error:
            raise Undelivered(f"the siren did not answer within {ANSWER_S:.0f} s") from error

    async def close(self) -> None:
        """End the connection.  A siren that sounds ends by itself."""
        await self._broker.drop()


def key_of(secret: str) -> Ed25519PrivateKey:
    """Return the key that a siren's commands are signed with.

    Raises:
        ConfigError: It is none.
    """
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret, validate=True))
    except ValueError as error:
        raise ConfigError(
            "the siren's key cannot be read", todo="remove the siren, and add it again"
        ) from error


def public_of(secret: str) -> str:
    """Return the public key, which the siren is given: by it nobody can command another."""
    return base64.b64encode(key_of(secret).public_key().public_bytes_raw()).decode()
