"""Command that reads texts into claims: read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.table import Table
from rich.tree import Tree

from tocsin.areas import Country
from tocsin.cli.common import config_option, console, country_of, print_json, settings, warnings
from tocsin.errors import SourceGarbled, TocsinError

if TYPE_CHECKING:
    from tocsin.record.claims import Claim, Document

_MOST = 64_000_000  # bytes of one file; a corpus comes as one document a line, and is read line by line


_FIELDS = ("text", "doc_id", "published", "channel", "lang")
_PLACES: dict[str, Any] = {}  # country -> its gazetteer, made once


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--published", help="When it was published: 2026-02-28, or a moment with a zone. Default: unknown."
)
@click.option(
    "--lang", type=click.Choice(["en", "uk"]), help="The language. Default: found from the letters."
)
@click.option(
    "--channel", default="", help="Who published it; speaks for itself where the text names nobody."
)
@click.option("--explain", is_flag=True, help="Show the rules that made each claim, and the words they took.")
@click.option("--jsonl", is_flag=True, help="One document a line in, one line of claims out, as JSON.")
@config_option
def read(
    files: tuple[str, ...], published: str | None, lang: str | None, channel: str, explain: bool, jsonl: bool,
    config_file: Path | None,
) -> None:  # fmt: skip
    """Read texts in FILES (or standard input) into claims, each tied to its exact words. Changes nothing."""
    country = country_of(settings(config_file))
    given = {"published": published, "lang": lang, "channel": channel}
    failed = False
    for name in files or ("-",):
        with click.open_file(name, "rb") as file:
            if jsonl:
                failed |= _read_lines(file, given, country)
            else:
                document = _document({"text": _text(file.read(_MOST + 1), name), **given})
                _show(_claims(document, country), explain=explain)
    if failed:
        sys.exit(1)


def _read_lines(file: IO[bytes], given: dict[str, Any], country: Country) -> bool:
    """Read one document a line; a line that cannot be read gets one that says why, and the rest are read."""
    failed = False
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        name = ""
        try:
            document = _document({**given, **_told(line)})
            name = document.doc_id
            document, doubt = _dated(document, country)
            print_json({"doc_id": name, "claims": msgspec.to_builtins(_claims(document, country)), **doubt})
        except TocsinError as error:
            failed = True
            warnings.print(f"line {number}: {error}", markup=False)
            print_json({"doc_id": name, "claims": [], "error": str(error)})
    return failed


def _dated(document: Document, country: Country) -> tuple[Document, dict[str, str]]:
    """Return a document without a date that cannot be read, and a warning: its claims are not lost for it."""
    from tocsin.record.reading import day

    try:
        day(document.published, ZoneInfo(country.timezone))
    except SourceGarbled as error:
        return msgspec.structs.replace(document, published=None), {"warning": str(error)}
    return document, {}


def _told(line: bytes) -> dict[str, Any]:
    """Return what a line says of its document; a null is as if it was not said."""
    try:
        told = json.loads(line)
        return {key: value for key, value in told.items() if value is not None and key in _FIELDS}
    except (ValueError, AttributeError) as error:
        raise SourceGarbled(
            f"reading a line: it is no JSON object: {error}", todo='give {"text": ...}'
        ) from None


def _document(told: dict[str, Any]) -> Document:
    from tocsin.record.claims import Document

    try:
        return msgspec.convert(told, Document)
    except msgspec.ValidationError as error:
        raise SourceGarbled(
            f"reading a document: {error}", todo="doc_id, text and the rest are strings"
        ) from None


def _claims(document: Document, country: Country) -> list[Claim]:
    from tocsin.languages import gazetteer, guess, load  # `tocsin serve` must not load the record half
    from tocsin.record.reading import read as read_text

    language = load(document.lang or guess(document.text))
    places = _PLACES.get(country.code) or _PLACES.setdefault(country.code, gazetteer(country))
    return read_text(document, language, places, ZoneInfo(country.timezone))


def _text(data: bytes, name: str) -> str:
    if len(data) > _MOST:
        raise SourceGarbled(
            f"reading {name}: it has more than {_MOST:,} bytes", todo="give one report, or --jsonl"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceGarbled(
            f"reading {name}: byte {error.start:,} is no UTF-8",
            todo="convert the file to UTF-8; a binary file is no text",
        ) from None


def _show(claims: list[Claim], *, explain: bool) -> None:
    if not claims:
        console.print("no claims")
    elif explain:
        for claim in claims:
            console.print(_tree(claim))
    else:
        console.print(_table(claims))


def _figure(claim: Claim) -> str:
    count = "?" if claim.count is None else str(claim.count)
    return (
        count if claim.count_qualifier == "exact" else f"{count} ({claim.count_qualifier.replace('_', ' ')})"
    )


def _table(claims: list[Claim]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("kind", "count", "who says it", "when", "where", "words"):
        table.add_column(column)
    for claim in claims:
        table.add_row(
            claim.kind,
            _figure(claim),
            claim.attributed_to,
            claim.when,
            claim.area or claim.place,
            claim.text_span,
        )
    return table


def _tree(claim: Claim) -> Tree:
    tree = Tree(f"{claim.kind} {_figure(claim)}  {claim.span_start}-{claim.span_end}", highlight=False)
    tree.add(repr(claim.text_span))
    for step in claim.because:
        tree.add(f"{step.rule}: {step.words!r}")
    for said, value in (
        ("polarity", claim.polarity),
        ("area", claim.area),
        ("hedges", ", ".join(claim.hedges)),
    ):
        if value and value != "asserted":
            tree.add(f"{said}: {value}")
    if claim.background:
        tree.add("background")
    return tree
