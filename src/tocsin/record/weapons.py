"""Weapons: which models a weapon as written is, by the names that the public table of strikes uses.

Letters that look alike in Latin and Cyrillic are one, so "Х-101", "X-101" and "Kh-101" are.  A phrase
may name two models ("Іскандер-М/С-400": nobody knows which it was); then it is both.
"""

from __future__ import annotations

import re

_LATIN = str.maketrans("хксрмаеоі", "xkcpmaeoi")
_NAMED = (
    (r"iskander\w*\W*k\b|іскандер\w*\W*к\b", "Iskander-K"),
    (r"iskander\w*(?!\W*k\b)|іскандер\w*(?!\W*к\b)|kn-?23", "Iskander-M"),
    (r"kinzhal|кинджал|x-?47", "X-47 Kinzhal"),
    (r"kalibr|калібр", "Kalibr"),
    (r"onik|onyx|онікс|p-?800", "P-800 Oniks"),
    (r"zircon|tsirkon|циркон|3m22", "3M22 Zircon"),
    (r"x-?31\s?[pп]", "X-31P"),
    (r"(?:c|s)-?300", "C-300"),
    (r"(?:c|s)-?400|/400", "C-400"),
    (r"banderol|бандерол", "Banderol"),
    (r"lancet|ланцет", "Lancet"),
    (r"orlan|орлан", "Orlan-10"),
    (r"supercam|суперкам", "Supercam"),
    (r"\bzala\b|зала", "ZALA"),
    (r"reconn|розвід", "Reconnaissance UAV"),
    (r"\bbombs?\b|бомб|\bкаб|\bkab", "Aerial Bomb"),
)
_SERIES = re.compile(
    r"x-?(22|31|32|35|55|555|59|69|101)(?!\s?[pп\d])(?:\s*/\s*(?:x-?)?(22|32|55|555|59|69|101))?"
)
_KINDS = (  # only where no model is named
    (r"target|ціл|засоб|об'єкт|objects", "targets"),
    (
        r"drone|uav|unmanned|aerial vehicle|shahed|geran|дрон|бпла|безпілот|шахед|гербер|камікадзе",
        "Shahed-136/131",
    ),
    (r"missile|rocket|ракет", "missiles"),
)


def _both(words: str) -> tuple[str, str]:
    plain = re.sub(r"\bkh-", "x-", words.casefold().replace("’", "'").replace("ʼ", "'"))
    return plain, plain.translate(_LATIN)


def models(words: str) -> frozenset[str]:
    """Return the models that a weapon as written may be; empty where the words name no weapon.

    Where no model is named, a drone is a Shahed, as in the table of strikes; the rest are "missiles" or
    "targets".
    """
    both = _both(words)
    found = {name for rule, name in _NAMED if any(re.search(rule, one) for one in both)}
    for series in _SERIES.finditer(both[1]):
        found.update(f"X-{number}" for number in series.groups() if number)
    if found:
        return frozenset(found)
    kind = next((name for rule, name in _KINDS if any(re.search(rule, one) for one in both)), None)
    return frozenset((kind,)) if kind else frozenset()
