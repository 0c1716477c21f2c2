"""The way to one source over HTTP: one host, no redirects, an end to every wait, a limit to every answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp

from tocsin.sources import Got, Payload, SourceLost

ANSWER_LIMIT = 8 * 1024 * 1024  # bytes; the whole board of a country under every threat has some 300 KiB
EVENT_LIMIT = 4 * 1024 * 1024
ANSWER_S = 10.0  # an answer must be whole within this
QUIET_S = 20.0  # a stream that says nothing for this long has ended; signs of life come every 5 s


class HttpLink:
    """A link over HTTP.

    Args:
        session: The client.
        url: The base address.
        token: What the source knows us by.
        every_s: How often it is asked.
        now: The time.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        every_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._session = session
        self._url = url
        self._every_s = every_s
        self._now = now
        self.token = token

    async def get(self, path: str, headers: Mapping[str, str]) -> Got:
        """Return an answer of any status; a redirect is one, since a token must not follow it.

        Raises:
            SourceLost: There is none, or it is longer than is read.
        """
        at, url = self._now(), path if path.startswith(("http://", "https://")) else self._url + path
        if urlsplit(url)[:2] != urlsplit(self._url)[:2]:
            raise SourceLost(
                f"{self._url} leads to another host, {url[:200]}",
                todo="give that address, if it is to be trusted",
            )
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._session.get(url, headers=headers, allow_redirects=False) as answer,
            ):
                body = await _limited(answer.content)
                named = {name.lower(): value for name, value in answer.headers.items()}
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _lost(self._url, error) from error
        # What a cache kept was true so long ago.
        age = named.get("age", "")
        return Got(answer.status, named, body, at - timedelta(seconds=int(age[:9]) if age.isdigit() else 0))

    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[Payload]:
        """Yield the events of a server-sent stream until it ends.

        Raises:
            SourceLost: It cannot be had, has ended, or is silent.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S, sock_read=QUIET_S)
        try:
            async with self._session.get(
                self._url + path, headers=headers, allow_redirects=False, timeout=limits
            ) as answer:
                if answer.status != 200:
                    raise SourceLost(
                        f"{self._url} answered {answer.status}",
                        todo="it is asked again",
                        status=answer.status,
                    )
                async for event in self._cut(answer.content):
                    yield event
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _lost(self._url, error) from error
        raise SourceLost(f"the stream of {self._url} has ended", todo="it is asked again")

    async def _cut(self, content: aiohttp.StreamReader) -> AsyncIterator[Payload]:
        waiting = b""
        async for piece in content.iter_any():
            waiting = (waiting + piece).replace(b"\r\n", b"\n")
            *events, waiting = waiting.split(b"\n\n")
            if len(waiting) > EVENT_LIMIT:
                raise SourceLost(f"an event of {self._url} has no end", todo="ask whoever runs it")
            for event in events:
                yield Payload(event, self._now())

    async def pause(self) -> None:
        """Wait until it is time to ask again, not all askers at one time."""
        await asyncio.sleep(self._every_s * random.uniform(0.9, 1.1))


async def _limited(content: aiohttp.StreamReader) -> bytes:
    pieces, size = [], 0
    async for piece in content.iter_any():
        size += len(piece)
        if size > ANSWER_LIMIT:
            raise SourceLost(f"an answer has more than {ANSWER_LIMIT} bytes", todo="ask whoever runs it")
        pieces.append(piece)
    return b"".join(pieces)


def _lost(url: str, error: Exception) -> SourceLost:
    return SourceLost(f"cannot hear {url}: {str(error) or type(error).__name__}", todo="it is asked again")
