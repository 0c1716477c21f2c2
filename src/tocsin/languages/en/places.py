"""Where it was, in English: "in the Kyiv region", "over Odesa, Kherson and Mykolaiv", "the capital"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.languages.words import words
from tocsin.record.context import Where
from tocsin.record.text import Token

_WORDS = words("en")
_BEFORE = frozenset(_WORDS["place_before"])
_FROM = frozenset(("from",))
_INSIDE = frozenset((*_WORDS["place_inside"], ","))
_HEADS = frozenset(_WORDS["place_heads"])
_NOT = frozenset(_WORDS["place_not"])
_PEOPLES = frozenset(
    [
        "the",
        "russian",
        "ukrainian",
        "israeli",
        "iranian",
        "american",
        "belarusian",
        "palestinian",
        "houthi",
        "western",
    ]
)
_BODIES = frozenset(_WORDS["place_bodies"])
_ATTACKED = re.compile(
    r"(?:attack(?:ed|s|ing)?|pound(?:ed|s|ing)|struck|hit|target(?:ed|ing|s)"
    r"|barraged|shelled|bombarded|strikes?|left)$"
)
_NO_SUBJECT = frozenset(_WORDS["place_no_subject"])
_SENTENCE_START = re.compile(
    r"[\"“►\s-]*(?:Parts of |The city of |The capital|Kyiv|[A-Z]\w+ (?:was|were|and))"
)


def wheres(words: Sequence[Token], text: str) -> list[Where]:
    """Return the places that a sentence names."""
    found: list[Where] = []
    place = 0
    while place < len(words):
        norm = words[place].norm
        start = place + 1
        if norm in _BEFORE or norm in _FROM or _ATTACKED.match(norm):
            end = _reach(words, start)
            while end > start and (
                words[end - 1].norm
                in (
                    "and",
                    ",",
                    "of",
                    "'s",
                    "including",
                    "a",
                    "the",
                    "several",
                    "to",
                    "second",
                    "third",
                    "largest",
                    "main",
                    "most",
                    "other",
                    "its",
                    "his",
                    "their",
                    "all",
                )
            ):
                end -= 1
            if end > start and _is_place(
                words[start:end], strict=norm in ("of", "to", "at", "on") or bool(_ATTACKED.match(norm))
            ):
                found.append(
                    Where(
                        words[start].start,
                        words[end - 1].end,
                        text[words[start].start : words[end - 1].end],
                        norm in _FROM or _launched(words, place),
                    )
                )
                place = end
                continue
        place += 1
    found += _subjects(words, text, found)
    found.sort(key=lambda one: one.start)
    return found


def _launched(words: Sequence[Token], place: int) -> bool:
    """Say whether it is where something was launched: "launched from the airspace over Kursk"."""
    return any(word.norm == "from" for word in words[max(0, place - 4) : place])


def _reach(words: Sequence[Token], place: int) -> int:
    end = place
    while end < len(words) and end - place < 24:
        word = words[end]
        if word.norm in _NOT:
            break
        if word.norm == "," and not (
            (end + 1 < len(words) and words[end + 1].text[:1].isupper()) or _listed(words, end)
        ):
            break
        if word.norm in ("and", "including") and not _goes_on(words, end + 1):
            break
        if not (word.text[:1].isupper() or word.norm in _INSIDE or word.norm.removesuffix("'s") in _HEADS):
            break
        end += 1
    return end


def _listed(words: Sequence[Token], comma: int) -> bool:
    return comma + 1 < len(words) and words[comma + 1].norm == "and" and _goes_on(words, comma + 2)


def _goes_on(words: Sequence[Token], place: int) -> bool:
    return any(
        (word.text[:1].isupper() and word.norm not in _NOT) or word.norm in _HEADS
        for word in words[place : place + 3]
    )


def _is_place(words: Sequence[Token], *, strict: bool) -> bool:
    if any(word.norm in _BODIES for word in words):
        return False
    named = any(word.text[:1].isupper() and word.norm not in _PEOPLES for word in words)
    return named or (any(word.norm in _HEADS for word in words) and (not strict or len(words) > 1))


def _subjects(words: Sequence[Token], text: str, found: Sequence[Where]) -> list[Where]:
    """Return a place that opens the sentence: "Parts of Sumy were left in the dark"."""
    if not words or any(where.start <= words[0].start for where in found):
        return []
    if (
        words[0].norm in _NO_SUBJECT
        or words[0].norm.endswith(("ches", "sts", "ings", "ents", "ers", "ions"))
        or not _SENTENCE_START.match(text, words[0].start, words[-1].end)
    ):
        return []
    first = 0
    while first < len(words) - 1 and not words[first].norm[0].isalnum():
        first += 1
    end = _reach(words, first)
    named = any(word.text[:1].isupper() for word in words[first + 1 : end]) or (
        end < len(words) and words[end].norm in ("was", "were")
    )
    return (
        [Where(words[first].start, words[end - 1].end, text[words[first].start : words[end - 1].end])]
        if named and end > first
        else []
    )
