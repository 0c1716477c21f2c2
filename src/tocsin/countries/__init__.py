"""Countries: where things are, as data.  One folder a country, read once, never changed.

A pack is `pack.toml` (levels, standing raises, time zone), `areas.csv`
(`id`, `level`, `parent`; `name_LANG`; every other column is another system's
code), `names.csv` (what feeds call the areas), `tiles.csv`, `days/*.csv`
(a day's alerts, for the demonstration), `desk.toml` (what operators raise with)
and `SOURCES.md`.
`tocsin.testing.countries` says what each must keep.
"""

from __future__ import annotations

import csv
import tomllib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from tocsin.areas import Area, Areas, Country, Spelling, Standing
from tocsin.errors import ConfigError
from tocsin.model import AreaId, Episode, Realm, SourceId, Threat

_DAY_SOURCE = SourceId("sirens-official")


def packs() -> tuple[str, ...]:
    """Return the codes of the countries that come with tocsin."""
    return tuple(sorted(one.name for one in files(__name__).iterdir() if one.joinpath("pack.toml").is_file()))


@cache
def load(country: str) -> Country:
    """Return one country pack.

    Args:
        country: Its code: ``ua``.

    Raises:
        ConfigError: There is no such pack, or it is broken.
    """
    folder = _folder(country)
    pack = tomllib.loads(folder.joinpath("pack.toml").read_text("utf-8"))
    areas, spellings = _read_areas(folder, pack["languages"])
    spellings += [
        Spelling(AreaId(row["area"]), row["spelling"], AreaId(row["within"]) if row["within"] else None)
        for row in _rows(folder.joinpath("names.csv"))
    ]
    return Country(
        code=pack["code"],
        name=pack["name"],
        areas=Areas(
            areas,
            levels=pack["levels"],
            board_level=pack["board_level"],
            whole=pack["whole"],
            spellings=spellings,
            drop=pack["drop"],
        ),
        standing=tuple(_standing(one) for one in pack["standing"]),
        tiles={
            AreaId(row["area"]): (int(row["column"]), int(row["row"]))
            for row in _rows(folder.joinpath("tiles.csv"))
        },
        timezone=pack["timezone"],
    )


def days(country: str) -> tuple[str, ...]:
    """Return the days of which a pack has the alerts: ``("2024-01-02",)``."""
    folder = _folder(country).joinpath("days")
    return tuple(
        sorted(one.name.removesuffix(".csv") for one in folder.iterdir() if one.name.endswith(".csv"))
    )


def read_day(country: str, day: str) -> tuple[Episode, ...]:
    """Return the alerts that overlap one UTC day of the past, unclipped, by their beginning.

    Raises:
        ConfigError: The pack does not have that day.
    """
    if day not in days(country):
        raise ConfigError(
            f"country pack {country}: there is no day {day!r}", todo=f"it has {', '.join(days(country))}"
        )
    return tuple(
        Episode(
            realm=Realm.ACTUAL,
            source=_DAY_SOURCE,
            area=AreaId(row["area"]),
            threat=Threat("air"),
            since=datetime.fromisoformat(row["since"]),
            until=datetime.fromisoformat(row["until"]),
        )
        for row in _rows(_folder(country).joinpath("days", f"{day}.csv"))
    )


def source_table(country: str) -> str:
    """Return the pack's table of who speaks of attacks, as CSV."""
    return _folder(country).joinpath("sources.csv").read_text("utf-8")


def _folder(country: str) -> Traversable:
    if country not in packs():
        raise ConfigError(f"there is no country pack {country!r}", todo=f"choose one of {', '.join(packs())}")
    return files(__name__).joinpath(country)


def _rows(file: Traversable) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text("utf-8").splitlines()))


def _read_areas(folder: Traversable, languages: list[str]) -> tuple[list[Area], list[Spelling]]:
    """Return the areas, and the names in no language of the pack (transliterations), which are spellings."""
    rows = csv.reader(folder.joinpath("areas.csv").read_text("utf-8").splitlines())
    header = next(rows)
    columns = {name: place for place, name in enumerate(header)}
    names = [(lang, columns[f"name_{lang}"]) for lang in languages]
    named = {place for _, place in names}
    codes = [(c, place) for c, place in columns.items() if not c.startswith("name_")][3:]
    other = [place for c, place in columns.items() if c.startswith("name_") and place not in named]
    areas: list[Area] = []
    spellings: list[Spelling] = []
    for row in rows:
        area, level, parent = row[:3]
        areas.append(
            Area(
                AreaId(area),
                level,
                AreaId(parent) if parent else None,
                {lang: row[place] for lang, place in names if row[place]},
                {system: row[place] for system, place in codes if row[place]},
            )
        )
        spellings += [Spelling(AreaId(area), row[place]) for place in other if row[place]]
    return areas, spellings


def _standing(one: dict[str, Any]) -> Standing:
    since: datetime = one["since"]  # TOML has times
    return Standing(AreaId(one["area"]), Threat(one["threat"]), since.astimezone(UTC), one["why"])
