"""Commands that give out the record as data: figures, export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tocsin.app.serve import log_path
from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    moment,
    print_json,
    settings,
    warnings,
)
from tocsin.errors import ConfigError
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm

if TYPE_CHECKING:
    from tocsin.app.record import Material
    from tocsin.record.exports import Cell, Event, Row
    from tocsin.record.kept import Figure

FORMATS = ("acled", "ucdp", "airwars", "hxl", "geojson", "parquet")


@contextmanager
def _material(data: str | None, config_file: Path | None, as_of: str | None) -> Iterator[Material]:
    from tocsin.app import record as record_half  # it loads the languages

    values = settings(config_file, data=data)
    country, folder = country_of(values), Path(values["data"])
    at = moment(as_of, "--as-of") or datetime.now(UTC)
    log = SqliteLog(log_path(folder, Realm.ACTUAL), append=False)
    try:
        yield record_half.gather(log, country, record_half.directory(country, folder), at)
    finally:
        log.close()


@click.command()
@click.option("--incident", help="Which: 2024-01-02. Default: every one.")
@click.option("--as-of", help="Only what was in the log by then. Default: now.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@data_option
@config_option
def figures(
    incident: str | None, as_of: str | None, form: str, data: str | None, config_file: Path | None
) -> None:
    """Print how many, by which claims and rules; what nobody reports is not known, and never 0."""
    from tocsin.app import exports

    with _material(data, config_file, as_of) as material:
        found = exports.figures(material, incident)
    if incident is not None and not found:
        warnings.print(f"nothing may be shown of an incident {incident}, or there is none", markup=False)
    if form == "json":
        print_json(msgspec.to_builtins(found))
        return
    for one in found:
        console.print(_line(one), markup=False)


def _line(one: Figure) -> str:
    what = " ".join(word for word in (one.incident, one.measure, one.population, one.scope) if word)
    if one.low is None:
        return f"{what}: not known"
    high = "open" if one.high is None else one.high
    best = "no best" if one.best is None else f"best {one.best}"
    return (
        f"{what}: {one.low} to {high}, {best}, {one.grade} ({', '.join(one.rules)}; {', '.join(one.basis)})"
    )


@click.command()
@click.argument("form", metavar="FORMAT", type=click.Choice(FORMATS))
@click.option(
    "--to", "file", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output."
)
@click.option("--as-of", help="Only what was in the log by then. Default: now.")
@data_option
@config_option
def export(
    form: str, file: Path | None, as_of: str | None, data: str | None, config_file: Path | None
) -> None:
    """Give out the record as acled, ucdp, airwars, hxl (CSV), geojson or parquet, of what may be shown."""
    from tocsin.app import exports

    if form == "parquet" and file is None:
        raise ConfigError("parquet is no text for a terminal", todo="name a file with --to")
    with _material(data, config_file, as_of) as material:
        events, undated = exports.events(material)
    try:
        _write(form, events, file)
    except OSError as error:
        raise ConfigError(
            f"cannot write {file}: {error}", todo="check the path and the right to write"
        ) from error
    if undated:
        warnings.print(f"{undated} incidents of no known day are left out", markup=False, style="yellow")


def _write(form: str, events: Sequence[Event], file: Path | None) -> None:
    from tocsin.record import exports as rows

    if form == "parquet":
        assert file is not None
        _parquet(rows.flat(events), file)
        return
    if form == "geojson":
        text = json.dumps(rows.geojson(events), ensure_ascii=False, indent=1) + "\n"
    else:
        columns, make = {
            "acled": (rows.ACLED_COLUMNS, rows.acled),
            "ucdp": (rows.UCDP_COLUMNS, rows.ucdp),
            "airwars": (rows.AIRWARS_COLUMNS, rows.airwars),
            "hxl": (tuple(rows.HXL_TAGS), rows.hxl),
        }[form]
        tags: list[Row] = [dict(rows.HXL_TAGS)] if form == "hxl" else []
        text = _csv([*tags, *(row for row in map(make, events) if row is not None)], columns)
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, "utf-8")


def _csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(cell) for name, cell in row.items()} for row in rows)
    return out.getvalue()


def _plain(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula: names in it come from other people's texts."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


_NUMBERS = ("low", "best", "high", "open_above", "origins", "independent_groups")


def _parquet(rows: Sequence[Row], file: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError("parquet needs pyarrow", todo="install tocsin[record]") from error
    from tocsin.record.exports import FLAT_COLUMNS

    kinds = {True: pyarrow.int64(), False: pyarrow.string()}  # also where there is no row, or only nulls
    schema = pyarrow.schema([(name, kinds[name in _NUMBERS]) for name in FLAT_COLUMNS])
    parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=schema), file)
