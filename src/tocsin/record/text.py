"""Words, sentences and quotations of a text, with their places in it.

Nothing here knows a language; what differs (abbreviations) is given.
Every offset counts Unicode code points of the text as it came, so a span can always be shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from msgspec import Struct

_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ‘`´ʹ′\u02ee\uff07", "'"))
_LOOKALIKES = str.maketrans(
    "aceiopxykABCEHIKMOPTXY", "асеіорхукАВСЕНІКМОРТХУ"
)  # typed Latin in Cyrillic words
_TOKEN = re.compile(
    r"\d{1,2}\.\d{1,2}\.\d{2,4}"  # a date is one sign, not three numbers
    r"|\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d{1,3}(?:,\d{3})+(?![\d,])"
    r"|\d+[:.,]\d+"
    r"|[ap]\.m\b"
    r"|[^\W_]+(?:['’ʼ`‑-][^\W_]+)*"
    r"|\S"
)
_CYRILLIC = re.compile("[а-яіїєґ]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*")
_BULLET = re.compile(r"\s*(?:[-–—•►▪◾✅❗️⚡☄💥🔹🔸*·]|\d{1,2}[.)])\s*")
LONGEST = 250  # tokens; a longer sentence is read in pieces, so that nobody can make reading slow


class Token(NamedTuple):
    """A word, a number or a sign."""

    start: int
    end: int
    text: str
    norm: str  # small letters, one kind of apostrophe, one script


class Sentence(Struct, frozen=True):
    """A stretch of text that is read as one."""

    start: int
    end: int
    tokens: tuple[Token, ...]
    paragraph: int
    line: int
    bullet: bool  # an item of a list
    headline: bool  # the first line, without an end
    quoted: bool  # stands in a quotation, with other sentences or alone


def normal(word: str) -> str:
    """Return a word as it is compared."""
    word = word.translate(_APOSTROPHES).replace("‑", "-")
    if _CYRILLIC.search(word) and _LATIN.search(word):
        word = word.translate(_LOOKALIKES)
    return word.casefold()


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Give the words, numbers and signs of a stretch of text."""
    for found in _TOKEN.finditer(text, start, len(text) if end is None else end):
        yield Token(found.start(), found.end(), found[0], normal(found[0]))


def sentences(text: str, abbreviations: Collection[str]) -> list[Sentence]:
    """Return the sentences of a text in order; the lines of a list are sentences too."""
    found: list[Sentence] = []
    quoted = False
    paragraph = 0
    lines = list(_lines(text))
    for number, (start, end, gap) in enumerate(lines):
        paragraph += gap
        quoted = quoted and not gap  # a quotation that nobody closed ends with its paragraph
        bullet = bool(_BULLET.match(text, start, end))
        for first, last in _split(text, start, end, abbreviations):
            words = tuple(tokens(text, first, last))
            if not any(word.norm[0].isalnum() for word in words):
                continue
            headline = not found and len(lines) > 1 and text[last - 1] not in ".!?:;,\"'”’»)"
            begun, quoted = quoted, _still_quoted(text[first:last], quoted)
            inside = begun or quoted or _mostly_quoted(text[first:last])
            for place in range(0, len(words), LONGEST):
                part = words[place : place + LONGEST]
                span = (part[0].start, part[-1].end) if len(words) > LONGEST else (first, last)
                found.append(Sentence(*span, part, paragraph, number, bullet, headline, inside))
    return found


def _lines(text: str) -> Iterator[tuple[int, int, int]]:
    """Give each line that stands alone: its start, its end, and whether a paragraph begins with it."""
    start = 0
    gap = 0
    for found in re.finditer(r"[ \t]*\r?\n\s*|\Z", text):
        after = text[found.end() : found.end() + 1]
        goes_on = (
            found[0] != ""
            and "\n\n" not in found[0]
            and (after.islower() or (found[0][0] == " " and after.isdigit()))
        )
        if goes_on:
            continue
        if found.start() > start:
            yield start, found.start(), gap
        gap = 1 if found[0] else 0
        start = found.end()


def _split(text: str, start: int, end: int, abbreviations: Collection[str]) -> Iterator[tuple[int, int]]:
    first = start
    for found in _END.finditer(text, start, end):
        rest = text[found.end() : found.end() + 3].lstrip()
        if found.end() < end and not _ends(text, first, found, rest, abbreviations):
            continue
        yield first, found.end()
        first = found.end()
        while first < end and text[first].isspace():
            first += 1
    if first < end:
        yield first, end


def _ends(text: str, first: int, found: re.Match[str], rest: str, abbreviations: Collection[str]) -> bool:
    """Say whether a full stop ends the sentence."""
    spaced = text[found.end() : found.end() + 1].isspace()
    if not spaced and not (text[found.start() - 1].islower() and rest[:1].isupper() and len(rest) > 1):
        return False
    if found[0][0] == ".":
        word = re.search(r"[^\W_]+(?:\.[^\W_]+)*$", text[max(first, found.start() - 20) : found.start()])
        if word and (word[0].casefold() in abbreviations or (len(word[0]) == 1 and word[0].isalpha())):
            return len(found[0]) > 1
        if rest[:1].islower():
            return False
    return not rest[:1].islower() or found[0][0] in "!?"


def _mostly_quoted(words: str) -> bool:
    """Say whether a sentence is a quotation, but for a word or two before it."""
    found = re.search(r"[“«„\"](.*)[”»\"][.!?]?$", words)
    return found is not None and len(found[1]) > 0.7 * len(words)


def _still_quoted(words: str, quoted: bool) -> bool:
    """Say whether a quotation is still open behind these words."""
    for sign in words:
        if sign in "“«„":
            quoted = True
        elif sign in "”»":
            quoted = False
        elif sign == '"':
            quoted = not quoted
    return quoted
