"""Webhooks: each telling is posted as JSON, signed as Standard Webhooks says.

Headers ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``: one or more
``v1,BASE64`` of HMAC-SHA-256 over ``ID.TIMESTAMP.BODY``, one for each secret in force.  An endpoint has
confirmed when it answers 2xx.  A redirect is not followed; 410 is an error like others: a person removes it.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from tocsin.channels import Endpoint, Saying, Telling, Undelivered, only_actual
from tocsin.channels.guard import Caller, retry_after
from tocsin.errors import ConfigError
from tocsin.wire import stamp

PREFIX = "whsec_"
BEAT_S = 10.0  # below the 15 s for which a clear may be shown
_WAIT_LIMIT_S = 60.0  # nobody may ask us to be silent for longer
_json = msgspec.json.Encoder(order="deterministic").encode


class Post(NamedTuple):
    """One request, ready to be sent."""

    body: bytes
    headers: Mapping[str, str]


class Webhook:
    """One endpoint that is posted to.

    Args:
        endpoint: Where, and under which secrets.
        caller: Who makes the call.
    """

    pause_s = 0.0
    together = 1

    def __init__(self, endpoint: Endpoint, caller: Caller) -> None:
        self._endpoint = endpoint
        self._keys = [key_of(secret) for secret in endpoint.secrets]
        self._caller = caller
        self.beat_s = BEAT_S if endpoint.options.get("beats", "on") == "on" else 0.0

    def encode(self, telling: Telling) -> Post:
        """Return the request for a telling.

        Raises:
            NotActual: It is an exercise or a replay.
        """
        only_actual(telling)
        body = _json({"type": str(telling.saying), "timestamp": stamp(telling.at), "data": telling.said})
        when = str(int(telling.at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": telling.id,
            "webhook-timestamp": when,
            "webhook-signature": sign(self._keys, telling.id, when, body),
        }
        if telling.saying is Saying.ALERT:
            headers["Urgency"] = "high"
        return Post(body, headers)

    async def send(self, payload: Post) -> None:
        """Post; return when the endpoint has said 2xx.

        Raises:
            Undelivered: It has not.
        """
        status, headers = await self._caller.post(self._endpoint.address, payload.body, payload.headers)
        if not 200 <= status < 300:
            raise Undelivered(f"it answered {status}", after_s=retry_after(headers, _WAIT_LIMIT_S))

    async def close(self) -> None:
        """Do nothing: the caller's connections are everybody's."""


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret.

    Raises:
        ConfigError: It is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ConfigError(
            "a webhook's secret cannot be read", todo=f"give {PREFIX} and 24 to 64 bytes in Base64"
        )
    return key


def secret_of(key: bytes) -> str:
    """Return a secret as it is shown to the endpoint's owner."""
    return PREFIX + base64.b64encode(key).decode()


def sign(keys: Iterable[bytes], id: str, when: str, body: bytes) -> str:
    """Return the signatures of a request, one for each key."""
    signed = f"{id}.{when}.".encode() + body
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)
