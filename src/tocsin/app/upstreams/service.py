"""All upstreams of a server: their formats, their listeners, and what an operator is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.resources import files

import aiohttp

from tocsin.app.upstreams.link import ANSWER_S, HttpLink
from tocsin.app.upstreams.listener import Listener, Recorder
from tocsin.app.upstreams.table import Upstream
from tocsin.areas import Country
from tocsin.dialects.codes import read_codes
from tocsin.errors import ConfigError
from tocsin.model import Contract, Realm, SourceId
from tocsin.sources import Finder, Format
from tocsin.sources.alerts_in_ua import AlertsInUa
from tocsin.sources.tocsin import Tocsin


class Upstreams:
    """The upstreams of one server.

    Args:
        tables: What is to be listened to.
        country: The country pack.
        recorder: Gives the recorder of a realm.
        now: The time.
    """

    def __init__(
        self,
        tables: Iterable[Upstream],
        country: Country,
        recorder: Callable[[Realm], Recorder],
        now: Callable[[], datetime],
    ) -> None:
        self.tables = tuple(tables)
        self.listeners: tuple[Listener, ...] = ()
        self._country = country
        self._recorder = recorder
        self._now = now

    def contracts(self, taken: Iterable[SourceId]) -> Iterator[Contract]:
        """Yield what each is to report.

        Args:
            taken: The names of the keys at the desk.

        Raises:
            ConfigError: A key has the name of one: who speaks could not be told.
        """
        names = set(taken)
        for table in self.tables:
            if table.name in names:
                raise ConfigError(
                    f"upstream {table.name}: there is a key of this name at the desk",
                    todo="give one of them another name",
                )
            yield table.contract

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None, None]:
        """Listen to all while the block runs."""
        limits = aiohttp.ClientTimeout(total=None, connect=ANSWER_S)
        headers = {"User-Agent": "tocsin"}
        async with aiohttp.ClientSession(
            timeout=limits, headers=headers, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            find = _finder(self._country)
            self.listeners = tuple(self._listener(one, session, find) for one in self.tables)
            tasks = [asyncio.create_task(one.run()) for one in self.listeners]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _listener(self, table: Upstream, session: aiohttp.ClientSession, find: Finder) -> Listener:
        link = HttpLink(session, table.url, table.token, table.every_s, self._now)
        format = format_of(table, self._country, find)
        recorder = self._recorder(table.realm)
        return Listener(table, format, link, self._country.areas, recorder, self._now)


def format_of(table: Upstream, country: Country, find: Finder) -> Format:
    """Return the format of an upstream.

    Raises:
        ConfigError: It needs what is not installed.
    """
    areas = country.areas
    if table.format == "alerts.in.ua":
        return AlertsInUa(find, areas.root)
    if table.format == "tocsin":
        return Tocsin(table.realm, frozenset(area.id for area in areas), areas.root, table.note_key)
    raise ConfigError(
        f"upstream {table.name}: {table.format} cannot be listened to", todo="choose another format"
    )


def _finder(country: Country) -> Finder:
    table = files("tocsin.countries").joinpath(country.code, "dialects.csv")
    codes = read_codes(country.areas, table.read_text("utf-8") if table.is_file() else "area\n")
    return codes.area
