"""The glossary has every word that the log and its states are named by, once."""

import re
from pathlib import Path
from typing import get_args

from tocsin.model import Act, Decided, Kind, Realm, State, Step
from tocsin.views.history import End

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
HEADS = re.findall(r"^\* \*\*([^*]+)\*\*( \([^)]+\))?: ", TEXT, re.MULTILINE)
WORDS = {word for word, _ in HEADS}


def test_every_kind_and_every_value_has_an_entry():
    """A word that people meet in an answer can be looked up."""
    kinds = {kind.__name__.lower() for kind in get_args(Kind)}
    values = {value.replace("_", " ") for enum in (Realm, State, Act, Step, Decided, End) for value in enum}

    assert sorted((kinds | values) - WORDS) == []


def test_a_word_has_one_entry_for_each_thing():
    """Two things of one name are told apart in brackets."""
    assert len(set(HEADS)) == len(HEADS)
    assert [word for word, apart in HEADS if not apart and (sum(w == word for w, _ in HEADS) > 1)] == []


def test_a_word_in_italics_can_be_looked_up():
    """So that no entry explains one unknown word by another."""
    marked = set(re.findall(r"(?<!\*)\*([a-zA-Z ]+)\*(?!\*)", TEXT)) - {"italics"}

    assert sorted(word for word in marked if word not in WORDS and word.removesuffix("s") not in WORDS) == []
