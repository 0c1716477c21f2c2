"""What every country pack keeps.

class TestUkraine(CountryPack):
    code = "ua"
"""

from __future__ import annotations

import re
from datetime import datetime
from importlib.resources import files

from tocsin.areas import Areas, Country, Spelling
from tocsin.countries import days, load, read_day
from tocsin.errors import UnknownArea
from tocsin.model import AreaId

LANGUAGES = ("uk", "en")  # of the public pages
_NOT_DATA = {"__init__.py", "__pycache__", "SOURCES.md"}


class CountryPack:
    """The promises of a country pack, as tests."""

    code: str

    @property
    def country(self) -> Country:
        """The pack, loaded."""
        return load(self.code)

    def test_is_a_tree_with_one_root(self) -> None:
        """From every area the way up ends at the same area, through larger and larger levels."""
        areas = self.country.areas
        for area in areas:
            chain = areas.chain(area.id)
            ranks = [areas.levels.index(areas[one].level) for one in chain]
            assert (area.id, areas.root) == (chain[0], chain[-1])
            assert ranks == sorted(set(ranks), reverse=True), area.id

    def test_has_a_board(self) -> None:
        """Some areas are of the level that the public board shows, and no area lies above it but the root."""
        areas = self.country.areas
        assert areas.board
        assert {areas.root} == {above for area in areas.board for above in areas.chain(area)[1:]}

    def test_names_every_area_in_both_languages(self) -> None:
        """Nobody reads a code where the name of a place should be."""
        areas = self.country.areas
        assert [] == [area.id for area in areas if any(not area.names.get(lang) for lang in LANGUAGES)]
        assert all(self.country.name.get(lang) for lang in LANGUAGES)

    def test_every_spelling_finds_its_area(self) -> None:
        """What a feed writes in a place means one area there, the one that `names.csv` says."""
        areas = self.country.areas
        for spelling in areas.spellings:
            meant = _meant(areas, spelling)
            # Neighbours that officially have one name are refused aloud, both named.
            assert spelling.area in meant, spelling
            assert spelling.within is None or len(meant) == 1, spelling

    def test_a_code_of_another_system_means_one_area(self) -> None:
        """No two areas have the same code in one system."""
        codes = [code for area in self.country.areas for code in area.codes.items()]
        assert len(codes) == len(set(codes))

    def test_every_area_of_the_board_has_a_tile_of_its_own(self) -> None:
        """Where there is no map the grid shows the whole country."""
        tiles = self.country.tiles
        assert set(self.country.areas.board) == set(tiles)
        assert len(tiles) == len(set(tiles.values()))
        assert all(column >= 0 and row >= 0 for column, row in tiles.values())

    def test_standing_raises_are_of_known_areas_and_say_why(self) -> None:
        """A raise that no feed repeats has an area, a time with a zone, and a reason to show."""
        for standing in self.country.standing:
            assert standing.area in self.country.areas
            assert standing.since.tzinfo is not None
            assert standing.why.endswith(".")

    def test_a_day_has_alerts_of_that_day(self) -> None:
        """Every alert of a built-in day has a known area, and touches that day in UTC."""
        for day in days(self.code):
            begins = datetime.fromisoformat(f"{day}T00:00:00Z")
            for episode in read_day(self.code, day):
                assert episode.area in self.country.areas
                assert episode.since < episode.until
                assert episode.until > begins
                assert (episode.since - begins).days < 1

    def test_every_file_has_a_licence(self) -> None:
        """SOURCES.md has a line for each file, which ends with its licence."""
        folder = files("tocsin.countries").joinpath(self.code)
        sources = folder.joinpath("SOURCES.md").read_text("utf-8")
        licensed = dict(re.findall(r"^\| `([^`]+)` \|.*\| *([^|]*\S) *\|$", sources, re.MULTILINE))
        named = {one.name for one in folder.iterdir() if one.is_file()} - _NOT_DATA
        named |= {f"days/{day}.csv" for day in days(self.code)}
        assert named == set(licensed)


def _meant(areas: Areas, spelling: Spelling) -> tuple[AreaId, ...]:
    """Return the area that a spelling finds in its place, or the candidates where it is refused."""
    area = areas[spelling.area]
    try:
        return (areas.find(spelling.text, level=area.level, within=spelling.within or area.parent or ()),)
    except UnknownArea as error:
        near: tuple[AreaId, ...] = error.values["near"]  # type: ignore[assignment]  # as `find` says
        return near
