"""What other systems call the areas: the codes of the country pack, and its table for the dialects."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping

from tocsin.areas import Areas
from tocsin.errors import ConfigError
from tocsin.model import AreaId


class Codes:
    """The codes of areas in other systems.

    Args:
        areas: The country's areas, with the codes that stand in ``areas.csv``.
        more: More codes: (area, system, code).  They go before those of the areas.

    Raises:
        UnknownArea: A code is given to an area that there is not.
        ConfigError: Two areas have one code in one system.
    """

    def __init__(self, areas: Areas, more: Iterable[tuple[str, str, str]] = ()) -> None:
        self._codes: dict[str, dict[AreaId, str]] = {}
        for area in areas:
            for system, code in area.codes.items():
                self._codes.setdefault(system, {})[area.id] = code
        for name, system, code in more:
            self._codes.setdefault(system, {})[areas[name].id] = code
        self._areas: dict[str, dict[str, AreaId]] = {
            system: {code: area for area, code in codes.items()} for system, codes in self._codes.items()
        }
        for system, found in self._areas.items():
            if len(found) != len(self._codes[system]):
                raise ConfigError(
                    f"dialects: two areas have one code in {system}", todo="give each area a code of its own"
                )

    def of(self, system: str, area: AreaId) -> str | None:
        """Return the code of an area in a system, or None."""
        return self._codes.get(system, {}).get(area)

    def area(self, system: str, code: str) -> AreaId | None:
        """Return the area that has a code in a system, or None."""
        return self._areas.get(system, {}).get(code)

    def all(self, system: str) -> Mapping[AreaId, str]:
        """Return every area that a system has a code for, in the order of the pack."""
        return self._codes.get(system, {})


def read_codes(areas: Areas, table: str) -> Codes:
    """Return the codes of a country pack.

    Args:
        areas: The country's areas.
        table: The text of its ``dialects.csv``: ``area``, then a column a system; empty is no code.
    """
    rows = csv.DictReader(table.splitlines())
    return Codes(
        areas,
        (
            (row["area"], system, code)
            for row in rows
            for system, code in row.items()
            if system != "area" and code
        ),
    )
