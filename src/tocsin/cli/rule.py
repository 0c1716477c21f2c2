"""Command by which a person decides about the record: report rule."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from tocsin import wire
from tocsin.app.serve import log_path
from tocsin.cli.common import config_option, console, data_option, json_option, print_json, settings
from tocsin.errors import ConfigError, LogHeld
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Decided, Realm, Ruling

_WHAT = {  # what each act is about, and how many at least
    Decided.MERGE: ("incidents, the first of which stays", 2),
    Decided.SPLIT: ("claims such as 12.3", 1),
    Decided.ACCEPT: ("claims, reports or incidents", 1),
    Decided.RETRACT: ("claims such as 12.3 or reports such as 12", 1),
    Decided.WITHHOLD: ("claims such as 12.3 or reports such as 12", 1),
    Decided.RELEASE: ("claims such as 12.3 or reports such as 12", 1),
}


@click.command("rule")
@click.argument("act", type=click.Choice([str(act) for act in Decided]))
@click.argument("about", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; it stands in the log for ever.")
@click.option("--by", required=True, help="Who decided it.")
@data_option
@config_option
@json_option
def rule(
    act: str, about: tuple[str, ...], reason: str, by: str, data: str | None, config_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Put a decision ABOUT claims (12.3), reports (12) or incidents into the log; no server may run."""
    decided = Decided(act)
    what, least = _WHAT[decided]
    if len(set(about)) < least or not reason.strip() or not by.strip():
        raise ConfigError(
            f"{act} is about {least} or more {what}, with a reason and a name", todo="give them"
        )
    ruling = Ruling(Realm.ACTUAL, secrets.token_hex(8), decided, about, reason.strip(), by.strip())
    folder = settings(config_file, data=data)["data"]
    try:
        log = SqliteLog(log_path(Path(folder), Realm.ACTUAL))
    except LogHeld as error:
        raise ConfigError(
            f"a server of {folder} runs, and it alone may write its log", todo="stop it"
        ) from error
    try:
        if decided not in (Decided.MERGE, Decided.ACCEPT):
            _check(log, about)
        place = log.append(f"ruling/{ruling.id}", wire.encode(ruling), datetime.now(UTC)).seq
    finally:
        log.close()
    if as_json:
        print_json({"epoch": log.epoch, "seq": place})
    else:
        console.print(f"{act} {', '.join(about)}: entry {place}", markup=False)


def _check(log: SqliteLog, about: tuple[str, ...]) -> None:
    """Do nothing if each of these names a report of this log, or a claim in one.

    Raises:
        ConfigError: One does not: a mistyped name would decide nothing and look as if it had.
    """
    for name in about:
        seq, _, number = name.partition(".")
        entry = (
            next(log.read(int(seq) - 1, 1), None) if seq.isascii() and seq.isdigit() and int(seq) else None
        )
        if (
            entry is None
            or entry.seq != int(seq)
            or not entry.key.startswith("report/")
            or ("." in name and not (number.isascii() and number.isdigit() and int(number)))
        ):
            raise ConfigError(
                f"{name!r} is no report of this log and no claim in one",
                todo="see the brackets in a bulletin: 12.3 is the third claim of the report at place 12",
            )
