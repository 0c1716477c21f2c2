"""The sentences of a bulletin: each language has all of them, with the same blanks to fill."""

import re
import tomllib
from importlib.resources import files

from tocsin import languages


def leaves(table, path=""):
    """Give each sentence by its path."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def read(lang):
    """Return the sentences of a language."""
    return dict(leaves(tomllib.loads(files(languages).joinpath(lang, "bulletin.toml").read_text("utf-8"))))


def test_every_language_has_every_sentence_with_the_same_blanks():
    first = read(languages.CODES[0])
    for lang in languages.CODES[1:]:
        other = read(lang)
        assert first.keys() == other.keys()
        for name, sentence in first.items():
            if isinstance(sentence, list):
                assert len(sentence) == len(other[name])
            else:
                blanks = [sorted(re.findall(r"\{\w+\}", one)) for one in (sentence, other[name])]
                assert blanks[0] == blanks[1], name
