"""Exports: what is not known is empty or said in words, and nothing is finer than what may be shown."""

from datetime import date

import msgspec
import pytest

from tests.record.given import SOURCES, at, told
from tocsin.record.claims import Qualifier
from tocsin.record.exports import (
    ACLED_COLUMNS,
    AIRWARS_COLUMNS,
    FLAT_COLUMNS,
    HXL_TAGS,
    UCDP_COLUMNS,
    Event,
    EventKind,
    Level,
    Where,
    acled,
    airwars,
    flat,
    geojson,
    hxl,
    ucdp,
)
from tocsin.record.figures import figures_of
from tocsin.record.kept import Evidence

OBLAST = Where(Level.OBLAST, "Ukraine", "Kyiv Oblast", "", "Kyiv Oblast", "UA32", "UA32000000000030281")


def event(*claims, **more):
    """Return an event of these claims and of one that gives no number."""
    given = (*claims, told("z", None, "mayor", stated=at(9), measure="damage"))
    figures = figures_of(Evidence(SOURCES, claims=given))
    fields = {"kind": EventKind.DRONE_STRIKE, "since": date(2024, 1, 2), "until": date(2024, 1, 2)}
    return Event(id="2024-01-02", where=OBLAST, figures=figures, **{**fields, **more})


UNKNOWN = event()
OPEN = event(told("a", 39, "Wire", stated=at(9), qualifier=Qualifier.AT_LEAST))


def test_not_known_is_empty_and_never_zero():
    assert (airwars(UNKNOWN)["killed_min"], hxl(UNKNOWN)["killed"], ucdp(UNKNOWN)) == (None, None, None)
    assert [row["low"] for row in flat([UNKNOWN])] == [None, None, None]


def test_the_zero_that_acled_asks_for_is_said_to_be_unknown():
    row = acled(UNKNOWN)

    assert row["fatalities"] == 0
    assert "fatalities 0 stands for not known" in row["notes"]
    assert (
        "stands for"
        not in acled(event(told("a", 0, "mayor", stated=at(9), qualifier=Qualifier.NONE)))["notes"]
    )


def test_an_open_bound_is_empty_where_it_can_be_and_the_best_in_ucdp():
    assert (airwars(OPEN)["killed_min"], airwars(OPEN)["killed_max"]) == (39, None)
    assert (ucdp(OPEN)["low"], ucdp(OPEN)["best"], ucdp(OPEN)["high"]) == (39, 39, 39)
    assert "at least 39 killed" in acled(OPEN)["notes"]


def test_nobody_killed_is_no_event_of_ucdp():
    assert ucdp(event(told("a", 0, "mayor", stated=at(9), qualifier=Qualifier.NONE))) is None


@pytest.mark.parametrize(
    ("level", "of_acled", "of_ucdp"),
    [
        ("city", 1, 1),
        ("hromada", 2, 2),
        ("raion", 2, 3),
        ("oblast", 3, 4),
        ("country", 3, 6),
        ("unknown", 3, 7),
    ],
)
def test_a_place_is_as_precise_as_it_may_be_shown(level, of_acled, of_ucdp):
    placed = msgspec.structs.replace(OPEN, where=Where(Level(level)))

    assert (acled(placed)["geo_precision"], ucdp(placed)["where_prec"]) == (of_acled, of_ucdp)


@pytest.mark.parametrize(
    ("last", "expected"), [(2, (1, 1)), (3, (1, 1)), (6, (2, 2)), (8, (2, 3)), (31, (3, 4))]
)
def test_an_uncertain_day_is_said_to_be_so(last, expected):
    longer = msgspec.structs.replace(OPEN, until=date(2024, 1, last))

    assert (acled(longer)["time_precision"], ucdp(longer)["date_prec"]) == expected


def test_no_feature_has_a_point():
    (feature,) = geojson([OPEN])["features"]

    assert feature["geometry"] is None
    assert feature["properties"]["place_code"] == "UA32"


def test_rows_have_the_columns_that_are_promised():
    assert tuple(acled(OPEN)) == ACLED_COLUMNS
    assert tuple(ucdp(OPEN)) == UCDP_COLUMNS
    assert tuple(airwars(OPEN)) == AIRWARS_COLUMNS
    assert tuple(hxl(OPEN)) == tuple(HXL_TAGS)
    assert tuple(flat([OPEN])[0]) == FLAT_COLUMNS


def test_who_did_it_is_suspected_until_they_accept_it():
    blamed = event(perpetrator="Russia")

    assert airwars(blamed)["belligerent_type"] == "Suspected"
    assert airwars(event(perpetrator="Russia", perpetrator_agreed=True))["belligerent_type"] == "Confirmed"
    assert airwars(UNKNOWN)["belligerent_type"] == ""


def test_a_part_is_not_taken_for_the_whole():
    """Two children killed, and nobody says how many in all: the toll is not known."""
    children = told("a", 2, "mayor", stated=at(9), population="children")
    elsewhere = told("b", 3, "mayor", stated=at(9), scope="UA80")

    assert airwars(event(children, elsewhere))["killed_min"] is None
    assert airwars(event(told("b", 3, "mayor", stated=at(9), scope="UA32")))["killed_min"] == 3
