"""Places: the area that a place in a text is, where that is certain.

1.  A name is compared by its stem, so that "Києві", "Києва" and "Київ" are one.
2.  A word such as *oblast* or *district* says the level; without it a name is a city's, not its oblast's.
3.  Of names that lie in one another the finest is meant: "Bucha in the Kyiv region".
4.  Where several areas fit, or several are named, there is no area: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.model import AreaId

_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_OWNER = re.compile(r"['’]s\b")
_OFFICE = re.compile(
    r"\b(\w+ськ)(?:а|ої|ій|у|ою) (?:ОВА|ОДА|обласн\w+(?: військов\w+)? адміністраці\w+)", re.IGNORECASE
)
_LAND = re.compile(r"(\w+?)(?:щ|чч)ин(?:а|и|і|у|ою)?$")  # "Одещина" is Одеська область
_ADJECTIVE = re.compile(r"(?:цьк|ськ)(?:а|ий|ого|ому|ої|ій|у|ою|их|им|ими)?$")
_VOWELS = "аеєиіїоуюяьйaeiouy'"
_CASE = re.compile(r"(?<=\w{3})(?:ого|ому|ими|ами|ями|ої|ій|ою|ею|єю|их|им|ий|ах|ях|ам|ям|ом|ем|єм)$")
_LAST = str.maketrans("кгх", "цзс")  # "шостка", "шостці"; "ріг", "розі"
_FLEETING = re.compile(r"[оеє](ц)$")  # "марганець", "марганці"
_REMEMBERED = 4_000  # places looked up
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
        self._found: dict[str, Place] = {}  # the claims of a post ask for the same few places
        self._lands: dict[str, AreaId] = {}  # "одес", "нікополь" -> the oblast or raion called after it
        for area in areas:
            for name in area.names.values():
                self._add(area.id, area.level, _WORD.findall(name.casefold()))
        for spelling in areas.spellings:
            if spelling.within is None:  # everywhere: "Волинь"
                self._add(spelling.area, areas[spelling.area].level, _WORD.findall(spelling.text.casefold()))

    def _add(self, area: AreaId, level: str, words: list[str]) -> None:
        key = self._key(words)
        if not key:
            return
        if any(word in self._levels for word in words):
            self._kinds.setdefault((level, key), set()).add(area)
        else:
            self._plain.setdefault(key, set()).add(area)
        if level in ("oblast", "raion") and _ADJECTIVE.search(words[0]):
            land = _ADJECTIVE.sub("", words[0])
            if level == "oblast":
                self._lands[land] = area
            else:
                self._lands.setdefault(land, area)  # "Нікопольщина" is a raion

    def _key(self, words: Iterable[str]) -> str:
        return " ".join(stem(word) for word in words if self._level(word) is None and word not in self._city)

    def find(self, words: str) -> Place:
        """Return the area of a place as written."""
        known = self._found.get(words)
        if known is None:
            if len(self._found) > _REMEMBERED:  # a text of nothing but new places must not fill the memory
                self._found.clear()
            known = self._found[words] = self._find(words)
        return known

    def _find(self, words: str) -> Place:
        named = _WORD.findall(_OWNER.sub("", words.casefold()))
        levels = [self._level(word) for word in named]
        found: list[set[AreaId]] = []
        place = 0
        while place < len(named):
            for length in range(min(_LONGEST, len(named) - place), 0, -1):
                after = next((level for level in levels[place:] if level), None)
                fits = self._fits(named[place : place + length], after)
                if fits:
                    found.append(fits)
                    place += length - 1
                    break
            place += 1
        return self._together(self._certain(found))

    def name(self, area: AreaId, language: str) -> str:
        """Return what an area is called, without the letter that says that it is a town."""
        return re.sub(r"^м\. ", "", self._areas[area].names.get(language, ""))

    def seat(self, office: str) -> AreaId | None:
        """Return the area that an office is of: "the governor of the Kyiv region"; never a country.

        A person may be called as a town is, Володимир: so only of an office that names nobody.
        """
        office = _OFFICE.sub(r"\1 область", office)
        found = self.find(office)
        if found.area is None or found.precision == "country" or " " not in office:
            return None
        names = self._areas[found.area].names.values()
        known = {stem(word) for name in names for word in _WORD.findall(name.casefold())}
        called = {stem(w.casefold()) for w in _WORD.findall(_OWNER.sub("", office))[1:] if w[:1].isupper()}
        return found.area if called <= known else None

    def inside(self, area: AreaId, other: AreaId) -> bool:
        """Say whether an area is another, or lies in it."""
        return other in self._areas.chain(area)

    def plain_name(self, words: str, language: str) -> str | None:
        """Return the name of a town that the words name and nothing else: "по Харкову" is "Харків"."""
        called = [w for w in _WORD.findall(words) if len(w) > 3 or w[:1].isupper()]
        area = self.find(words).area
        if area is None or not all(w[:1].isupper() for w in called) or _LAND.match(called[-1].casefold()):
            return None
        return self.name(area, language) if self._areas[area].parent else None

    def _certain(self, found: list[set[AreaId]]) -> list[AreaId]:
        """Return the areas that are meant; of several with one name that in an area named beside it.

        Else it is the town that an oblast is called after: Миколаїв, not the one in another oblast.
        """
        sure = [next(iter(fits)) for fits in found if len(fits) == 1]
        for fits in found:
            if len(fits) > 1:
                inside = {one for one in fits if any(a in self._areas.chain(one) for a in sure)}
                fits = inside or {one for one in fits if self._namesake(one)}
                sure += fits if len(fits) == 1 else ()
        return sure

    def _namesake(self, area: AreaId) -> bool:
        """Say whether the oblast of a town is called after it."""
        land = self._lands.get(self.name(area, "uk").casefold())
        return land is not None and land in self._areas.chain(area) and self._areas[land].level == "oblast"

    def _level(self, word: str) -> str | None:
        return self._levels.get(word) or self._stems.get(stem(word))

    def _fits(self, words: list[str], level: str | None) -> set[AreaId]:
        land = _LAND.match(words[0]) if len(words) == 1 else None
        if land:
            return {self._lands[land[1]]} if land[1] in self._lands else set()
        key = self._key(words)
        at_level = self._kinds.get((level, key), set()) if level else set()
        fits = at_level or self._plain.get(key, set())
        if not at_level and len(fits) > 1:  # a city and the community around it
            fits = {area for area in fits if self._areas[area].level != "hromada"} or fits
        return fits

    def _together(self, found: list[AreaId]) -> Place:
        finest = [
            a for a in dict.fromkeys(found) if not any(a != b and a in self._areas.chain(b) for b in found)
        ]
        if len(finest) == 1:
            return Place(finest[0], self._areas[finest[0]].level)
        return SEVERAL if finest else NOWHERE


def stem(word: str) -> str:
    """Return a word without its ending and with one letter for those that change in Ukrainian.

    "києві", "києвом" and "київ" are one; so are "шостці" and "шостка", "розі" and "ріг", "марганці" and
    "марганець".
    """
    return "-".join(_stem(part) for part in word.replace("’", "'").replace("ʼ", "'").split("-"))


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    word = _CASE.sub("", word)
    while len(word) > 3 and word[-1] in _VOWELS:
        word = word[:-1]
    word = _FLEETING.sub(r"\1", word[:-1] + word[-1:].translate(_LAST))
    return re.sub(r"[іїєоеи](?=[^аеєиіїоуюя]+$)", "*", word)
