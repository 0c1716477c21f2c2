"""Commands that put texts into the record: report add."""

from __future__ import annotations

import hashlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from tocsin import wire
from tocsin.app.serve import log_path
from tocsin.cli.common import (
    config_option,
    console,
    data_option,
    doors,
    fetch,
    json_option,
    print_json,
    settings,
    warnings,
)
from tocsin.desk.reports import report_key, report_of, taken
from tocsin.errors import ConfigError, KeyTaken, LogHeld, SourceError
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm
from tocsin.sources import texts

_HERE = "command line"  # who files a report where no key does


@click.group()
def report() -> None:
    """Put texts into the record. They change no alert."""


@report.command("add")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="Who published them: a name such as air-force or reuters.")
@click.option("--published", help="When: 2024-01-02, or a moment with a zone. Default: as its head says.")
@click.option("--doc", help="The name of the text, for all its versions. Default: made from its words.")
@click.option("--version", default=1, show_default=True, help="Which version of that text it is.")
@click.option("--lang", type=click.Choice(["en", "uk"]), help="The language. Default: found by its letters.")
@click.option("--url", help="Where it stands.")
@click.option("--credit", help="The wire that it credits.")
@click.option("--correction", is_flag=True, help="This version says that an earlier one was wrong.")
@click.option("--retracted", is_flag=True, help="This version takes the text back.")
@data_option
@config_option
@json_option
def add(files: tuple[Path, ...], data: str | None, config_file: Path | None, as_json: bool,
        **given: Any) -> None:  # fmt: skip
    """Put the text of each FILE (plain or HTML, UTF-8) into the log: at the desk while a server runs."""
    values = settings(config_file, data=data)
    source = _name(given["source"])
    if given["doc"] and len(files) > 1:
        raise ConfigError("one --doc names one text", todo="give one FILE, or leave --doc out")
    failed = 0
    for file in files:
        try:
            form = _form(file, source, given)
            receipt = _put(form, values["data"])
        except SourceError as error:
            failed += 1
            warnings.print(f"{file}: {error}", markup=False, style="yellow")
            continue
        _tell(file, form, receipt, as_json=as_json)
    if failed:
        raise SourceError(
            f"{failed} of {len(files)} files were refused; the others are in the log",
            todo="mend what is named above and add the files again: nothing is added twice",
        )


def _form(file: Path, source: str, given: dict[str, Any]) -> wire.ReportForm:
    """Return what is filed of one file; says on stderr what is in doubt about its date."""
    try:
        with file.open("rb") as opened:
            words = texts.decode(opened.read(texts.LARGEST + 1), str(file))
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror}", todo="check the path") from error
    published = given["published"] or words.published
    if published is None:
        warnings.print(f"{file}: no day of publication: its claims are undated", markup=False, style="yellow")
    elif words.published and words.published[:10] != published[:10]:
        warnings.print(
            f"{file}: its head says {words.published}, --published says {published}; the latter is taken",
            markup=False,
            style="yellow",
        )
    optional = {name: given[name] for name in ("lang", "url", "credit") if given[name]}
    return wire.ReportForm(
        source=source,
        doc=given["doc"] or _named(words.text),
        text=words.text,
        published=published,
        version=given["version"],
        original=words.original,
        correction=given["correction"],
        retracted=given["retracted"],
        **optional,
    )


def _named(text: str) -> str:
    """Return the name of a text that nobody named: the same words have the same name."""
    return f"text-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _put(form: wire.ReportForm, data: str) -> dict[str, Any]:
    """Return where it stands in the log: put there through the desk of a running server, else by us."""
    desk, key = doors(data).get("desk"), os.environ.get("TOCSIN_KEY", "").strip()
    if desk and key:
        receipt: dict[str, Any] = fetch(f"{desk}/v1/reports", body=msgspec.to_builtins(form), key=key)
        return receipt
    now = datetime.now(UTC)
    entry = report_of(form, Realm.ACTUAL, _HERE, now)
    try:
        log = SqliteLog(log_path(Path(data), Realm.ACTUAL))
    except LogHeld as error:
        raise ConfigError(
            f"a server of {data} runs, and it alone may write its log",
            todo="set TOCSIN_KEY to a key of its desk; `tocsin key add` makes one",
        ) from error
    try:
        place, new = log.append(report_key(entry), wire.encode(entry), now)
        return {"epoch": log.epoch, "seq": place, "new": new}
    except KeyTaken as error:
        raise SourceError(taken(entry, error).found, todo=taken(entry, error).todo) from error
    finally:
        log.close()


def _name(source: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,39}", source):
        raise ConfigError(
            f"--source: {source!r} cannot be a source's name",
            todo="use up to 40 of a-z, 0-9, _, . and -; how it is written stands in the table of sources",
        )
    return source


def _tell(file: Path, form: wire.ReportForm, receipt: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), "doc": form.doc, "version": form.version, **receipt})
        return
    known = " (it was there already)" if receipt.get("new") is False else ""
    console.print(f"{file}: report {receipt['seq']} by {form.source}{known}", markup=False)
