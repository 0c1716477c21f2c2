"""A table of strikes: every row is read, or says what is wrong with it; an empty number is not zero."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.shared import shared
from tocsin.errors import SourceGarbled
from tocsin.record.attacks import Strike
from tocsin.sources.strikes_csv import decode

KYIV = ZoneInfo("Europe/Kyiv")
HEADER = "time_start,time_end,model,launched,destroyed,not_reach_goal,border_crossing"


def read(*rows, header=HEADER):
    """Return what a table gives."""
    return list(decode([header + "\n", *(row + "\n" for row in rows)], KYIV))


def test_a_row_is_a_strike_in_utc():
    (row,) = read("2024-01-01 20:00,2024-01-02 08:00,Shahed-136/131,35.0,35,,{}")

    assert row == Strike(
        datetime(2024, 1, 1, 18, tzinfo=UTC),
        datetime(2024, 1, 2, 6, tzinfo=UTC),
        2,
        "Shahed-136/131",
        True,
        launched=35,
        intercepted=35,
    )


def test_an_end_to_the_day_is_the_midnight_after_it():
    (row,) = read("2024-01-02,2024-01-02,ZALA,1,1,,")

    assert (row.until, row.to_the_minute) == (datetime(2024, 1, 2, 22, tzinfo=UTC), False)


def test_those_that_crossed_a_border_are_counted_together():
    (row,) = read("""2024-01-02,2024-01-02,ZALA,,1,,"{'russia': 1.0, 'belarus': 2.0}\"""")

    assert (row.crossed, row.launched) == (3, None)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("soon,2024-01-02,ZALA,1,1,,", "time_start"),
        ("2024-01-02 09:00,2024-01-02 08:00,ZALA,1,1,,", "time_end"),
        ("2024-01-02,2024-01-02,,1,1,,", "model"),
        ("2024-01-02,2024-01-02,ZALA,many,1,,", "launched"),
        ("2024-01-02,2024-01-02,ZALA,1,-1,,", "destroyed"),
        ("2024-01-02,2024-01-02,ZALA,1,inf,,", "destroyed"),
        ("2024-01-02,2024-01-02,ZALA,1,1,,__import__('os')", "border_crossing"),
        ("2024-01-02", "time_end"),
    ],
)
def test_a_row_that_cannot_be_read_says_why_and_spoils_no_other(row, field):
    good = "2024-01-02,2024-01-02,ZALA,1,1,,"
    before, error, after = read(good, row, good)

    assert isinstance(before, Strike) and isinstance(after, Strike)
    assert (error.values["row"], error.values["field"]) == (3, field)


def test_a_table_of_something_else_is_refused():
    (error,) = read("a,b", header="region,started_at")

    assert "time_start" in str(error)


def test_the_shared_table_is_read_whole():
    with shared("strikes/missile_attacks_daily.csv").open(encoding="utf-8", newline="") as file:
        rows = list(decode(file, KYIV))

    assert [row for row in rows if isinstance(row, SourceGarbled)] == []
    assert len(rows) == 3468
