"""Places: the area that a place in a text is, where that is certain.

1.  A name is compared by its stem, so that "Києві", "Києва" and "Київ" are one.
2.  A word such as *oblast* or *district* says the level; without it a name is a city's, not its oblast's.
3.  Of names that lie in one another the finest is meant: "Bucha in the Kyiv region".
4.  Where several areas fit, or several are named, there is no area: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.model import AreaId

_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_OWNER = re.compile(r"['’]s\b")
_LAND = re.compile(r"(\w+?)(?:щ|чч)ин(?:а|и|і|у|ою)?$")  # "Одещина" is Одеська область
_ADJECTIVE = re.compile(r"(?:цьк|ськ)(?:а|ої|ій|у|ою|их|им|ими)?$")
_VOWELS = "аеєиіїоуюяьйaeiouy'"
_LONGEST = 3  # words of a name


class Place(NamedTuple):
    """An area and its level; no area where it is not certain which."""

    area: AreaId | None
    precision: str  # a level of the country, "several", or "unknown"


NOWHERE = Place(None, "unknown")
SEVERAL = Place(None, "several")


class Gazetteer:
    """The places of a country, by stem.

    Args:
        areas: The country's areas.
        levels: Words that say a level: ``{"oblast": "oblast", "region": "oblast", "район": "raion"}``.
        city: Words that say that a place is a city.
    """

    def __init__(self, areas: Areas, *, levels: Mapping[str, str], city: Collection[str]) -> None:
        self._areas = areas
        self._levels = levels
        self._stems = {stem(name): level for name, level in levels.items()}
        self._city = frozenset(city)
        self._plain: dict[str, set[AreaId]] = {}  # names without a word for the level: cities
        self._kinds: dict[tuple[str, str], set[AreaId]] = {}  # (level, name)
        self._lands: dict[str, AreaId] = {}
        for area in areas:
            for name in area.names.values():
                self._add(area.id, area.level, _WORD.findall(name.casefold()))

    def _add(self, area: AreaId, level: str, words: list[str]) -> None:
        key = self._key(words)
        if not key:
            return
        if any(word in self._levels for word in words):
            self._kinds.setdefault((level, key), set()).add(area)
        else:
            self._plain.setdefault(key, set()).add(area)
        if level == "oblast" and _ADJECTIVE.search(words[0]):
            self._lands[_ADJECTIVE.sub("", words[0])] = area

    def _key(self, words: Iterable[str]) -> str:
        return " ".join(stem(word) for word in words if self._level(word) is None and word not in self._city)

    def find(self, words: str) -> Place:
        """Return the area of a place as written."""
        named = _WORD.findall(_OWNER.sub("", words.casefold()))
        levels = [self._level(word) for word in named]
        found: list[AreaId] = []
        place = 0
        while place < len(named):
            for length in range(min(_LONGEST, len(named) - place), 0, -1):
                after = next((level for level in levels[place:] if level), None)
                area = self._one(named[place : place + length], after)
                if area is not None:
                    found.append(area)
                    place += length - 1
                    break
            place += 1
        return self._together(found)

    def _level(self, word: str) -> str | None:
        return self._levels.get(word) or self._stems.get(stem(word))

    def _one(self, words: list[str], level: str | None) -> AreaId | None:
        land = _LAND.match(words[0]) if len(words) == 1 else None
        if land:
            return self._lands.get(land[1])
        key = self._key(words)
        at_level = self._kinds.get((level, key), set()) if level else set()
        fits = at_level or self._plain.get(key, set())
        if not at_level and len(fits) > 1:  # a city and the community around it
            fits = {area for area in fits if self._areas[area].level != "hromada"} or fits
        return next(iter(fits)) if len(fits) == 1 else None

    def _together(self, found: list[AreaId]) -> Place:
        finest = [
            a for a in dict.fromkeys(found) if not any(a != b and a in self._areas.chain(b) for b in found)
        ]
        if len(finest) == 1:
            return Place(finest[0], self._areas[finest[0]].level)
        return SEVERAL if finest else NOWHERE


def stem(word: str) -> str:
    """Return a word without its ending, and without the vowel that changes: "києві" and "київ" are one."""
    word = word.replace("’", "'").replace("ʼ", "'")
    word = re.sub(r"([сц]ьк)(?:ого|ому|ої|ій|ою|ими|их|им|ий)$", r"\1", word)
    while len(word) > 3 and word[-1] in _VOWELS:
        word = word[:-1]
    return re.sub(r"[іїєоеи](?=[^аеєиіїоуюя]+$)", "*", word)
