"""Commands that only read: board, history, why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from tocsin import wire
from tocsin.app.serve import log_path
from tocsin.areas import Areas, Country
from tocsin.cli.common import (
    board_table,
    config_option,
    console,
    country_of,
    data_option,
    doors,
    fetch,
    fitting,
    json_option,
    moment,
    print_json,
    settings,
    warnings,
)
from tocsin.errors import ConfigError
from tocsin.log import Entry, Log, checked
from tocsin.log.sqlite import SqliteLog, held
from tocsin.model import Act, Alert, Realm, Signal, State, Threat
from tocsin.public import frames
from tocsin.public.history import csv_text, of_level, past_json
from tocsin.public.words import inert
from tocsin.views.history import PACK, AreaPast, History, peak
from tocsin.warn.told import Told

_FIRST = datetime.min.replace(tzinfo=UTC)

_realm = click.option(
    "--realm",
    type=click.Choice([str(realm) for realm in Realm]),
    default="actual",
    help="Which realm. Default: actual.",
)


@click.command()
@click.option("--url", help="A public door. Default: that of the server of --data, else the log itself.")
@data_option
@_realm
@config_option
@json_option
def board(url: str | None, data: str | None, realm: str, config_file: Path | None, as_json: bool) -> None:
    """Print what every area is told now, raised first."""
    values = settings(config_file, data=data)
    areas = country_of(values).areas
    path = log_path(Path(values["data"]), Realm(realm))
    address = url or _public_door(values, path, Realm(realm), data)
    if address:
        shown = fetch(f"{address.rstrip('/')}/v1/board.json")
        title = f"{address}, as of {shown['as_of']}"
    else:
        if realm != "actual" and held(path):
            warnings.print(f"the public door shows no {realm}; its desk does: GET /v1/board.json with a key")
        shown = _board_of_log(path, areas)
        title = f"{path}, as of {shown['as_of']}; no server vouches for a clear, so it is shown as unknown"
    if as_json:
        print_json(shown)
        return
    if "notice" in shown:
        console.print(f"[reverse] {shown['notice']} [/reverse]")
    console.print(title, markup=False)
    console.print(board_table(shown, areas))


def _public_door(values: dict[str, Any], path: Path, realm: Realm, data: str | None) -> str | None:
    """Return where a server shows this board; None where the log itself is to be read."""
    if realm is not Realm.ACTUAL:
        return None  # the public door shows the actual one only
    if path.exists():
        return doors(values["data"]).get("public") if held(path) else None
    return None if data is not None else f"http://{values['public']}"


def _board_of_log(path: Path, areas: Areas) -> dict[str, Any]:
    """Fold the alerts of a log that nobody serves.  Nobody is in contact, so no clear holds."""
    log = SqliteLog(path, append=False)
    told, at, seq = Told(areas), datetime.now(UTC), 0
    for entry in checked(log):
        kind = wire.decode(entry.body) if entry.body is not None else None
        if isinstance(kind, Alert):
            told.hear(kind)
        seq, at = entry.seq, entry.at
    shown = frames.board_json(told, areas, frames.Moment(log.epoch, seq, log.realm, at, {}, None))
    log.close()
    return shown


@click.command()
@data_option
@click.option("--from", "since", help="Begin, with a zone. Default: a day before --to.")
@click.option("--to", "until", help="End, exclusive. Default: now.")
@click.option("--level", default="oblast", show_default=True, help="The level of the areas.")
@click.option("--threat", help="Only this one. Default: any.")
@click.option("--intervals", is_flag=True, help="List the stretches too (JSON).")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", help="Default: table."
)
@_realm
@config_option
@json_option
def history(
    data: str | None,
    since: str | None,
    until: str | None,
    level: str,
    threat: str | None,
    intervals: bool,
    form: str,
    realm: str,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Print how long each area was raised in a window, and the most areas at once."""
    values = settings(config_file, data=data)
    areas = country_of(values).areas
    now = datetime.now(UTC)
    end = moment(until, "--to") or now
    begin = moment(since, "--from") or max(end, _FIRST + timedelta(days=1)) - timedelta(days=1)
    if begin >= end:
        raise ConfigError("--from is not before --to", todo="give a window that has a length")
    asked = of_level(areas, level)
    log = SqliteLog(log_path(Path(values["data"]), Realm(realm)), append=False)
    past_of = _history(log, country_of(values), standing=form != "csv")  # a table of the log lists the log
    kind = Threat(threat) if threat else None
    if form == "csv":
        click.echo(csv_text(past_of, areas, begin, end, kind), nl=False)
        return
    past = past_of.past(begin, end, asked, now=now, threat=kind)
    if as_json or form == "json":
        print_json([past_json(row, spans=intervals) for row in past])
        return
    most = peak(past)
    when = f", {wire.stamp(most.since)} to {wire.stamp(most.until)}" if most.since and most.until else ""
    console.print(f"{wire.stamp(begin)} to {wire.stamp(end)}: at most {most.areas} areas at once{when}")
    console.print(_history_table(past, areas))


