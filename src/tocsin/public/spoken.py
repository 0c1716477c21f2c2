"""The dialects at the public door: which of them a country has, and their answers as this door sends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.resources import files

from tocsin.areas import Country
from tocsin.dialects import Dialect, Reply
from tocsin.dialects.alerts_com_ua import AlertsComUa
from tocsin.dialects.alerts_in_ua import AlertsInUa
from tocsin.dialects.codes import read_codes
from tocsin.dialects.jaam import Jaam
from tocsin.dialects.live import Lamp, Talk, Updates
from tocsin.dialects.livemap import SOCKET, LiveMap, MapChannel
from tocsin.dialects.meteoalarm import MeteoAlarm
from tocsin.dialects.mirrors import SirensInUa, Tryvoha, Ubilling, VadimKlimenko
from tocsin.dialects.nina import Nina
from tocsin.dialects.nws import Nws
from tocsin.dialects.sight import Land
from tocsin.dialects.spoken import Spoken
from tocsin.dialects.ukrainealarm import UkraineAlarm
from tocsin.model import Realm
from tocsin.public.answer import Answer
from tocsin.public.when import Zone
from tocsin.views.history import History, Interval


class Dated(Answer):
    """An answer that also knows *If-Modified-Since*: 304 where that names the very time of this state.

    Args:
        reply: What a dialect answers.
        modified: When the state last changed, as HTTP writes it.
    """

    def __init__(self, reply: Reply, modified: str) -> None:
        headers = {**dict(reply.headers), "Last-Modified": modified} if reply.status == 200 else reply.headers
        super().__init__(reply.body, reply.kind, status=reply.status, headers=dict(headers))
        self._modified = modified

    def response(self, asked: Mapping[str, str], *, head_only: bool, keep: bool) -> bytes:
        """Return all bytes of the response to a request with these headers (lower-case names)."""
        if self.status == 200 and asked.get("if-modified-since") == self._modified:
            return self._head(304, None, zipped=False, keep=keep)
        return super().response(asked, head_only=head_only, keep=keep)


def speak(country: Country, realm: Realm, history: Callable[[], History | None]) -> Spoken[Answer] | None:
    """Return the dialects of a country's door; None for another realm, and for a country that has none.

    Args:
        country: The country pack.
        realm: What the door shows.
        history: Gives the past, or None while it is being read.
    """
    table = files("tocsin.countries").joinpath(country.code, "dialects.csv")
    if realm is not Realm.ACTUAL or not table.is_file():
        return None
    codes = read_codes(country.areas, table.read_text("utf-8"))
    land = Land(country.areas, codes, Zone(country.timezone).info, country.name)

    def past(since: datetime, until: datetime) -> Sequence[Interval] | None:
        known = history()
        if known is None:
            return None
        return [one for found in known.intervals(since, until, now=until).values() for one in found]

    dialects: list[Dialect] = [
        AlertsInUa(past),
        UkraineAlarm(past),
        LiveMap(),
        Ubilling(),
        VadimKlimenko(),
        SirensInUa(),
        Tryvoha(),
        Jaam(),
        AlertsComUa(past),
        Nws(),
        Nina(),
        MeteoAlarm(country.name["en"].lower()),
    ]
    talks: dict[str, Callable[[str], Talk]] = {
        **{f"/data_v{version}": _lamp(version) for version in (1, 2, 3, 4)},
        SOCKET: lambda name: MapChannel(),
        "/api/states/live": lambda name: Updates(),
        "/api/states/live/{}": Updates,
    }
    return Spoken(dialects, land, realm, Dated, talks)


def _lamp(version: int) -> Callable[[str], Talk]:
    return lambda name: Lamp(version)
