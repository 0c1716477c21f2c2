"""A lexicon: which words of a language say what, compiled so that a text is looked up in one pass.

An entry is one or more words.  ``a|b`` takes either, ``ракет*`` takes any ending, ``[a]`` may be left out.
At each place of a text the longest entry counts; of equal ones the one with the most letters;
entries that are equal in both add up their classes ("destroyed" is said of drones and of houses).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from tocsin.record.text import Token


class Tag(NamedTuple):
    """Words of a sentence that the lexicon knows: tokens ``first`` up to, not including, ``last``."""

    first: int
    last: int
    classes: frozenset[str]  # with those above: ``weapon.sg`` and ``weapon``

    def says(self, *names: str) -> bool:
        """Say whether it has one of these classes, or a class below one: ``weapon`` has ``weapon.sg``."""
        return not self.classes.isdisjoint(names)


class _Entry(NamedTuple):
    tail: tuple[str, ...]
    letters: int
    name: str


class Lexicon:
    """Words and what they say.

    Args:
        classes: class -> entries.
    """

    def __init__(self, classes: Mapping[str, Iterable[str]]) -> None:
        self._whole: dict[str, list[_Entry]] = {}
        self._begin: dict[str, list[_Entry]] = {}
        self._shortest, self._longest = 99, 0  # letters of what a word may begin with
        self._known: dict[str, list[_Entry]] = {}
        for name, entries in classes.items():
            for entry in entries:
                for words in product(*(_choices(part) for part in entry.split())):
                    self._add(name, tuple(word for word in words if word))

    def _add(self, name: str, words: tuple[str, ...]) -> None:
        head = words[0]
        entry = _Entry(words[1:], sum(len(word.rstrip("*")) for word in words), name)
        if head.endswith("*"):
            self._begin.setdefault(head[:-1], []).append(entry)
            self._shortest = min(self._shortest, len(head) - 1)
            self._longest = max(self._longest, len(head) - 1)
        else:
            self._whole.setdefault(head, []).append(entry)

    def _starting(self, word: str) -> list[_Entry]:
        found = self._known.get(word)
        if found is None:
            found = list(self._whole.get(word, ()))
            for length in range(min(len(word), self._longest), self._shortest - 1, -1):
                found += self._begin.get(word[:length], ())
            if len(self._known) > 20_000:  # a text of nothing but new words must not fill the memory
                self._known.clear()
            self._known[word] = found
        return found

    def tags(self, words: Sequence[Token]) -> list[Tag]:
        """Return what is known in a sentence, in order; tags do not overlap."""
        norms = [word.norm for word in words]
        found: list[Tag] = []
        place = 0
        while place < len(norms):
            tag = self._at(norms, place)
            if tag is None:
                place += 1
            else:
                found.append(tag)
                place = tag.last
        return found

    def _at(self, norms: Sequence[str], place: int) -> Tag | None:
        best = (0, 0)
        classes: set[str] = set()
        for entry in self._starting(norms[place]):
            tail = entry.tail
            rank = (len(tail) + 1, entry.letters)
            if rank < best or place + len(tail) >= len(norms) or not _fits(tail, norms, place + 1):
                continue
            if rank > best:
                best, classes = rank, set()
            classes.add(entry.name)
        return Tag(place, place + best[0], _with_those_above(frozenset(classes))) if classes else None


@cache
def _with_those_above(classes: frozenset[str]) -> frozenset[str]:
    """Return classes with those that they are kinds of; there are only as many sets as a lexicon makes."""
    return frozenset(
        ".".join(name.split(".")[:length]) for name in classes for length in range(1, name.count(".") + 2)
    )


def _choices(part: str) -> list[str]:
    if part.startswith("["):
        return ["", *part[1:-1].split("|")]
    return part.split("|")


def _fits(tail: tuple[str, ...], norms: Sequence[str], place: int) -> bool:
    for offset, wanted in enumerate(tail):
        word = norms[place + offset]
        if not (word.startswith(wanted[:-1]) if wanted[-1] == "*" else word == wanted):
            return False
    return True
