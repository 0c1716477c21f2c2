"""Checks on sums: do the parts fit the total (rule R9), and does the tally add up (R10)?

What is computed here is a check and is never published as a figure: launched minus intercepted says how
much nobody accounts for, not how much hit.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tocsin.record.intervals import Interval


class Parts(Struct, frozen=True):
    """Whether parts fit a total."""

    sum_low: int
    sum_high: int | None  # None: open
    consistent: bool
    residual: int | None  # what the total leaves; None where it cannot be said
    flags: tuple[str, ...] = ()


def parts(
    total: Interval | None, given: Sequence[Interval], *, exhaustive: bool, of_which: bool = False
) -> Parts:
    """Return whether parts fit a total (R9).

    Args:
        total: What is said of the whole; None: nothing.
        given: What is said of the parts: places or weapons that do not overlap.
        exhaustive: Whether the parts are all there are, by one origin.
        of_which: Whether they are subsets by trait ("two of them children"): others may have the trait too.
    """
    low = sum(part.low for part in given)
    highs = [part.high for part in given]
    high = None if of_which else sum_open(highs)
    if total is None:
        return Parts(low, high, True, None)
    fits = total.high is None or low <= total.high
    if exhaustive:
        fits = fits and not Interval(low, None, high).disjoint(total)
    exact = total.low == total.high and low == high
    residual = total.low - low if exhaustive and exact else None
    return Parts(low, high, fits, residual, () if fits else ("parts_mismatch",))


def sum_open(highs: Sequence[int | None]) -> int | None:
    """Return the sum of upper bounds; None (open) if one is open."""
    closed = [high for high in highs if high is not None]
    return sum(closed) if len(closed) == len(highs) else None


class Tally(Struct, frozen=True):
    """What became of what was launched; None: not said."""

    launched: int
    intercepted: int | None = None
    lost: int | None = None  # did not reach its target, and was not shot down
    flying: int | None = None
    crossed: int | None = None  # the border
    hits: int | None = None


class TallyCheck(Struct, frozen=True):
    """Whether a tally adds up."""

    valid: bool
    remainder: int  # what nobody accounts for; below 0 the tally has an error
    hits_exceed: bool | None  # more hits than remain; None: hits are not said


def check(tally: Tally) -> TallyCheck:
    """Return whether a tally adds up (R10)."""
    known = (tally.intercepted, tally.lost, tally.flying, tally.crossed)
    remainder = tally.launched - sum(number for number in known if number is not None)
    exceed = None if tally.hits is None else tally.hits > remainder
    return TallyCheck(remainder >= 0 and not exceed, remainder, exceed)
