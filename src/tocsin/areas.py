"""Areas: which lies in which, what they are called, and what other systems call them.

A country is a tree with one root.  Its areas come in levels, largest first
(country, oblast, raion, hromada, city), and keep the order of their file.
The *board level* is the one that the public board always shows.

A name may belong to several areas.  `Areas.find` decides in this order:

1.  Only areas of the level that was asked for, and that lie in all that was named around it.
2.  A spelling that a feed is known to use inside a named area goes before the official names.
3.  Of areas that lie in one another (a city and its hromada) the largest is meant: to warn
    too many is the smaller error.
4.  What is still ambiguous is refused, with the candidates.  Nothing is guessed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import NamedTuple

from msgspec import Struct

from tocsin.errors import ConfigError, UnknownArea
from tocsin.model import AreaId, Threat

_APOSTROPHES = str.maketrans("", "", "'’ʼ‘`´ʹ′\u02ee\uff07")  # feeds mix them freely: Кам’янське, Кам'янське
_DASHES = str.maketrans("‐‑‒–—−", "------")
_SHOWN = 60  # characters of a wrong name that a message repeats


class Area(Struct, frozen=True):
    """One area of a country."""

    id: AreaId
    level: str
    parent: AreaId | None  # None: the root
    names: dict[str, str]  # language -> name: {"uk": "м. Київ", "en": "Kyiv"}
    codes: dict[str, str]  # system -> its code: {"iso_3166_2": "UA-30", "ukrainealarm": "31"}


class Spelling(NamedTuple):
    """What some feed calls an area.

    ``within``: inside that area this spelling means this one, whoever else has the name officially.
    """

    area: AreaId
    text: str
    within: AreaId | None = None


class Standing(Struct, frozen=True):
    """A raise that has stood for years and that no feed repeats; the pack raises it."""

    area: AreaId
    threat: Threat
    since: datetime
    why: str  # one sentence


class Country(Struct, frozen=True):
    """One country pack, loaded."""

    code: str  # "ua"
    name: dict[str, str]  # language -> name
    areas: Areas
    standing: tuple[Standing, ...]
    tiles: dict[AreaId, tuple[int, int]]  # area -> (column, row) of its equal tile, from 0 at the top left
    timezone: str  # IANA name: "Europe/Kyiv"


class Areas:
    """The tree of a country's areas.

    Args:
        areas: In order; a parent stands before its children.
        levels: Largest first.
        board_level: The level that the public board always shows.
        whole: The levels whose areas together make up their parent.
        spellings: What else the areas are called.
        drop: Words that may be left out of a name: "м." of "м. Київ".

    Raises:
        ConfigError: It is no tree with one root, or a level is unknown or out of order.
    """

    def __init__(
        self,
        areas: Iterable[Area],
        *,
        levels: Sequence[str],
        board_level: str,
        whole: Iterable[str] = (),
        spellings: Iterable[Spelling] = (),
        drop: Iterable[str] = (),
    ) -> None:
        self.levels = tuple(levels)
        self._whole_levels = frozenset(whole)
        self.spellings = tuple(spellings)
        self._drop = frozenset(word.casefold() for word in drop)
        self._areas: dict[AreaId, Area] = {}
        self._chains: dict[AreaId, tuple[AreaId, ...]] = {}
        self._children: dict[AreaId, tuple[AreaId, ...]] = {}
        self._below: dict[AreaId, tuple[AreaId, ...]] = {}
        self._index: dict[str, dict[AreaId, AreaId | None]] | None = None  # made by the first `find`
        self._grow(areas)
        self._whole = {
            parent: tuple(child for child in children if self._areas[child].level in self._whole_levels)
            for parent, children in self._children.items()
        }
        for level in (board_level, *self._whole_levels):
            if level not in self.levels:
                raise ConfigError(
                    f"areas: there is no level {level!r}", todo=f"the levels are {', '.join(self.levels)}"
                )
        self.board = tuple(area.id for area in self._areas.values() if area.level == board_level)
        for spelling in self.spellings:
            self.chain(spelling.area)

    def _grow(self, areas: Iterable[Area]) -> None:
        rank = {level: number for number, level in enumerate(self.levels)}
        children: dict[AreaId, list[AreaId]] = {}
        below: dict[AreaId, list[AreaId]] = {}
        for area in areas:
            self._check(area, rank)
            above = () if area.parent is None else self._chains[area.parent]
            self._areas[area.id] = area
            self._chains[area.id] = (area.id, *above)
            if area.parent is not None:
                children.setdefault(area.parent, []).append(area.id)
            for one in above:
                below.setdefault(one, []).append(area.id)
        if not self._areas:
            raise ConfigError("areas: there are none", todo="a country has at least its root")
        self.root = next(iter(self._areas))
        self._children = {parent: tuple(ids) for parent, ids in children.items()}
        self._below = {parent: tuple(ids) for parent, ids in below.items()}

    def _check(self, area: Area, rank: dict[str, int]) -> None:
        if area.id in self._areas:
            raise ConfigError(f"areas: {area.id} stands there twice", todo="give each area a code of its own")
        if area.level not in rank:
            raise ConfigError(
                f"areas: {area.id} has the level {area.level!r}",
                todo=f"the levels are {', '.join(self.levels)}",
            )
        if area.parent is None:
            if self._areas:
                root = next(iter(self._areas))
                raise ConfigError(
                    f"areas: {area.id} has no parent, and {root} is the root already", todo="name its parent"
                )
            return
        parent = self._areas.get(area.parent)
        if parent is None:
            raise ConfigError(
                f"areas: {area.id} lies in {area.parent}, which does not stand before it",
                todo="add the parent, or move it up",
            )
        if rank[parent.level] >= rank[area.level]:
            raise ConfigError(
                f"areas: {area.id} ({area.level}) lies in {parent.id} ({parent.level})",
                todo=f"an area lies in one of a larger level: {', '.join(self.levels)}",
            )

    def __getitem__(self, area: str) -> Area:
        """Return the area with this code.

        Raises:
            UnknownArea: There is none; the message names the nearest codes.
        """
        try:
            return self._areas[AreaId(area)]
        except KeyError:
            raise self._unknown(area) from None

    def __contains__(self, area: object) -> bool:
        return area in self._areas

    def __iter__(self) -> Iterator[Area]:
        return iter(self._areas.values())

    def __len__(self) -> int:
        return len(self._areas)

    def chain(self, area: str) -> tuple[AreaId, ...]:
        """Return the area itself, then all that it lies in, up to the root."""
        try:
            return self._chains[AreaId(area)]
        except KeyError:
            raise self._unknown(area) from None

    def up_to_board(self, area: str) -> tuple[AreaId, ...]:
        """Return the area and those around it that it may follow, up to the board level."""
        chain = self.chain(area)
        board = next((place for place, one in enumerate(chain) if one in self.board), 0)
        return chain[: board + 1]

    def children(self, area: str) -> tuple[AreaId, ...]:
        """Return the areas directly below, in the order of the file."""
        return self._children.get(self[area].id, ())

    def below(self, area: str) -> tuple[AreaId, ...]:
        """Return every area that lies in this one, in the order of the file, without itself."""
        return self._below.get(self[area].id, ())

    def whole_children(self, area: str) -> tuple[AreaId, ...]:
        """Return the children that together make up the area; none when they do not.

        The cities of a hromada leave its villages out, so they say nothing about the whole.
        """
        return self._whole.get(self[area].id, ())

    def name(self, area: str, lang: str) -> str:
        """Return the area's name in a language, else in any, else its code."""
        names = self[area].names
        return names.get(lang) or next(filter(None, names.values()), area)

    def find(self, text: str, *, level: str | None = None, within: str | Sequence[str] = ()) -> AreaId:
        """Return the area that has this code or name.

        Args:
            text: A code of ours, an official code, or a name in any spelling known.
                Case, apostrophes and the kind of dash do not matter.
            level: The level that it must have.  Default: any.
            within: Codes or names of areas that it must lie in, in any order.

        Raises:
            UnknownArea: No area fits, or several do and none contains the others.
        """
        around = [self._spelt(name) for name in ((within,) if isinstance(within, str) else within)]
        spelt = self._spelt(text)
        fits = [area for area in spelt if self._fits(area, level, around)]
        if len(fits) > 1:
            named = {area for one in around for area in one}
            fits = [area for area in fits if spelt[area] in named] or fits
        if len(fits) > 1:
            fits = [area for area in fits if all(area in self._chains[other] for other in fits)] or fits
        if len(fits) == 1:
            return fits[0]
        raise self._ambiguous(text, fits) if fits else self._misplaced(text, spelt, level, within)

    def named(self, text: str) -> tuple[AreaId, ...]:
        """Return the areas that have exactly this code or name, often none; quick, and no error."""
        return tuple(self._names().get(self._fold(text), ()))

    def _fits(self, area: AreaId, level: str | None, around: list[dict[AreaId, AreaId | None]]) -> bool:
        if level is not None and self._areas[area].level != level:
            return False
        return all(any(above in one for above in self._chains[area]) for one in around)

    def _spelt(self, text: str) -> dict[AreaId, AreaId | None]:
        """Return the areas of this name, each with the area inside which the name is its own."""
        found = self._names().get(self._fold(text))
        if found is None:
            raise self._unknown(text)
        return found

    def _names(self) -> dict[str, dict[AreaId, AreaId | None]]:
        if self._index is None:
            index: dict[str, dict[AreaId, AreaId | None]] = {}
            for area in self._areas.values():
                # Only the codes that no other system could mean: ukrainealarm's 31 and ours would collide.
                official = (code for code in area.codes.values() if not code.isdigit())
                for text in (area.id, *official, *area.names.values()):
                    index.setdefault(self._fold(text), {}).setdefault(area.id, None)
            for spelling in self.spellings:
                here = index.setdefault(self._fold(spelling.text), {})
                here[spelling.area] = spelling.within or here.get(spelling.area)
            self._index = index
        return self._index

    def _fold(self, text: str) -> str:
        """Return a name as it is compared: without case, apostrophes, double spaces and words to drop."""
        plain = unicodedata.normalize("NFC", text).casefold().translate(_APOSTROPHES).translate(_DASHES)
        words = plain.split()
        return " ".join([word for word in words if word not in self._drop] or words)

    def _unknown(self, text: str) -> UnknownArea:
        near = self._near(str(text)[:_SHOWN])
        shown = repr(str(text)[:_SHOWN])
        todo = (
            f"did you mean {self._listed(near)}?"
            if near
            else f"use a code as {self.board[0]}, or a full name"
        )
        return UnknownArea(f"no area has the code or name {shown}", todo=todo, text=text, near=near)

    def _near(self, text: str) -> tuple[AreaId, ...]:
        folded = self._fold(text)
        index = self._names()
        if folded in index:  # a name where a code is asked for
            return tuple(index[folded])[:3]
        # One letter in common keeps this at a few milliseconds; a server answers it between two alerts.
        keys = [key for key in index if key[:1] == folded[:1] and abs(len(key) - len(folded)) < 4]
        near = [area for key in get_close_matches(folded, keys, n=3, cutoff=0.75) for area in index[key]]
        return tuple(dict.fromkeys(near))[:3]

    def _ambiguous(self, text: str, fits: list[AreaId]) -> UnknownArea:
        more = f" and {len(fits) - 5} more" if len(fits) > 5 else ""
        return UnknownArea(
            f"{len(fits)} areas are called {text!r}: {self._listed(fits[:5])}{more}",
            todo="give the code, or say what it lies in",
            text=text,
            near=tuple(fits),
        )

    def _misplaced(
        self, text: str, spelt: Iterable[AreaId], level: str | None, within: str | Sequence[str]
    ) -> UnknownArea:
        near = tuple(spelt)
        inside = within if isinstance(within, str) else ", ".join(within)
        wanted = f"{level or 'area'} called {text!r}" + (f" in {inside}" if inside else "")
        return UnknownArea(
            f"there is no {wanted}; that name belongs to {self._listed(near[:5])}",
            todo="correct the level or what it lies in",
            text=text,
            near=near,
        )

    def _listed(self, areas: Sequence[AreaId]) -> str:
        """Return areas as a message names them: UA3210 (Vyshhorodskyi Raion, Kyiv Oblast)."""
        return ", ".join(
            f"{area} ({', '.join(self.name(one, 'en') for one in self._chains[area][:-1] or (area,))})"
            for area in areas
        )
