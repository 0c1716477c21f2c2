"""A table of strikes: one munition in one reporting window a row, with local times, as strikes.

    time_start,time_end,model,launched,destroyed[,not_reach_goal,still_attacking,border_crossing,num_hit_location]

A row is one line; the header is row 1.  Columns may stand in any order, and others may stand among them.
Times are the country's own, to the minute or to the day; an end to the day is the midnight after it.
An empty number is not known, and never 0.  A row that cannot be read is yielded as the error that says why.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from tocsin.errors import SourceGarbled
from tocsin.record.attacks import Strike

COLUMNS = ("time_start", "time_end", "model", "launched", "destroyed")
_CROSSING = re.compile(r"'[^']{1,40}': (\d{1,6})(?:\.0)?")
_CROSSINGS = re.compile(rf"\{{{_CROSSING.pattern}(?:, {_CROSSING.pattern})*\}}")
_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%d %H:%M"


def decode(lines: Iterable[str], zone: tzinfo) -> Iterator[Strike | SourceGarbled]:
    """Yield each row of a table, or why it cannot be read.

    Args:
        lines: The lines, the header first.
        zone: The time that the table is written in.

    Yields:
        n values for n rows under the header.  Where the header is wrong, that error alone.
    """
    try:
        yield from _rows(csv.DictReader(lines), zone)
    except csv.Error as error:
        yield SourceGarbled(f"it is no table: {error}", todo="give a table of strikes, .csv")


def _rows(reader: csv.DictReader[str], zone: tzinfo) -> Iterator[Strike | SourceGarbled]:
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        yield SourceGarbled(
            f"row 1: the column {', '.join(missing)} is missing",
            todo=f"the columns are {','.join(COLUMNS)}",
            row=1,
        )
        return
    for fields in reader:
        number = reader.line_num
        try:
            yield _strike(number, fields, zone)
        except SourceGarbled as error:
            yield SourceGarbled(
                f"row {number}: {error.found}", todo=error.todo, **{**error.values, "row": number}
            )


def _strike(number: int, fields: Mapping[str, str | None], zone: tzinfo) -> Strike:
    since, _ = _moment(fields, "time_start", zone)
    until, to_the_minute = _moment(fields, "time_end", zone)
    if not to_the_minute:
        until += timedelta(days=1)
    model = (fields["model"] or "").strip()
    if not model or until < since:
        raise SourceGarbled(
            "it names no model" if not model else "it ends before it starts",
            todo="name the munition" if not model else "exchange time_start and time_end, or remove the row",
            field="model" if not model else "time_end",
        )
    return Strike(
        since.astimezone(UTC),
        until.astimezone(UTC),
        number,
        model,
        to_the_minute,
        launched=_number(fields, "launched"),
        intercepted=_number(fields, "destroyed"),
        lost=_number(fields, "not_reach_goal"),
        flying=_number(fields, "still_attacking"),
        crossed=_crossed(fields),
        hits=_number(fields, "num_hit_location"),
    )


def _moment(fields: Mapping[str, str | None], name: str, zone: tzinfo) -> tuple[datetime, bool]:
    text = (fields[name] or "").strip()
    for form in (_MINUTE, _DAY):
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone), form == _MINUTE
        except ValueError:
            continue
    raise SourceGarbled(
        f"{name}: {text!r} is no time", todo="write 2024-01-02 09:00 or 2024-01-02", field=name
    )


def _number(fields: Mapping[str, str | None], name: str) -> int | None:
    text = (fields.get(name) or "").strip()
    if not text:
        return None
    try:
        number = float(text)
        if number >= 0 and number == int(number):
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise SourceGarbled(f"{name}: {text!r} is no count", todo="write a whole number, or nothing", field=name)


def _crossed(fields: Mapping[str, str | None]) -> int | None:
    """Return how many crossed a border: the sum of {'belarus': 2.0}; an empty one says nothing."""
    text = (fields.get("border_crossing") or "").strip()
    if not text.strip("{}"):
        return None
    if not _CROSSINGS.fullmatch(text):
        raise SourceGarbled(
            f"border_crossing: {text!r} is no table of countries and counts",
            todo="write {'belarus': 2}, or nothing",
            field="border_crossing",
        )
    return sum(int(number) for number in _CROSSING.findall(text))
