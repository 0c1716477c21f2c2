"""The English pack, put together."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.languages.en.days import MONTHS, whens
from tocsin.languages.en.numbers import number
from tocsin.languages.en.places import wheres
from tocsin.languages.en.sources import speeches
from tocsin.languages.words import words
from tocsin.record.grammar import Grammar
from tocsin.record.lexicon import Lexicon, Tag
from tocsin.record.reading import Language
from tocsin.record.text import Token

_WORDS = words("en")
_STOPS = frozenset(_WORDS["stops"])
_CLAUSES = frozenset(_WORDS["clauses"])
_BE = frozenset(["was", "were", "been", "being", "are", "is", "be", "got", "get", "getting"])
_INTRANSITIVE = frozenset(["died", "die", "dies", "perished", "succumbed"])
_HAVE = frozenset(["has", "have", "had", "to", "also", "did", "would", "will"])
_ABBREVIATIONS = frozenset(_WORDS["abbreviations"])


def voice(words: Sequence[Token], tags: Sequence[Tag], act: Tag) -> str:
    """Return on which side of an act its phrase stands: "left", "right" or "any"."""
    last = words[act.last - 1].norm
    first = words[act.first].norm
    before = [word.norm for word in words[max(0, act.first - 3) : act.first]]
    after = words[act.last].norm if act.last < len(words) else ""
    if (
        first.endswith("ed")
        and before
        and before[-1] in ("a", "an", "the", "from", "of")
        and act.says("down", "launch")
    ):
        return "none"  # "a downed missile"
    if first in _INTRANSITIVE:
        return "left"  # "eighteen died and ten were hurt"
    if act.says("missing"):
        return "any"  # "four people missing", "missing were four people"
    if first.endswith("ing") and not any(word in _BE for word in before):
        return "right!"
    if any(word in _BE for word in before) or after == "by" or last == "by":
        return "left"
    if before and before[-1] in _HAVE:
        return "right"
    if (
        act.says("attack.n")
        and first in ("attack", "attacks", "strike")
        and before
        and before[-1].endswith("s")
    ):
        return "left"  # "drones attack the port"
    if last == "of" or not last.endswith(("ed", "n", "t", "d")):
        return "right" if last.endswith(("s", "of", "to")) else "any"
    return "right" if _phrase_follows(words, tags, act.last) else "left"


def _phrase_follows(words: Sequence[Token], tags: Sequence[Tag], place: int) -> bool:
    for ahead in range(place, min(place + 3, len(words))):
        norm = words[ahead].norm
        if number(words, ahead) or norm in (
            "a",
            "an",
            "the",
            "all",
            "both",
            "at",
            "several",
            "his",
            "its",
            "up",
            "about",
            "around",
            "more",
            "over",
        ):
            return True
        if norm in _STOPS or not norm[0].isalnum():
            return False
        if any(
            tag.first == ahead
            and tag.says(
                "weapon", "person", "asset", "at_least", "about", "at_most", "exactly", "several", "service"
            )
            for tag in tags
        ):
            return True
    return False


def plural(words: Sequence[Token], tag: Tag) -> bool | None:
    """Return whether a noun is in the plural, by its ending."""
    return words[tag.last - 1].norm.endswith("s")


def language(lexicon: Lexicon) -> Language:
    """Return English."""
    grammar = Grammar(
        lexicon=lexicon,
        number=number,
        plural=plural,
        voice=voice,
        of_that=lambda words, tag: False,
        stops=_STOPS,
        clauses=_CLAUSES,
        joins=frozenset((",", "and", "plus", "&", ";")),
        lists=frozenset((",", "and", "or")),
        counts=frozenset(("number", "toll", "death", "total")),
        contrast=frozenset(("while", "whereas", ";", "but")),
        also=frozenset(("also", "additionally", "moreover", "besides", "furthermore")),
        apposed=frozenset(("type", "of", "the")),
        places=frozenset(["in", "over", "at", "near", "across", "on", "outside"]),
        means=frozenset(["with", "using", "by", "of", "including", "involving"]),
        months=MONTHS,
        articles=frozenset(["a", "an", "the", "their", "his", "her", "its", "this", "these", "those"]),
        bare_one=False,
    )
    return Language("en", grammar, _ABBREVIATIONS, speeches, whens, wheres)
