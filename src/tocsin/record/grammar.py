"""Grammar: what reading needs to know of a language, and what it finds in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from tocsin.record.claims import Qualifier
from tocsin.record.lexicon import Lexicon, Tag
from tocsin.record.text import Sentence, Token


class Number(NamedTuple):
    """A number in a sentence: tokens from where it was asked for up to, not including, ``last``."""

    value: int
    last: int


class Grammar(Struct, frozen=True):
    """What reading needs to know of a language.  A language pack makes one."""

    lexicon: Lexicon
    number: Callable[[Sequence[Token], int], Number | None]
    plural: Callable[[Sequence[Token], Tag], bool | None]  # of a noun whose class does not say it
    voice: Callable[[Sequence[Token], Sequence[Tag], Tag], str]  # where the phrase of an act stands
    stops: frozenset[str]  # words that end a phrase
    clauses: frozenset[str]  # words that begin another clause
    joins: frozenset[str]  # "and", ","
    lists: frozenset[str]  # of these, what stands between the items of one list
    counts: frozenset[str]  # "number", "toll": the figure may stand far behind
    contrast: frozenset[str]  # behind which another source may speak: "while"
    also: frozenset[str]  # with which a sentence goes on with what its source said
    apposed: frozenset[str]  # before a name: "of the type"
    places: frozenset[str]  # words before a place: "in", "over"
    means: frozenset[str]  # words before what an attack was made with; empty: the case says it
    months: Mapping[str, int]
    of_that: Callable[[Sequence[Token], Tag], bool]  # a noun in the case of "of": whose attack it was
    articles: frozenset[str]  # before a thing in the singular
    bare_one: bool  # a noun in the singular needs no article to count one


class Phrase(Struct, frozen=True):
    """How many of what."""

    first: int  # tokens, qualifiers included
    last: int
    head: str  # the class of the noun; "": none, "nine were downed"; "?": a noun that is not known
    count: int | None
    qualifier: Qualifier
    of: int | None = None
    of_least: bool = False  # "of more than 30"
    inner: str = ""  # what the phrase itself says of them: "5 dead children"
    mass: bool = False  # without a number or a determiner
    included: bool = False  # "including two children": no claim of its own
    of_them: bool = False  # "four of them"
    fraction: bool = False
    located: bool = False  # "in several buildings"
    noun: tuple[int, int] = (0, 0)  # the tokens of the noun and its adjectives


class Scene(NamedTuple):
    """A sentence with all that was found in it."""

    sentence: Sentence
    tags: list[Tag]
    at: dict[int, Tag]  # token -> the tag that begins there
    phrases: list[Phrase]

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Return the words."""
        return self.sentence.tokens

    def words(self, text: str, first: int, last: int) -> str:
        """Return the words from one token up to, not including, another."""
        return text[self.tokens[first].start : self.tokens[last - 1].end]
