"""Attacks: strikes whose windows overlap are one, and an alert is not an attack."""

from datetime import UTC
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bench.accuracy.waves import RESULT, measure
from tests.record.given import at
from tests.shared import shared
from tocsin.record.attacks import Strike, attacks, join
from tocsin.record.waves import Wave

KYIV = ZoneInfo("Europe/Kyiv")


def strike(row, since, until, model="Kalibr", to_the_minute=True, **more):
    """Return a strike by its hours."""
    return Strike(at(since), at(until), row, model, to_the_minute, **more)


def test_overlapping_windows_are_one_attack_and_touching_ones_are_two():
    one, other, third = strike(2, 1, 5), strike(3, 4, 8), strike(4, 8, 9)

    assert [(a.since, a.until) for a in attacks([third, other, one, other], UTC)] == [
        (at(1), at(8)),
        (at(8), at(9)),
    ]


def test_an_attack_is_called_by_its_beginning_in_the_time_of_the_country():
    assert attacks([strike(2, 1, 5)], KYIV)[0].id == "ATK-20240102T0300"


@pytest.mark.parametrize(
    "loose",
    [
        strike(3, 2, 9, model="Lancet"),
        strike(3, 0, 24, to_the_minute=False),
        strike(3, 0, 25),
    ],
    ids=["a drone of the front", "an end known to the day", "a window of 25 h"],
)
def test_what_does_not_link_is_attached_and_not_counted(loose):
    (one, other) = attacks([strike(2, 1, 3, launched=4), loose, strike(4, 5, 9, launched=7)], UTC)

    assert (one.attached, other.attached) == ((), (loose,))
    assert (one.launched, other.launched) == (4, 7)


def test_an_instant_lasts_a_minute():
    assert len(attacks([strike(2, 1, 1), strike(3, 1, 4)], UTC)) == 1


def test_a_count_that_nobody_gave_is_not_zero():
    (one,) = attacks([strike(2, 1, 3)], UTC)

    assert (one.launched, one.intercepted, one.complete) == (None, None, False)


def test_a_wave_belongs_to_the_attack_that_it_overlaps_most():
    given = attacks([strike(2, 1, 3), strike(3, 6, 9)], UTC)
    waves = [Wave(at(since), at(until), 9, ()) for since, until in ((2, 4), (4.5, 8), (9.5, 9.9), (12, 13))]
    joined = join(waves, given)

    assert joined.by_attack == {given[0].id: (waves[0],), given[1].id: (waves[1], waves[2])}
    assert joined.alone == (waves[3],)


def test_the_figures_of_the_full_tables_are_those_that_are_published():
    """Two waves of one night in 2024, 134 launched and 107 intercepted; 1,045 attacks and 1,363 waves."""
    shared("strikes/missile_attacks_daily.csv")
    got = measure()

    assert got == msgspec.json.decode(RESULT.read_bytes())
    assert (got["attacks"], got["waves"]) == (1045, 1363)
    night = got["days"]["ATK-20240101T2000"]
    assert (night["launched"], night["intercepted"]) == (134, 107)
    assert night["waves"] == [["00:26", "03:58", 12], ["05:54", "09:47", 24]]
    assert got["attacks_with_a_wave"]["3_regions"]["launched_50_or_more"] == [20, 20]
