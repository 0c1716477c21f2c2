"""A small country for the machine: two oblasts, in one of them a city that belongs to no raion."""

from __future__ import annotations

from tocsin.areas import Area, Areas, Country

LEVELS = ("country", "oblast", "raion", "hromada", "city")
WHOLE = ("oblast", "raion", "hromada")  # a city leaves the villages around it out
_ROWS = (
    ("Y", "country", None),
    ("Y1", "oblast", "Y"),
    ("Y1a", "raion", "Y1"),
    ("Y1a1", "hromada", "Y1a"),
    ("Y1a1c", "city", "Y1a1"),
    ("Y1a2", "hromada", "Y1a"),
    ("Y1b", "raion", "Y1"),
    ("Y1c", "city", "Y1"),  # as the cities of an oblast that no raion takes in
    ("Y2", "oblast", "Y"),
    ("Y2a", "raion", "Y2"),
    ("Y2b", "raion", "Y2"),
)
AREAS = tuple(code for code, _, _ in _ROWS)
PARENT: dict[str, str | None] = {code: parent for code, _, parent in _ROWS}
ROOT = AREAS[0]
BOARD = tuple(code for code, level, _ in _ROWS if level == "oblast")
PARTS = {  # the areas that together make up another
    area: tuple(code for code, level, parent in _ROWS if parent == area and level in WHOLE) for area in AREAS
}


def country() -> Country:
    """Return it as a country pack."""
    areas = Areas(
        [Area(code, level, parent, {"en": code, "uk": code}, {}) for code, level, parent in _ROWS],
        levels=LEVELS,
        board_level="oblast",
        whole=WHOLE,
    )
    tiles = {code: (number, 0) for number, code in enumerate(BOARD)}
    return Country("land", {"en": "Land", "uk": "Land"}, areas, (), tiles, "UTC")
