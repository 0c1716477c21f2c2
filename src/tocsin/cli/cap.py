"""`tocsin cap`: what is wrong with CAP messages, by rule and line."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tocsin import wire
from tocsin.app.cap_keys import make_key, read_keys, warning_of
from tocsin.cap.known import Known
from tocsin.cap.lint import RULES, WORST_LAST, Finding, Verdict, quoted
from tocsin.cap.read import Reading, read
from tocsin.cap.tree import MAX_BYTES
from tocsin.cli.common import config_option, data_option, json_option, print_json, settings


@click.group()
def cap() -> None:
    """Look at alert messages in the Common Alerting Protocol."""


@cap.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--known",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A message that was heard before, which the others may refer to. May be repeated.",
)
@json_option
def lint(files: tuple[Path, ...], known: tuple[Path, ...], as_json: bool) -> None:
    """Print what is wrong with CAP messages or feeds, by rule and line.

    Each file knows the files before it. Ends with 0 if all are accepted (warnings allowed), with 1 if one
    is quarantined, with 2 if one is refused or cannot be opened.
    """
    heard = Known()
    for file in known:
        for reading in read(_bytes_of(file)):
            heard.hear(reading)
    worst = Verdict.ACCEPTED
    for file in files:
        for number, reading in enumerate(read(_bytes_of(file)), 1):
            judged = heard.judge(reading)
            heard.hear(judged)
            worst = max(worst, judged.verdict, key=WORST_LAST.index)
            if as_json:
                print_json(_jsonable(file, number, judged))
            else:
                _print(file, judged)
    sys.exit(WORST_LAST.index(worst))


@cap.command("keys")
@click.option("--new", metavar="NAME", help="Make a key with a certificate of its own, valid for a year.")
@data_option
@config_option
@json_option
def keys(new: str | None, data: str | None, config_file: Path | None, as_json: bool) -> None:
    """Print the keys that sign our messages, and when they end.

    Ends with 1 from 60 days before the last one ends.
    """
    values, now = settings(config_file, data=data), datetime.now(UTC)
    folder = Path(values["data"])
    if new is not None:
        make_key(folder, new, now)
    found = read_keys(folder)
    due = warning_of(found, now)
    if as_json:
        rows = [
            {"name": one.name, "ends": wire.stamp(one.ends), "days": (one.ends - now).days} for one in found
        ]
        print_json({"keys": rows, "warning": due})
    else:
        for one in found:
            path = folder / "cap" / f"{one.name}.pem"
            click.echo(
                f"{one.name}: ends {one.ends:%Y-%m-%d}, in {(one.ends - now).days} days; certificate {path}"
            )
        click.echo(due or ("no message is signed: there is no key" if not found else "nothing is due"))
    sys.exit(0 if due is None else 1)


def _bytes_of(file: Path) -> bytes:
    """Return a file, or one byte more than is read of it; `-` is standard input."""
    try:
        with click.open_file(str(file), "rb") as opened:
            found: bytes = opened.read(MAX_BYTES + 1)
            return found
    except OSError as error:
        raise click.UsageError(f"cannot open {file}: {error.strerror or error}") from error


def _jsonable(file: Path, number: int, reading: Reading) -> dict[str, Any]:
    message = reading.message
    named = message and {
        "identifier": message.identifier,
        "sender": message.sender,
        "sent": wire.stamp(message.sent),
        "status": message.status,
        "msgType": message.type,
        "scope": message.scope,
    }
    return {
        "file": str(file),
        "number": number,
        "verdict": reading.verdict,
        "message": named,
        "findings": [
            {
                "rule": one.rule,
                "verdict": one.verdict,
                "line": one.line or None,
                "says": RULES[one.rule].says,
                "found": one.found,
                "done": RULES[one.rule].done,
            }
            for one in reading.findings
        ],
    }


def _print(file: Path, reading: Reading) -> None:
    for one in reading.findings:
        click.echo(_line(file, one))
    counts = Counter(one.rule for one in reading.findings if one.verdict is Verdict.ACCEPTED)
    warnings = counts.total()
    told = f"{file}: {reading.verdict}"
    if reading.message is not None:
        told += f": {quoted(reading.message.identifier)} of {quoted(reading.message.sender)}"
    if warnings:
        told += f", {warnings} warning{'s' if warnings != 1 else ''}"
    click.echo(told)


def _line(file: Path, one: Finding) -> str:
    rule = RULES[one.rule]
    word = "warning" if one.verdict is Verdict.ACCEPTED else one.verdict.value
    place = f"{file}:{one.line}" if one.line else f"{file}"
    return f"{place}: {word} {one.rule}: {rule.says} Found: {one.found}. {rule.done}"
