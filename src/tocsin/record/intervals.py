"""From words to an interval (rule R0): what a count says at least, best and at most.

    n, all n        [n, n]                  about n         [0.9 n, 1.1 n], best n
    at least n      [n, open)               more than n     [n + 1, open)
    at most n       [0, n], no best         fewer than n    [0, n - 1], no best
    n to m          [n, m], no best         none            [0, 0]
    tens 10, dozens 12, scores 20, hundreds 100, thousands 1,000, several and some 2: from there on, no best

A word without a number and without a place in this list gives nothing: unknown is no number.
"""

from __future__ import annotations

import re

from msgspec import Struct

from tocsin.record.claims import Claim, Polarity, Qualifier

# Lower bounds of words, as ACLED codes tens, dozens and hundreds.  One alternative a language.
_VAGUE = (
    (re.compile(r"\bthousands\b|\bтисяч[іи]?\b", re.I), 1000),
    (re.compile(r"\bhundreds\b|\bсотн(?:і|ями|ях)\b", re.I), 100),
    (re.compile(r"\bscores\b", re.I), 20),
    (re.compile(r"\bdozens\b", re.I), 12),
    (re.compile(r"\btens\b|\bдесятк(?:и|ів|ами|ах)\b", re.I), 10),
)
_SEVERAL = 2
_MORE = re.compile(r"\bmore than\b|\bover\b|\bпонад\b|\bбільше?\s+(?:ніж|як|за)\b", re.I)
_FEWER = re.compile(r"\b(?:fewer|less) than\b|\bменше?\s+(?:ніж|як|за)\b", re.I)
_RANGE = re.compile(r"(?<![\d.,])(\d{1,7})\s?(?:-|–|—|\bto\b|\bдо\b)\s?(\d{1,7})(?![\d.,])")


class Interval(Struct, frozen=True):
    """At least `low`, at most `high` (None: nobody says), most likely `best` (None: nobody says)."""

    low: int
    best: int | None
    high: int | None

    def disjoint(self, other: Interval) -> bool:
        """Return whether no number lies in both."""
        return (self.high is not None and self.high < other.low) or (
            other.high is not None and other.high < self.low
        )


def interval(count: int | None, qualifier: Qualifier, words: str = "") -> Interval | None:
    """Return what a count says, or None where it says no number.

    Args:
        count: The number that was read; None where the words have none.
        qualifier: How it is to be taken.
        words: The words themselves, which tell "more than" from "at least", and "dozens" from "several".
    """
    if count is None:
        return _vague(words) if qualifier is Qualifier.SEVERAL else None
    if count < 0:
        return None
    if qualifier is Qualifier.NONE:
        return Interval(0, 0, 0) if count == 0 else None
    if qualifier is Qualifier.AT_LEAST:
        low = count + 1 if _MORE.search(words) else count
        return Interval(low, low, None)
    if qualifier is Qualifier.AT_MOST:
        return Interval(0, None, max(0, count - 1) if _FEWER.search(words) else count)
    if qualifier is Qualifier.ABOUT:
        return Interval(9 * count // 10, count, -(-11 * count // 10))  # outward: never narrower than 10 %
    if qualifier is Qualifier.SEVERAL:
        return Interval(count, None, None)
    if qualifier is Qualifier.UNKNOWN:
        return None
    return _exact(count, words)


def _exact(count: int, words: str) -> Interval:
    ends = _RANGE.search(words)
    if ends and int(ends[1]) < int(ends[2]) and count in (int(ends[1]), int(ends[2])):
        return Interval(int(ends[1]), None, int(ends[2]))
    return Interval(count, count, count)


def _vague(words: str) -> Interval:
    low = next((number for pattern, number in _VAGUE if pattern.search(words)), _SEVERAL)
    return Interval(low, None, None)


def said(claim: Claim) -> Interval | None:
    """Return what a claim says as a number; None where it says none, or does not say it as so.

    "No casualties" is a number, 0; "casualties are not known yet" and a denial of a count are none.
    """
    if claim.polarity in (Polarity.UNCONFIRMED, Polarity.NONE_REPORTED):
        return None
    if claim.polarity is Polarity.DENIED and claim.count_qualifier is not Qualifier.NONE:
        return None
    return interval(claim.count, claim.count_qualifier, claim.text_span)
