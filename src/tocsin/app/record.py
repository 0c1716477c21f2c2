"""The record of a data folder: its log read, its texts read into claims, and a bulletin drawn up from both.

`tocsin serve` does not import this; it loads the reader and its languages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from tocsin import languages
from tocsin.app.fold import kind_of
from tocsin.areas import Country
from tocsin.countries import source_table
from tocsin.errors import ConfigError
from tocsin.languages import gazetteer, guess
from tocsin.log import Log, checked
from tocsin.model import AreaId, Bulletin, Report
from tocsin.record.attacks import Attack, Strike, attacks, join
from tocsin.record.bulletin import draw_up
from tocsin.record.claims import Claim, Document
from tocsin.record.figures import figures_of
from tocsin.record.incidents import Record, tie
from tocsin.record.kept import Circumstances, Figure
from tocsin.record.reading import read
from tocsin.record.sheet import FigureRow, Known, Sheet
from tocsin.record.sources import Directory, read_sources
from tocsin.record.waves import Alerted, unions, waves
from tocsin.views.record import Held, Shown, alerted, hold, shown

_AROUND = timedelta(hours=12)  # alerts beside a stretch of time that belong to a wave in it


class Material(Struct, frozen=True):
    """The record of a log as of a moment."""

    country: Country
    held: Held
    record: Record
    as_of: datetime

    @property
    def zone(self) -> ZoneInfo:
        """In which a day begins and ends."""
        return ZoneInfo(self.country.timezone)


def directory(country: Country, folder: Path) -> Directory:
    """Return who is who: the pack's table, and behind it `sources.csv` of the data folder.

    Raises:
        ConfigError: A table cannot be read.
    """
    known = read_sources(source_table(country.code), f"country pack {country.code}")
    own = folder / "sources.csv"
    if own.exists():
        try:
            known += read_sources(own.read_text("utf-8"), str(own))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot read {own}: {error}", todo="write it as UTF-8 CSV") from error
    return Directory(known, country.code.upper())


def gather(log: Log, country: Country, who: Directory, as_of: datetime) -> Material:
    """Return the record of a log, of what was seen by a moment; every entry is checked.

    Raises:
        LogBroken: The log cannot be trusted.
    """
    held = hold(((entry, kind_of(entry)) for entry in checked(log)), country.areas, as_of)
    record = tie(held.filed, held.ruled, _reader(country), who, ZoneInfo(country.timezone), as_of)
    return Material(country, held, record, as_of)


def _reader(country: Country) -> Callable[[Report, str], list[Claim]]:
    """Return what reads a report; a text in a language without a pack, or too long, has no claims."""
    places, zone = gazetteer(country), ZoneInfo(country.timezone)

    def read_report(report: Report, publisher: str) -> list[Claim]:
        lang = report.lang or guess(report.text)
        if lang not in languages.CODES:
            return []
        document = Document(report.text, report.doc, report.published, publisher, lang)
        return read(document, languages.load(lang), places, zone)

    return read_report


def alerts_of(material: Material, since: datetime, until: datetime) -> list[Alerted]:
    """Return the alerts of a stretch of time and around it."""
    return alerted(
        material.held.history, material.country.areas, since - _AROUND, until + _AROUND, material.as_of
    )


def may_show(material: Material) -> tuple[list[Shown], int]:
    """Return the claims that the embargo lets through at the material's moment, and how many it holds."""
    alerts = alerts_of(material, material.as_of - timedelta(hours=1), material.as_of + timedelta(hours=1))
    country = material.country
    return shown(material.record, country.areas, alerts, material.as_of, material.zone, country.code.upper())


def figures(material: Material, claims: Iterable[Shown], corroborated: bool = False) -> tuple[Figure, ...]:
    """Return the figures of claims that may be shown, and of no others."""
    evidence = structs.replace(material.record.evidence, claims=tuple(one.kept for one in claims))
    party = material.country.code.upper()
    around = {
        claim.incident: Circumstances(
            harmed="" if claim.incident.startswith(("abroad/", "undated/")) else party,
            corroborated=corroborated,
        )
        for claim in evidence.claims
    }
    return figures_of(evidence, around, material.as_of)


def bulletin(
    material: Material, since: datetime, until: datetime, lang: str, strikes: Iterable[Strike] = ()
) -> Sheet:
    """Return the situation report of a stretch of time.

    Args:
        material: What is known.
        since: Its first moment.
        until: The moment behind its last one.
        lang: The language.
        strikes: Rows of a table of strikes.
    """
    return draw_up(known_of(material, may_show(material), since, until, lang, strikes), sentences(lang))


def known_of(
    material: Material,
    may: tuple[list[Shown], int],
    since: datetime,
    until: datetime,
    lang: str,
    strikes: Iterable[Strike] = (),
) -> Known:
    """Return what is known of a stretch of time.

    Args:
        material: What is known.
        may: What `may_show` returns for it.
        since: The first moment.
        until: The moment behind the last one.
        lang: The language of the areas' names.
        strikes: Rows of a table of strikes.
    """
    country, zone = material.country, material.zone
    claims, held = may
    near = alerts_of(material, since, until)
    mine = [one for one in unions(near) if one.since < until and one.until > since]
    found = [wave for wave in waves(near) if wave.since < until and wave.until > since]
    struck = _struck(strikes, since, until, zone)
    previous_at, previous = _previous(material.held, since, until)
    board = set(country.areas.board)

    def region(area: AreaId) -> AreaId | None:
        return next((one for one in country.areas.chain(area) if one in board), None)

    return Known(
        since=since,
        until=until,
        as_of=material.as_of,
        zone=zone,
        zone_name=country.timezone,
        record=material.record,
        shown=claims,
        held=held,
        figures=figures(material, claims, bool(found or struck)),
        alerted=mine,
        waves=found,
        attacks=struck,
        joined=join(found, struck).by_attack,
        previous=previous,
        previous_at=previous_at,
        name=lambda area: country.areas.name(area, lang),
        board=country.areas.board,
        region=region,
    )


def sentences(lang: str) -> dict[str, object]:
    """Return the words of a bulletin in a language."""
    file = files(languages.__name__).joinpath(lang, "bulletin.toml")
    return {**tomllib.loads(file.read_text("utf-8")), "lang": lang}


def because(material: Material) -> tuple[int, ...]:
    """Return the places of all that a bulletin is made from."""
    places = [one.seq for one in material.held.filed] + [
        one.seq for one in material.held.ruled if one.at <= material.as_of
    ]
    return tuple(sorted(places))


def _struck(strikes: Iterable[Strike], since: datetime, until: datetime, zone: ZoneInfo) -> list[Attack]:
    """Return the attacks that ended in a stretch of time, as a night is named by the day on which it ends."""
    return [one for one in attacks(strikes, zone) if since < one.until <= until]


def _previous(
    held: Held, since: datetime, until: datetime
) -> tuple[datetime | None, Sequence[FigureRow] | None]:
    last: Bulletin | None = None
    for _, _, one in held.bulletins:
        if (one.since, one.until) == (since, until):
            last = one
    return (None, None) if last is None else (last.as_of, last.figures)
