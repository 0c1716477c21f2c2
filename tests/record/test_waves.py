"""Waves: many regions beyond the front at once, found while it happens as afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record.given import at
from tocsin.record.waves import Alerted, Tracker, Wave, unions, waves

MINUTE = timedelta(minutes=1)
APART = 5 * MINUTE
KYIV, LVIV, ODESA, RIVNE, KHARKIV = "UA80", "UA46", "UA51", "UA56", "UA63"


def under(area, since, until):
    """Return an alert by its hours."""
    return Alerted(at(since), at(until), area)


def test_three_regions_at_once_are_a_wave_and_two_are_none():
    assert waves([under(KYIV, 1, 4), under(LVIV, 2, 5)]) == []
    assert waves([under(KYIV, 1, 4), under(LVIV, 2, 5), under(ODESA, 3, 6)]) == [
        Wave(at(3), at(4), 3, (LVIV, ODESA, KYIV))
    ]


def test_a_region_at_the_front_makes_no_wave_and_counts_in_its_peak():
    two = [under(KYIV, 1, 4), under(LVIV, 1, 4), under(KHARKIV, 0, 9)]

    assert waves(two) == []
    assert waves([*two, under(ODESA, 2, 4)])[0].peak == 4


def test_alerts_that_only_touch_are_not_at_once():
    assert waves([under(KYIV, 1, 3), under(LVIV, 1, 3), under(ODESA, 3, 5)]) == []


def test_two_alerts_of_one_region_are_one_region():
    assert waves([under(KYIV, 1, 4), under(KYIV, 2, 5), under(LVIV, 1, 5)]) == []
    assert unions([under(KYIV, 1, 4), under(KYIV, 2, 5)]) == [under(KYIV, 1, 5)]


@pytest.mark.parametrize(("gap", "number"), [(0.5, 1), (0.51, 2)])
def test_waves_half_an_hour_apart_are_one(gap, number):
    first = [under(area, 1, 2) for area in (KYIV, LVIV, ODESA)]
    second = [under(area, 2 + gap, 4) for area in (KYIV, LVIV, RIVNE)]

    assert len(waves(first + second)) == number


def test_a_tracker_hears_in_order_of_time():
    tracker = Tracker()
    tracker.hear(at(2), KYIV, True)

    with pytest.raises(ValueError, match="in order"):
        tracker.hear(at(1), LVIV, True)


ALERTS = st.lists(
    st.builds(
        lambda area, since, long: Alerted(at() + since * MINUTE, at() + (since + long) * MINUTE, area),
        st.sampled_from([KYIV, LVIV, ODESA, RIVNE, KHARKIV]),
        st.integers(0, 90),
        st.integers(0, 40),
    ),
    max_size=12,
)


def by_the_minute(alerts):
    """Return the waves as a person would count them: minute by minute."""
    found: list[list[Any]] = []
    for minute in range(140):
        now = at() + minute * MINUTE
        raised = {alert.area for alert in alerts if alert.since <= now < alert.until}
        if len(raised - {KHARKIV}) < 3:
            continue
        if found and now - found[-1][1] <= APART:
            found[-1][1:] = [now + MINUTE, max(found[-1][2], len(raised)), found[-1][3] | raised]
        else:
            found.append([now, now + MINUTE, len(raised), raised])
    return [Wave(since, until, peak, tuple(sorted(areas))) for since, until, peak, areas in found]


@settings(max_examples=200, deadline=None)
@given(ALERTS, st.randoms(use_true_random=False))
def test_waves_are_those_that_are_counted_minute_by_minute(alerts, shuffle):
    """In any order, with duplicates, and also while they come in."""
    mixed = [*alerts, *alerts[:3]]
    shuffle.shuffle(mixed)
    expected = by_the_minute(alerts)

    assert expected == waves(mixed, apart=APART)

    tracker = Tracker(apart=APART)
    for minute in range(140):
        now = at() + minute * MINUTE
        for area in (KYIV, LVIV, ODESA, RIVNE, KHARKIV):
            tracker.hear(now, area, any(a.area == area and a.since <= now < a.until for a in alerts))
        tracker.waves(now)
    assert expected == tracker.waves(at() + 140 * MINUTE)
