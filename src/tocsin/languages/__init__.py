"""Languages: how each says it.  A folder a language: lexicon, rules and examples side by side.

A pack has ``lexicon.toml`` (words and what they say), ``words.toml`` (the short words of its rules),
``numbers.py``, ``sources.py``, ``days.py``, ``places.py`` (the rules), ``pack.py`` and
``examples.toml`` (our own sentences, each with its claims).
Loading a language needs no network, no model and no library beyond Python's own.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from tocsin.areas import Country
from tocsin.errors import ConfigError
from tocsin.record.lexicon import Lexicon
from tocsin.record.places import Gazetteer
from tocsin.record.reading import Language

CODES = ("en", "uk")
_LEVELS = {  # words that say of which level a place is
    word: level
    for level, words in {
        "oblast": "oblast oblasts region regions область області областю областях обл",
        "raion": "raion district район районі району районах",
        "hromada": "community hromada громада громаді громади громаду громадою "
        "територіальна територіальній територіальної",
    }.items()
    for word in words.split()
}
_CITY = frozenset(("city", "capital", "місто", "місті", "міста", "м", "столиця", "столиці"))


@cache
def load(code: str) -> Language:
    """Return a language.

    Raises:
        ConfigError: There is no such pack.
    """
    if code not in CODES:
        raise ConfigError(f"there is no language {code!r}", todo=f"choose one of {', '.join(CODES)}")
    module = import_module(f"tocsin.languages.{code}.pack")
    language: Language = module.language(read_lexicon(code))
    return language


def read_lexicon(code: str) -> Lexicon:
    """Return the lexicon of a language, from its file."""
    table = tomllib.loads(files(__name__).joinpath(code, "lexicon.toml").read_text("utf-8"))
    return Lexicon({name: words for part in table.values() for name, words in part.items()})


def examples(code: str) -> list[dict[str, Any]]:
    """Return a language's examples: our own sentences, each with the claims that it makes."""
    table = tomllib.loads(files(__name__).joinpath(code, "examples.toml").read_text("utf-8"))
    found: list[dict[str, Any]] = table["example"]
    return found


def gazetteer(country: Country) -> Gazetteer:
    """Return the places of a country, to look texts up in."""
    return Gazetteer(country.areas, levels=_LEVELS, city=_CITY)


def guess(text: str) -> str:
    """Return the language that a text is most likely in, by its letters; "ru" too, which has no pack."""
    head = text[:20_000]
    cyrillic = len(re.findall(r"[а-яіїєґё]", head, re.IGNORECASE))
    latin = len(re.findall(r"[a-z]", head, re.IGNORECASE))
    if cyrillic <= latin:
        return "en"
    ukrainian = len(re.findall(r"[іїєґ]", head, re.IGNORECASE))
    russian = len(re.findall(r"[ыэъё]", head, re.IGNORECASE))
    return "ru" if russian > ukrainian else "uk"
