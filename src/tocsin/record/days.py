"""Days: which year a date without one is of."""

from __future__ import annotations

from datetime import date, timedelta


def resolve(day: int, month: int, year: int | None, published: date | None) -> date | None:
    """Return a date; without a year the last such day that is not after the publication.

    Args:
        day: Of the month.
        month: 1 to 12.
        year: None where the text does not say it.
        published: The day of publication; None where it is not known.

    Returns:
        The date; None where there is no such day, or no way to know the year.
    """
    if year is None and published is None:
        return None
    try:
        if year is not None:
            return date(year, month, day)
        assert published is not None
        found = date(published.year, month, day)
        # A day just ahead is a slip or another time zone, not last year's.
        return found if found <= published + timedelta(days=2) else found.replace(year=published.year - 1)
    except ValueError:
        return None


def same_month(year: int, month: int | None, published: date | None) -> bool:
    """Say whether a month (None: a whole year) is that of the publication."""
    return published is not None and (year, month or published.month) == (published.year, published.month)
