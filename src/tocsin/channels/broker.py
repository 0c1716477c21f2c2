"""A connection to an MQTT 5 broker, for the channels that lead through one.

A broker outside must be spoken to through TLS.  One connection at a time, made anew after each error; what
it had not confirmed by then has not been sent.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import logging
import ssl
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tocsin.channels import Endpoint, Undelivered
from tocsin.channels.guard import Allowed
from tocsin.errors import ConfigError

KEEPALIVE_S = 8  # a broker that hears nothing for 1.5 times this says our last will
SEND_S = 4.0  # within this a message is confirmed, or the connection is ended
_AT_ONCE = 1_000  # messages on their way
_PREFIX_NEVER = set("#+\0")
_quiet = logging.getLogger("tocsin.mqtt")
_quiet.setLevel(logging.ERROR)  # it warns of many messages at once, which is what a board is


class Message(NamedTuple):
    """One message to a broker."""

    topic: str
    payload: bytes
    retain: bool = False
    expires_s: int | None = None  # after this the broker forgets it


class Address(NamedTuple):
    """Where a broker is."""

    host: str
    port: int
    tls: bool
    prefix: str  # of every topic, without a slash at its end


def read_address(text: str, allowed: Allowed) -> Address:
    """Return the address of a broker, ``mqtts://HOST[:PORT]/PREFIX``.

    Raises:
        ConfigError: It is none, or would be spoken to without TLS outside.
    """
    todo = "give an address as in mqtts://broker.example.org/tocsin"
    try:
        parts = urlsplit(text)
        host, port, prefix = parts.hostname or "", parts.port, parts.path.strip("/") or "tocsin"
    except ValueError as error:
        raise ConfigError(f"cannot read the broker's address {text[:200]!r}: {error}", todo=todo) from error
    if parts.scheme not in ("mqtt", "mqtts") or not host or "?" in text or "#" in text:
        raise ConfigError(f"{text[:200]!r} is no broker's address", todo=todo)
    if "@" in parts.netloc:
        raise ConfigError(
            "the broker's address has a user in it", todo="give --user, and --password-file with its password"
        )
    if _PREFIX_NEVER & set(prefix):
        raise ConfigError(f"topics cannot begin with {prefix!r}", todo="leave # and + out")
    tls = parts.scheme == "mqtts"
    if not tls and not _near(host, allowed):
        raise ConfigError(
            f"{host} would be spoken to without TLS",
            todo="use mqtts://, or name its address in channels_allow",
        )
    return Address(host, port or (8883 if tls else 1883), tls, prefix)


def _near(host: str, allowed: Allowed) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or allowed.has(address)


class Broker:
    """A broker that messages are sent to.

    Args:
        endpoint: Its address, user and password.
        allowed: Addresses inside that may be spoken to without TLS.
        context: How a certificate is looked at.
        will: What the broker says when we are gone without a word.
        replies: A topic whose messages are kept in `replies`; by default none.

    Raises:
        ConfigError: The address is none, or the library is missing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        allowed: Allowed,
        context: ssl.SSLContext,
        *,
        will: Message | None = None,
        replies: str | None = None,
    ) -> None:
        self.address = read_address(endpoint.address, allowed)
        try:
            self._mqtt: Any = importlib.import_module("aiomqtt")
            self._properties: Any = importlib.import_module("paho.mqtt.properties").Properties
            self._packets: Any = importlib.import_module("paho.mqtt.packettypes").PacketTypes
        except ImportError as error:
            raise ConfigError("MQTT needs the library aiomqtt", todo="install tocsin[channels]") from error
        self._endpoint = endpoint
        self._context = context
        self._will = will
        self._client: Any = None
        self._topic = replies
        self._reading: asyncio.Task[None] | None = None
        self.replies: asyncio.Queue[bytes] = asyncio.Queue(100)

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._client is not None

    async def connect(self) -> None:
        """Connect anew.

        Raises:
            Undelivered: The broker cannot be had.
        """
        await self.drop()
        secret = self._endpoint.secrets[0] if self._endpoint.secrets else None
        will = self._will
        client = self._mqtt.Client(
            self.address.host,
            self.address.port,
            username=self._endpoint.options.get("user"),
            password=secret if "user" in self._endpoint.options else None,
            protocol=self._mqtt.ProtocolVersion.V5,
            will=None if will is None else self._mqtt.Will(will.topic, will.payload, 1, will.retain),
            keepalive=KEEPALIVE_S,
            clean_start=True,
            tls_context=self._context if self.address.tls else None,
            max_inflight_messages=_AT_ONCE,
            timeout=SEND_S,
            logger=_quiet,
        )
        try:
            await client.__aenter__()
            self._client = client
            if self._topic is not None:
                await client.subscribe(self._topic, qos=1)
                self._reading = asyncio.create_task(self._read(client))
        except (self._mqtt.MqttError, OSError) as error:
            await self.drop()
            raise Undelivered(f"the broker cannot be had: {error}") from error

    async def _read(self, client: Any) -> None:
        try:
            async for message in client.messages:
                if self.replies.full():
                    self.replies.get_nowait()
                self.replies.put_nowait(bytes(message.payload or b"")[:1_000])
        except self._mqtt.MqttError:
            return

    async def publish(self, messages: Iterable[Message]) -> None:
        """Return when the broker has confirmed all of them.

        Raises:
            Undelivered: It has not; the connection is ended.
        """
        try:
            async with asyncio.timeout(SEND_S):
                await asyncio.gather(*map(self._one, messages))
        except (self._mqtt.MqttError, OSError, TimeoutError, ValueError) as error:
            await self.drop()
            raise Undelivered(f"the broker did not confirm: {error or 'in time'}") from error

    async def _one(self, message: Message) -> None:
        if self._client is None:
            raise OSError("there is no connection")
        properties = None
        if message.expires_s is not None:
            properties = self._properties(self._packets.PUBLISH)
            properties.MessageExpiryInterval = message.expires_s
        await self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=properties
        )

    async def retained(self, topics: str, quiet_s: float = 0.3) -> set[str]:
        """Return the topics of which the broker keeps a message."""
        found: set[str] = set()
        try:
            await self._client.subscribe(topics, qos=1)
            messages = aiter(self._client.messages)
            while True:
                async with asyncio.timeout(quiet_s):
                    message = await anext(messages)
                    found.add(str(message.topic))
        except TimeoutError:
            pass
        except (self._mqtt.MqttError, OSError) as error:
            await self.drop()
            raise Undelivered(f"the broker is gone: {error}") from error
        await self._client.unsubscribe(topics)
        return found

    async def drop(self) -> None:
        """End the connection; without a good-bye, so that the last will is said, where it hangs."""
        client, self._client = self._client, None
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        if client is not None:
            try:
                async with asyncio.timeout(1.0):
                    await client.__aexit__(None, None, None)
            except (self._mqtt.MqttError, OSError, TimeoutError):
                return