def _history_table(past: list[AreaPast], areas: Areas) -> Table:
    """Return the sums as a table; on a narrow terminal without the codes, then without the seconds."""
    columns = ["area", "code", "under alert", "seconds", "inferred end, s", "standing, s"]

    def make(left_out: tuple[str, ...]) -> Table:
        kept = [column for column in columns if column not in left_out]
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in kept:
            table.add_column(column, justify="left" if column in ("area", "code") else "right")
        for row in sorted(past, key=lambda row: -row.seconds):
            hours, rest = divmod(row.seconds, 3600)
            told = {
                "area": areas.name(row.area, "en"),
                "code": row.area,
                "under alert": f"{hours} h {rest // 60:02d} min {rest % 60:02d} s",
                "seconds": str(row.seconds),
                "inferred end, s": str(row.inferred_seconds or ""),
                "standing, s": str(row.standing_seconds or ""),
            }
            table.add_row(*(told[column] for column in kept))
        return table

    return fitting([lambda: make(()), lambda: make(("code",)), lambda: make(("code", "seconds"))])


def _history(log: Log, country: Country, *, standing: bool) -> History:
    """Return the past that a log holds, and with it the raises that have stood for years, log or no log."""
    past = History(country.areas)
    for one in country.standing if standing else ():
        name = f"standing/{one.area}/{one.threat}"
        past.learn(one.since, Signal(log.realm, PACK, name, one.area, one.threat, Act.RAISED, one.since))
    with warnings.status("reading the log ..."):
        for entry in checked(log):
            if entry.body is not None:
                past.learn(entry.at, wire.decode(entry.body))
    return past


@click.command()
@click.argument("place", type=str)
@data_option
@_realm
@config_option
@json_option
def why(place: str, data: str | None, realm: str, config_file: Path | None, as_json: bool) -> None:
    """Print the entry at a PLACE (SEQ or EPOCH-SEQ) and, back to the source, what caused it."""
    values = settings(config_file, data=data)
    log = SqliteLog(log_path(Path(values["data"]), Realm(realm)), append=False)
    epoch, _, number = place.rpartition("-")
    if not number.isdigit() or (epoch and epoch != log.epoch):
        raise ConfigError(
            f"{place!r} is no place in the log {log.epoch}",
            todo="give a number, or EPOCH-SEQ as in the stream",
        )
    chain = _causes(log, int(number))
    if as_json:
        print_json([_entry_json(entry) for entry in chain])
        return
    for depth, entry in enumerate(chain):
        console.print(
            f"{'  ' * depth}[bold]{entry.seq}[/bold] {wire.stamp(entry.at)}  {_plain(_in_words(entry))}"
        )
        console.print(f"{'  ' * depth}  [dim]{_plain(entry.key)}  hash {entry.hash.hex()[:16]}[/dim]")


def _plain(text: str) -> str:
    """Return other people's words so that they neither style nor steer the terminal."""
    return escape(str(inert(text)))


def _causes(log: Log, seq: int) -> list[Entry]:
    found: list[Entry] = []
    waiting = [seq]
    while waiting:
        place = waiting.pop()
        entry = next(iter(log.read(place - 1, 1)), None) if place >= 1 else None
        if entry is None or entry.seq != place:
            raise ConfigError(f"there is no entry {place}", todo=f"choose one from 1 to {log.head.seq}")
        found.append(entry)
        kind = wire.decode(entry.body) if entry.body is not None else None
        because = getattr(kind, "because", ())
        waiting.extend(because if isinstance(because, tuple) else (because,))
    return found


def _entry_json(entry: Entry) -> dict[str, Any]:
    body = wire.jsonable(wire.decode(entry.body)) if entry.body is not None else None
    return {
        "seq": entry.seq,
        "at": wire.stamp(entry.at),
        "key": entry.key,
        "hash": entry.hash.hex(),
        "body": body,
    }


def _in_words(entry: Entry) -> str:
    if entry.body is None:
        return "its words were erased"
    kind = wire.decode(entry.body)
    if isinstance(kind, Alert):
        names = ", ".join(kind.areas[:4]) + (
            f" and {len(kind.areas) - 4} more" if len(kind.areas) > 4 else ""
        )
        note = " (raised in error)" if kind.cancelled else " (set aside)" if kind.set_aside else ""
        by = ", ".join(kind.sources) or "nobody"
        return f"we said: {names} {kind.threat} {State(kind.state).value}{note}, by {by}"
    if isinstance(kind, Signal):
        return (
            f"{kind.source} said: {kind.area} {kind.threat} {kind.state.value}, sent {wire.stamp(kind.sent)}"
        )
    return f"{type(kind).__name__.lower()}: {wire.jsonable(kind)}"
