"""A Telegram channel, read through Telethon (the extra `telegram`) with an account's session.

The `token_file` of the upstream holds one line: a session string, `api_id` and `api_hash`; all are secrets.
The channel is known by its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import Any, Protocol

import msgspec

from tocsin import wire
from tocsin.errors import ConfigError
from tocsin.sources import Got, Payload, SourceLost
from tocsin.sources.telegram import Post


class Message(Protocol):
    """What we read of Telethon's message."""

    id: int
    date: datetime
    edit_date: datetime | None
    message: str
    fwd_from: object | None
    chat_id: int


def post_of(message: Message) -> bytes:
    """Return a message as a payload."""
    edited = None if message.edit_date is None else wire.stamp(message.edit_date)
    return msgspec.json.encode(
        Post(
            message.chat_id, message.id, wire.stamp(message.date), message.message or "", edited,
            message.fwd_from is not None,
        )
    )  # fmt: skip


class TelegramLink:
    """A link to Telegram.

    Args:
        secret: Session, api_id and api_hash, with blanks between.
        now: The time.

    Raises:
        ConfigError: Telethon is not installed, or the secret is none.
    """

    token = ""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        words = secret.split()
        if len(words) != 3 or not words[1].isdigit():
            raise ConfigError(
                "the token_file of a Telegram upstream has not three words",
                todo="write a session string, api_id and api_hash into one line",
            )
        if find_spec("telethon") is None:
            raise ConfigError("Telethon is not installed", todo="install tocsin[telegram]")
        self._session, self._id, self._hash = words[0], int(words[1]), words[2]
        self._now = now

    async def get(self, path: str, headers: Mapping[str, str]) -> Got:
        """Never: a channel is not asked."""
        raise SourceLost("a Telegram channel is not asked", todo="report it as a bug")

    async def pause(self) -> None:
        """Do not wait."""

    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncGenerator[Payload, None]:
        """Yield the messages of a channel, new and edited, as they come."""
        from telethon import TelegramClient, events
        from telethon.sessions import StringSession

        waiting: asyncio.Queue[Payload] = asyncio.Queue(1_000)
        client = TelegramClient(StringSession(self._session), self._id, self._hash)

        async def heard(event: Any) -> None:
            await waiting.put(Payload(post_of(event.message), self._now()))

        for kind in (events.NewMessage, events.MessageEdited):
            client.add_event_handler(heard, kind(chats=int(path)))
        try:
            async with asyncio.timeout(30):
                await client.connect()
                if not await client.is_user_authorized():
                    raise SourceLost("Telegram does not know the session", todo="log in anew")
            while client.is_connected():
                try:
                    async with asyncio.timeout(5):
                        payload = await waiting.get()
                except TimeoutError:
                    continue
                yield payload
        except (OSError, TimeoutError, ValueError) as error:
            raise SourceLost(f"cannot hear Telegram: {error}", todo="it is tried again") from error
        finally:
            await client.disconnect()
        raise SourceLost("the connection to Telegram has ended", todo="it is tried again")
