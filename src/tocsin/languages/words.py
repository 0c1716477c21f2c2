"""The short words of a language that rules are made of, from its ``words.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def words(code: str) -> dict[str, tuple[str, ...]]:
    """Return the lists of a language, by name."""
    table = tomllib.loads(files(__package__).joinpath(code, "words.toml").read_text("utf-8"))
    return {
        name: tuple(word.strip() for word in listed.split(",") if word.strip())
        for name, listed in table.items()
    }


def either(listed: tuple[str, ...]) -> str:
    """Return a pattern that takes any of the words; they may be patterns themselves."""
    return "|".join(re.sub(r"\s+", r"\\s+", word) for word in listed)
