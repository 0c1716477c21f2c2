"""Siren tables: the two column forms of the history that everybody has, as episodes.

    oblast,raion,hromada,level,started_at,finished_at,source     official, read as `sirens-official`
    region,started_at,finished_at,naive                          volunteer, read as `sirens-volunteer`

A row is one line; the header is row 1.  Columns may stand in any order, and others may stand among them.
A row that cannot be read is yielded as the error that says why, in its place: the caller
decides whether to go on.  Nothing is guessed and nothing is dropped silently.

Some ends were invented by the program that wrote the tables.  They are *inferred*: the
rows marked ``naive``, and official rows of exactly 3,600 s, which is what it writes when
a second beginning comes without an end (29 of the 43,031 rows to April 2024).
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TextIO

from tocsin.areas import Areas
from tocsin.errors import ConfigError, SourceGarbled, UnknownArea
from tocsin.model import AreaId, Episode, Realm, SourceId, Threat
from tocsin.wire import read_moment

OFFICIAL = SourceId("sirens-official")
VOLUNTEER = SourceId("sirens-volunteer")
AIR = Threat("air")

COLUMNS = {
    OFFICIAL: ("oblast", "raion", "hromada", "level", "started_at", "finished_at", "source"),
    VOLUNTEER: ("region", "started_at", "finished_at", "naive"),
}
_INVENTED = timedelta(seconds=3600)
_LINE_MAX = 65_536  # characters; a longer line is no row of such a table
_GZIP = b"\x1f\x8b"
_LEVELS = ("oblast", "raion", "hromada")  # of the official form: the columns, and the values of `level`
_NAIVE = {"true": True, "false": False}


class Row(NamedTuple):
    """One row that could be read."""

    number: int  # the line it stands on; the header is 1
    episode: Episode


def open_table(path: Path) -> Iterator[str]:
    """Yield the lines of a table, packed with gzip or not, whatever its name ends in.

    Bytes that are no UTF-8 are kept as surrogates, so that only their own row is refused.

    Raises:
        ConfigError: It cannot be opened.
        SourceGarbled: It cannot be read on: cut off, damaged, or no table at all.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        table = (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise ConfigError(
            f"cannot open {path}: {error.strerror or error}", todo="check the name and the right to read it"
        ) from error
    return _lines(path, table)


def _lines(path: Path, table: TextIO) -> Iterator[str]:
    number = 0
    with table:
        while True:
            try:
                line = table.readline(_LINE_MAX)
            except (OSError, EOFError, zlib.error) as error:
                raise SourceGarbled(
                    f"{path}: cannot read on after row {number}: {error}",
                    todo="the file is cut off or damaged; get it again",
                    row=number + 1,
                ) from error
            if not line:
                return
            number += 1
            if len(line) == _LINE_MAX:
                raise SourceGarbled(
                    f"{path}: row {number} is longer than {_LINE_MAX:,} characters",
                    todo="give a siren table, .csv or .csv.gz",
                    row=number,
                )
            yield line


def decode(lines: Iterable[str], areas: Areas) -> Iterator[Row | SourceGarbled]:
    """Yield each row of a table, or why it cannot be read.

    Args:
        lines: The lines, the header first.
        areas: The country's areas.

    Yields:
        n values for n rows under the header, without empty lines.  Where the header
        is wrong, or the lines end in an error, that error is the last value.
    """
    numbered = enumerate(lines, 1)
    try:
        header = _header(next(numbered, (1, ""))[1])
        read = _reader(header, areas)
        for number, line in numbered:
            try:
                fields = _fields(line)
                if not fields:
                    continue
                if len(fields) != len(header):
                    raise SourceGarbled(
                        f"it has {len(fields)} fields and the header has {len(header)}",
                        todo="add what is missing, or put quotes round a field that has a comma",
                    )
                yield Row(number, read(fields))
            except SourceGarbled as error:
                yield _at(number, error)
    except SourceGarbled as error:
        yield error


def _header(line: str) -> list[str]:
    try:
        return _fields(line)
    except SourceGarbled as error:
        raise _at(1, error) from error


def _at(row: int, error: SourceGarbled) -> SourceGarbled:
    return SourceGarbled(f"row {row}: {error.found}", todo=error.todo, **{**error.values, "row": row})


def _fields(line: str) -> list[str]:
    """Return the fields of one line.

    A line stands alone: a quote that is never closed spoils its own row and not all that follow.
    """
    if not line.isascii() and any("\ud800" <= letter <= "\udfff" for letter in line):
        raise SourceGarbled("it is not UTF-8 text", todo="save the table as UTF-8, or give another file")
    line = line.rstrip("\r\n")
    if '"' not in line:
        return line.split(",") if line.strip() else []
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise SourceGarbled(
            f"its quotes do not match ({error})", todo="close the quote, or double it"
        ) from error


def _reader(header: list[str], areas: Areas) -> Callable[[list[str]], Episode]:
    names = [name.strip().casefold() for name in header]
    source = VOLUNTEER if "region" in names else OFFICIAL
    missing = [name for name in COLUMNS[source] if name not in names]
    if missing and not set(names) & set(COLUMNS[source]):
        raise SourceGarbled(
            "row 1: it is not the header of a siren table",
            todo="the columns are " + " or ".join(",".join(columns) for columns in COLUMNS.values()),
            row=1,
        )
    if missing:
        raise SourceGarbled(
            f"row 1: the column {', '.join(missing)} is missing",
            todo=f"the columns are {','.join(COLUMNS[source])}",
            row=1,
            field=missing[0],
        )
    form = _Official if source == OFFICIAL else _Volunteer
    return form([names.index(name) for name in COLUMNS[source]], areas).read


_Known = dict[tuple[str, ...], AreaId | SourceGarbled]


def _once(known: _Known, place: tuple[str, ...], find: Callable[[tuple[str, ...]], AreaId]) -> AreaId:
    """Look a place up the first time only, also a wrong one: to find the nearest name takes 2 ms."""
    found = known.get(place)
    if found is None:
        try:
            found = find(place)
        except SourceGarbled as error:
            found = error
        known[place] = found
    if isinstance(found, SourceGarbled):
        raise found.with_traceback(None)
    return found


class _Official:
    """Reads rows of the official form."""

    def __init__(self, columns: list[int], areas: Areas) -> None:
        *self._place, self._since, self._until, _ = columns
        self._areas = areas
        self._known: _Known = {}

    def read(self, fields: list[str]) -> Episode:
        area = _once(self._known, tuple([fields[column] for column in self._place]), self._find)
        since, until = _span(fields[self._since], fields[self._until])
        return Episode(Realm.ACTUAL, OFFICIAL, area, AIR, since, until, until - since == _INVENTED)

    def _find(self, place: tuple[str, ...]) -> AreaId:
        level = place[3].strip().casefold()
        if level not in _LEVELS:
            raise SourceGarbled(
                f"level: there is no level {place[3]!r}", todo=f"it is {', '.join(_LEVELS)}", field="level"
            )
        name = place[_LEVELS.index(level)].strip()
        # In any order: the official table has a row with oblast and raion exchanged.
        within = [one for one in map(str.strip, place[:3]) if one and one != name]
        return _find(self._areas, name, level, level, within)


class _Volunteer:
    """Reads rows of the volunteer form."""

    def __init__(self, columns: list[int], areas: Areas) -> None:
        self._region, self._since, self._until, self._naive = columns
        self._areas = areas
        self._known: _Known = {}

    def read(self, fields: list[str]) -> Episode:
        area = _once(self._known, (fields[self._region],), self._find)
        since, until = _span(fields[self._since], fields[self._until])
        naive = _NAIVE.get(fields[self._naive].strip().casefold())
        if naive is None:
            raise SourceGarbled(
                f"naive: {fields[self._naive]!r} is neither True nor False",
                todo="True means that the end was invented",
                field="naive",
            )
        return Episode(Realm.ACTUAL, VOLUNTEER, area, AIR, since, until, naive)

    def _find(self, place: tuple[str, ...]) -> AreaId:
        return _find(self._areas, place[0].strip(), "oblast", "region", [])


def _find(areas: Areas, name: str, level: str, field: str, within: list[str]) -> AreaId:
    if not name:
        raise SourceGarbled(
            f"{field}: it is empty", todo="name the area there, or correct the level", field=field
        )
    try:
        return areas.find(name, level=level, within=within)
    except UnknownArea as error:
        raise SourceGarbled(
            f"{field}: {error.found}", todo=error.todo, **{**error.values, "field": field}
        ) from error


def _span(started: str, finished: str) -> tuple[datetime, datetime]:
    since, until = _moment(started, "started_at"), _moment(finished, "finished_at")
    if until <= since:
        raise SourceGarbled(
            f"finished_at: it ends at {finished} and starts at {started}",
            todo="exchange the two, or remove the row",
            field="finished_at",
        )
    return since, until


def _moment(text: str, field: str) -> datetime:
    try:
        return read_moment(text.strip(), field)
    except SourceGarbled as error:
        error.values["field"] = field
        raise
    except OverflowError as error:  # the year 1 with an offset has no UTC
        raise SourceGarbled(
            f"{field}: {text!r} is out of range", todo="write it as 2024-01-02T03:53:57Z", field=field
        ) from error
