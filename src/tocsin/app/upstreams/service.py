"""All upstreams of a server: their formats, their listeners, and what an operator is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import aiohttp
from cryptography import x509

from tocsin.app.station import Station
from tocsin.app.upstreams.link import ANSWER_S, HttpLink
from tocsin.app.upstreams.listener import Listener, Recorder
from tocsin.app.upstreams.overview import asked
from tocsin.app.upstreams.table import Upstream
from tocsin.app.upstreams.telegram import TelegramLink
from tocsin.areas import Areas, Country
from tocsin.cap.message import Area
from tocsin.desk.kept import Kept
from tocsin.dialects.codes import read_codes
from tocsin.errors import ConfigError
from tocsin.geometry import outlines
from tocsin.model import Contract, Realm, SourceId
from tocsin.sources import Finder, Format, Link
from tocsin.sources.alerts_com_ua import AlertsComUa
from tocsin.sources.alerts_in_ua import AlertsInUa
from tocsin.sources.cap import Cap, Covered
from tocsin.sources.telegram import Telegram
from tocsin.sources.tocsin import Tocsin
from tocsin.sources.ukrainealarm import UkraineAlarm


class Outlet(Recorder, Protocol):
    """One realm: who makes things durable there, and who knows what is held."""

    @property
    def station(self) -> Station:
        """The realm's log and board."""


class Upstreams:
    """The upstreams of one server.

    Args:
        tables: What is to be listened to.
        country: The country pack.
        outlet: Gives the outlet of a realm.
        now: The time.
    """

    def __init__(
        self,
        tables: Iterable[Upstream],
        country: Country,
        outlet: Callable[[Realm], Outlet],
        now: Callable[[], datetime],
    ) -> None:
        self.tables = tuple(tables)
        self.listeners: tuple[Listener, ...] = ()
        self._country = country
        self._outlet = outlet
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
                    f"upstream {table.name}: there is a key or an authority of this name at the desk",
                    todo="give one of them another name",
                )
            yield table.contract

    @asynccontextmanager
    async def listening(self, kept: Kept, folder: Path) -> AsyncGenerator[None, None]:
        """Listen to all while the block runs.

        Args:
            kept: Where messages in CAP are kept.
            folder: Where the outlines of the areas are, if there are any.
        """
        limits = aiohttp.ClientTimeout(total=None, connect=ANSWER_S)
        headers = {"User-Agent": "tocsin"}
        async with aiohttp.ClientSession(
            timeout=limits, headers=headers, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            find = _finder(self._country)
            self.listeners = tuple(self._listener(one, session, find, kept, folder) for one in self.tables)
            tasks = [asyncio.create_task(one.run()) for one in self.listeners]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _listener(
        self, table: Upstream, session: aiohttp.ClientSession, find: Finder, kept: Kept, folder: Path
    ) -> Listener:
        link: Link = (
            TelegramLink(table.token, self._now)
            if table.format == "telegram"
            else HttpLink(session, table.url, table.token, table.every_s, self._now)
        )
        format = self._format(table, find, kept, folder)
        outlet = self._outlet(table.realm)
        return Listener(
            table, format, link, self._country.areas, outlet,
            lambda: asked(lambda: outlet.station.board.holds(table.name)), self._now, kept.hold,
        )  # fmt: skip

    def _format(self, table: Upstream, find: Finder, kept: Kept, folder: Path) -> Format:
        areas = self._country.areas
        if table.format == "alerts.in.ua":
            return AlertsInUa(find, areas.root)
        if table.format == "ukrainealarm":
            return UkraineAlarm(find, areas.root)
        if table.format == "alerts.com.ua":
            return AlertsComUa(find, areas.board, areas.root)
        if table.format == "telegram":
            return Telegram(int(table.url), areas.find)
        if table.format == "tocsin":
            return Tocsin(table.realm, frozenset(area.id for area in areas), areas.root, table.note_key)
        if table.format == "cap":
            return Cap(
                areas,
                table.realm,
                pinned=[_certificate(table, path) for path in table.pinned],
                complete=table.complete,
                default=table.event,
                place=placing(folder, areas),
                memory=kept.remembered(table.name),
                remember=partial(kept.remember, table.name),
            )
        raise ConfigError(
            f"upstream {table.name}: {table.format} cannot be listened to", todo="choose another format"
        )


def placing(folder: Path, areas: Areas) -> Callable[[Area], Covered] | None:
    """Return what places shapes in areas, if the outlines are there: ``outlines.json`` in the data folder.

    Raises:
        ConfigError: They cannot be read, or shapely is not installed.
    """
    path = folder / "outlines.json"
    if not path.exists():
        return None
    try:
        from tocsin.cap.place import Places
    except ImportError as error:
        raise ConfigError(
            f"{path} is there, and shapely is not", todo="install tocsin[geometry], or remove the file"
        ) from error
    return Places(outlines(path.read_bytes(), areas), areas).covered


def _certificate(table: Upstream, path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"upstream {table.name}: cannot read the certificate {path}: {error}", todo="give it as PEM"
        ) from error


def _finder(country: Country) -> Finder:
    table = files("tocsin.countries").joinpath(country.code, "dialects.csv")
    codes = read_codes(country.areas, table.read_text("utf-8") if table.is_file() else "area\n")
    return codes.area
