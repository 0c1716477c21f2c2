"""Checks between figures of one incident: parts and totals (R9), intercepted and launched (R10).

A figure that fails is flagged, as is the one that it fails against; no number is changed.  Parts are compared
one by one and never added up: places lie in each other, and people are counted under several heads.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tocsin.record.kept import Figure, Key

PARTS, TALLY = "parts_mismatch", "tally_mismatch"


def checked(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Return figures in their order, with flags where two of them cannot both be right."""
    by_key = {Key(one.incident, one.measure, one.population, one.scope): one for one in figures}
    flags: dict[Key, set[tuple[str, str]]] = {}
    for key in by_key:
        for total, flag, rule in _bounds(key):
            if total in by_key and _exceeds(by_key[key], by_key[total]):
                flags.setdefault(key, set()).add((flag, rule))
                flags.setdefault(total, set()).add((flag, rule))
    return tuple(_flagged(one, flags.get(key, set())) for key, one in by_key.items())


def _bounds(key: Key) -> list[tuple[Key, str, str]]:
    """Return what a figure may not exceed, with the flag and the rule."""
    found = []
    if key.population:
        found.append((key._replace(population=""), PARTS, "R9"))
    if key.scope:
        found.append((key._replace(scope=""), PARTS, "R9"))
    if key.measure == "intercepted":
        found.append((key._replace(measure="launched"), TALLY, "R10"))
    return found


def _exceeds(part: Figure, total: Figure) -> bool:
    return part.low is not None and total.high is not None and part.low > total.high


def _flagged(one: Figure, found: set[tuple[str, str]]) -> Figure:
    if not found:
        return one
    flags = {flag for flag, _ in found} | set(one.flags)
    rules = {rule for _, rule in found} | set(one.rules)
    return msgspec.structs.replace(one, flags=tuple(sorted(flags)), rules=tuple(sorted(rules)))
