"""English numbers: "28", "150,000", "thirty-four", "two dozen", "1.5 thousand"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.record.grammar import Number
from tocsin.record.text import Token

_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
    if value
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}
_SMALL = _UNITS | _TENS
_FIGURES = re.compile(r"(\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+|\d+)(?:[.,](\d+))?$")


def number(words: Sequence[Token], place: int) -> Number | None:
    """Return the number that begins at a token, if one does."""
    norm = words[place].norm
    if norm[0].isdigit():
        return _figures(words, place)
    if norm in ("a", "couple") or norm in _SCALES:
        return _scaled_alone(words, place)
    value = _word(norm)
    return None if value is None else _go_on(words, place, value)


def _figures(words: Sequence[Token], place: int) -> Number | None:
    found = _FIGURES.match(words[place].norm)
    if not found:
        return None
    whole = int(re.sub(r"\D", "", found[1]))
    scale = _SCALES.get(words[place + 1].norm, 0) if place + 1 < len(words) else 0
    if found[2] is not None:
        return Number(round(float(f"{whole}.{found[2]}") * scale), place + 2) if scale >= 1000 else None
    return Number(whole * scale, place + 2) if scale else Number(whole, place + 1)


def _scaled_alone(words: Sequence[Token], place: int) -> Number | None:
    """Return "a dozen", "a hundred", "a couple of"."""
    first = place + 1 if words[place].norm == "a" else place
    if first >= len(words) or (first == place and words[first].norm not in ("dozen", "couple")):
        return None
    norm = words[first].norm
    if norm == "couple" and first + 1 < len(words) and words[first + 1].norm == "of":
        return Number(2, first + 2)
    return Number(_SCALES[norm], first + 1) if norm in _SCALES else None


def _word(norm: str) -> int | None:
    """Return the value of "thirty-four"."""
    parts = norm.split("-")
    values = [_SMALL.get(part) for part in parts]
    if len(parts) > 2 or None in values:
        return None
    if len(parts) == 2 and not (parts[0] in _TENS and parts[1] in _UNITS):
        return None
    return sum(value for value in values if value is not None)


def _go_on(words: Sequence[Token], place: int, value: int) -> Number:
    """Return the number with what follows: "two hundred and fifty thousand"."""
    last, total = place + 1, 0
    while last < len(words):
        norm = words[last].norm
        if norm in _SCALES:
            value *= _SCALES[norm]
            last += 1
            if value >= 1000:
                total, value = total + value, 0
        elif (small := _word(norm)) is not None and value % 100 == 0:
            value, last = value + small, last + 1
        elif (
            norm == "and"
            and value
            and value % 100 == 0
            and last + 1 < len(words)
            and _word(words[last + 1].norm)
        ):
            last += 1
        else:
            break
    return Number(total + value, last)
