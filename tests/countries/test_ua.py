"""Ukraine: the pack keeps what every pack keeps, and says what its sources say."""

import csv
import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.shared import SHARED, shared
from tocsin import countries
from tocsin.countries import load, read_day
from tocsin.errors import ConfigError
from tocsin.model import AreaId
from tocsin.testing.countries import CountryPack
from tools.carry_over_ua import PACK, carry_over
from tools.fetch_map import OUT as MAP

UA = load("ua")


class TestUkraine(CountryPack):
    code = "ua"


def test_the_committed_files_are_what_the_script_writes(tmp_path):
    """A fact is mended where it is from, or in the script, never in the file."""
    shared("regions/regions_ua.csv")
    written = carry_over(SHARED, tmp_path)
    for name in written:
        assert (tmp_path / name).read_bytes() == (PACK / name).read_bytes(), name
    assert written["areas.csv"] == 2397
    assert written["days/2024-01-02.csv"] == 82


def test_nothing_of_a_map_is_carried_over():
    """Coordinates, map ids and the kind of a hromada belong to others."""
    header = (PACK / "areas.csv").read_text("utf-8").splitlines()[0]
    assert header == (
        "id,level,parent,katottg,iso_3166_2,ukrainealarm,alerts_in_ua,name_uk,name_en,name_translit"
    )


def test_every_spelling_known_from_real_feeds_resolves():
    """All 2,072 places as three feeds write them, in the place where they write them."""
    with shared("regions/places_aliases.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2072
    for row in rows:
        within = [row[context] for context in ("oblast_context", "raion_context") if row[context]]
        assert UA.areas.find(row["alias"], level=row["level"], within=within) == row["region_id"], row


def test_there_are_as_many_areas_as_the_codifier_has():
    assert Counter(area.level for area in UA.areas) == {
        "country": 1,
        "oblast": 27,
        "raion": 136,
        "hromada": 1772,
        "city": 461,
    }


def test_iso_numbers_differ_from_katottg_where_they_do():
    """Five codes that look like a slip and are none."""
    differ = {
        area: UA.areas[area].codes["iso_3166_2"]
        for area in UA.areas.board
        if UA.areas[area].codes["iso_3166_2"] != f"UA-{area[2:]}"
    }
    assert differ == {"UA01": "UA-43", "UA44": "UA-09", "UA73": "UA-77", "UA80": "UA-30", "UA85": "UA-40"}


def test_luhansk_and_crimea_stand_under_a_raise():
    assert {(one.area, one.threat, one.since) for one in UA.standing} == {
        ("UA44", "air", datetime(2022, 4, 4, 16, 45, tzinfo=UTC)),
        ("UA01", "air", datetime(2022, 12, 10, 22, 22, tzinfo=UTC)),
    }


def test_sevastopol_stands_below_crimea_on_the_tiles():
    column, row = UA.tiles[AreaId("UA01")]
    assert UA.tiles[AreaId("UA85")] == (column, row + 1)


def test_kyiv_was_under_alert_from_0353_that_morning():
    """One row of the built-in day that everybody in Kyiv remembers."""
    day = read_day("ua", "2024-01-02")
    assert (datetime(2024, 1, 2, 3, 53, 57, tzinfo=UTC), datetime(2024, 1, 2, 7, 47, 28, tzinfo=UTC)) in {
        (one.since, one.until) for one in day if one.area == "UA80"
    }
    assert [one.since for one in day] == sorted(one.since for one in day)


def test_a_day_or_a_country_that_is_not_there_names_those_that_are():
    with pytest.raises(ConfigError, match="2024-01-02"):
        read_day("ua", "2024-01-03")
    with pytest.raises(ConfigError, match="choose one of ua"):
        load("atlantis")


def test_the_map_has_every_area_of_the_board_and_nothing_that_runs():
    """An oblast that the map lacks would be one that nobody is warned about."""
    if not MAP.exists():
        pytest.skip("no map was drawn here (tools/fetch_map.py)")
    svg = MAP.read_text("utf-8")
    assert sorted(re.findall(r'<(?:path|g) id="(\w+)"', svg)) == sorted(UA.areas.board)
    assert all(path.endswith("z") for path in re.findall(r' d="([^"]*)"', svg))
    assert not re.search(r"<script|<style|style=|href|\bon\w+=", svg)
    assert len(svg) < 25_000


def test_the_map_credits_its_makers():
    if not MAP.exists():
        pytest.skip("no map was drawn here (tools/fetch_map.py)")
    assert "CC BY 4.0" in MAP.read_text("utf-8")
    assert "CC BY 4.0" in (Path(countries.__file__).parent / "ua" / "SOURCES.md").read_text("utf-8")


def test_a_pack_loads_before_anybody_notices():
    """A command that only prints one line loads it too."""
    took = []
    for _ in range(5):
        load.cache_clear()
        begin = time.perf_counter()
        load("ua")
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.060
