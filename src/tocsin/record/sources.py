"""Sources: who somebody in a text is, by a table of names.

An attribution is looked up by whole words; the longest name wins, so that "the Russian defence ministry" is
not Ukraine's.  A body of a kind (a mayor, a governor) that the table does not have is a source of its own,
named by its own words, of that kind.  Whoever else is not in the table is a person of whom nothing is known.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from tocsin.errors import ConfigError
from tocsin.model import AreaId
from tocsin.record.kept import Source, SourceKind

COLUMNS = ("name", "kind", "group", "party", "area", "aliases")
_AUTHORITIES = frozenset(
    (
        SourceKind.UN_BODY,
        SourceKind.LOCAL_AUTHORITY,
        SourceKind.EMERGENCY_SERVICE,
        SourceKind.STATE_LEADER,
        SourceKind.STATE_BODY,
        SourceKind.MILITARY,
        SourceKind.UTILITY,
    )
)
_ROLES = (
    (
        SourceKind.LOCAL_AUTHORITY,
        r"\b(?:mayor|governor|regional head|(?:city|regional|district) (?:council|administration|authorities)"
        r"|мер|міськ\w+ голов\w+|голов\w+ (?:області|ова|ода|громади)|ова|овa|мва|міськрад\w+)\b",
    ),
    (
        SourceKind.MILITARY,
        r"\b(?:air command|military command|military spokes\w+|повітрян\w+ командуван\w+)\b",
    ),
    (SourceKind.STATE_BODY, r"\b(?:ministry|minister|міністр\w*|міністерств\w*)\b"),
)


def read_sources(text: str, what: str) -> tuple[Source, ...]:
    """Return the sources of a table.

    Args:
        text: CSV with the columns ``COLUMNS``; aliases are separated by semicolons.
        what: What it is, for the error.

    Raises:
        ConfigError: A column is missing, or a kind is none.
    """
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"{what}: the column {', '.join(missing)} is missing",
            todo=f"the columns are {','.join(COLUMNS)}",
        )
    try:
        return tuple(_source(row) for row in rows)
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"{what}: {error}", todo=f"a kind is one of {', '.join(SourceKind)}") from error


def _source(row: dict[str, str]) -> Source:
    aliases = tuple(alias.strip() for alias in row["aliases"].split(";") if alias.strip())
    area = AreaId(row["area"]) if row["area"] else None
    return Source(row["name"], SourceKind(row["kind"]), row["group"], row["party"], area, aliases)


class Directory:
    """Who is who.

    Args:
        known: The table; of two sources of one name the later counts: an operator's behind the pack's.
        party: The country's own side, of the local bodies that the table does not have.
    """

    def __init__(self, known: Iterable[Source], party: str) -> None:
        self._party = party
        self._by_name = {source.name: source for source in known}
        names = {
            alias.casefold(): source.name
            for source in self._by_name.values()
            for alias in (*source.aliases, source.name)
        }
        longest = sorted(names, key=lambda alias: (-len(alias), alias))
        self._names = names
        self._find = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)") if longest else None

    def who(self, words: str) -> Source:
        """Return the source that some words name; one of no table has the words for its name."""
        plain = words.casefold().replace("’", "'").replace("ʼ", "'")
        found = self._find.findall(plain) if self._find else []
        if found:
            return self._by_name[self._names[max(found, key=len)]]
        name = " ".join(re.sub(r"\(.*?\)", "", plain).split()) or "nobody"
        if name not in self._by_name:
            kind = next((kind for kind, rule in _ROLES if re.search(rule, name)), SourceKind.PERSON)
            self._by_name[name] = Source(name, kind, party=self._party if kind in _AUTHORITIES else "")
        return self._by_name[name]

    def all(self) -> tuple[Source, ...]:
        """Return everybody that is known by now, by name."""
        return tuple(self._by_name[name] for name in sorted(self._by_name))


def is_official(source: Source) -> bool:
    """Return whether a source is an authority, whose publishing lifts what waits for one (S2, S4, S5)."""
    return source.kind in _AUTHORITIES


def written(source: Source, words: str) -> str:
    """Return how a source is to be called in a sentence: as its text has it, else by its first alias."""
    return words.strip() or (source.aliases[0] if source.aliases else source.name)
