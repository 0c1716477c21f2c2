"""The Ukrainian pack, put together, and the endings that say one or many."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.languages.uk.days import MONTHS, whens
from tocsin.languages.uk.numbers import number
from tocsin.languages.uk.places import wheres
from tocsin.languages.uk.sources import speeches
from tocsin.languages.words import words
from tocsin.record.grammar import Grammar
from tocsin.record.lexicon import Lexicon, Tag
from tocsin.record.reading import Language
from tocsin.record.text import Token

_WORDS = words("uk")
_STOPS = frozenset(_WORDS["stops"])
_CLAUSES = frozenset(_WORDS["clauses"])
_ABBREVIATIONS = frozenset(_WORDS["abbreviations"])
_FEMININE = ("ракет", "бомб", "авіабомб")
_CONSONANT = re.compile(r"[бвгґджзклмнпрстфхцчшщ]$")
_MANY = ("ами", "ями", "ам", "ям", "ах", "ях", "ів", "їв", "ей", "и", "і", "ї")
_ONE_OF_MANY = ("ого", "ому", "ої", "ій", "ою", "ий", "им", "у")
_PLURAL_ONLY = frozenset(_WORDS["plural_only"])
_SINGULAR_ONLY = frozenset(_WORDS["singular_only"])
_NAMES = _WORDS["names"]
_MASS = frozenset(_WORDS["mass"])


def plural(words: Sequence[Token], tag: Tag) -> bool | None:
    """Return whether a noun is in the plural; None where its form does not say it.

    "ракети" is one or many; the adjective before it decides: "балістичної ракети" is one.
    """
    norm = words[tag.last - 1].norm.split("-")[0].strip("'")
    if words[tag.first].norm.endswith(("ів", "ами", "их", "ими")):  # "засобів повітряного нападу"
        return True
    if norm.startswith(_NAMES) or words[tag.last - 1].norm[1:2] == "-":
        alone = tag.last - tag.first == 1 and _CONSONANT.search(norm) and words[tag.first - 1].norm == "«"
        return False if alone else None  # a model: "Гербера", "Х-101"; «Ланцет» is one
    before = words[tag.last - 2].norm if tag.last >= 2 else ""
    if norm in _MASS:
        return None
    if norm in _PLURAL_ONLY and not before.endswith(("ої", "ого")):
        return True
    if norm in _SINGULAR_ONLY:
        return False
    if before.endswith(_ONE_OF_MANY) and len(before) > 4 and not norm.endswith(("ів", "ами", "ах", "ам")):
        return False
    if before.endswith(("их", "ими", "і")) and len(before) > 4:
        return True
    for stem in _FEMININE:
        if norm.startswith(stem):
            rest = norm[len(stem) :]
            if rest == "и":
                return before not in ("влучання", "збиття", "пуск", "запуск", "падіння")
            return rest in ("", "ами", "ам", "ах")
    return norm.endswith(_MANY)


def of_that(words: Sequence[Token], tag: Tag) -> bool:
    """Return whether a noun is not in the instrumental: "атака дронів" is theirs, not "удар дронами"."""
    return not words[tag.last - 1].norm.endswith(("ами", "ями", "ою", "ею", "ом", "ем"))


def voice(words: Sequence[Token], tags: Sequence[Tag], act: Tag) -> str:
    """Return on which side of an act its phrase stands; Ukrainian word order is free."""
    last = words[act.last - 1].norm
    if act.says("down") and last in ("збитих", "збитого", "збитими", "збитої"):
        return "none"  # "падіння збитих дронів"
    if act.says("fall") and last.startswith("падінн"):
        return "right!"
    if act.says("hit") and last.startswith(("влучан", "влучен")):
        return "right"
    return "any"


def language(lexicon: Lexicon) -> Language:
    """Return Ukrainian."""
    grammar = Grammar(
        lexicon=lexicon,
        number=number,
        plural=plural,
        voice=voice,
        of_that=of_that,
        stops=_STOPS,
        clauses=_CLAUSES,
        joins=frozenset((",", "та", "і", "й", ";", "також", "а")),
        lists=frozenset((",", "та", "і", "й")),
        counts=frozenset(("кількість", "число")),
        contrast=frozenset((";", "тоді", "натомість")),
        also=frozenset(("також", "крім", "окрім", "водночас", "ще")),
        apposed=frozenset(("типу", "типів", "комплексу", "моделі", "марки")),
        places=frozenset(["у", "в", "на", "над", "по", "біля", "під"]),
        means=frozenset(),
        months=MONTHS,
        articles=frozenset(),
        bare_one=True,
    )
    return Language("uk", grammar, _ABBREVIATIONS, speeches, whens, wheres)
