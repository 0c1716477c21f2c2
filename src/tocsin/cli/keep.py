"""Commands for whoever runs a server: import, key, verify, config, pack."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tocsin import config, wire
from tocsin.app.checkpoint import signing_key
from tocsin.app.serve import log_path, map_path
from tocsin.app.upstreams.table import names_of
from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    json_option,
    moment,
    print_json,
    settings,
    warnings,
)
from tocsin.desk.keys import Keys, Principal
from tocsin.errors import ConfigError, KeyTaken, SourceError
from tocsin.geometry import read_map
from tocsin.log import checked, note
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm, SourceId, Threat
from tocsin.sources import sirens_csv

_BATCH = 5_000  # rows that share one sync
_SHOWN = 20  # bad rows that are printed; all are counted


@click.group("import")
def import_() -> None:
    """Take the past in. It changes no present state and is never sounded."""


@import_.command("sirens-csv")
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@click.option("--from", "since", help="Only rows that end after this. Default: all.")
@click.option("--to", "until", help="Only rows that begin before this. Default: all.")
@config_option
@json_option
def sirens(
    file: Path,
    data: str | None,
    since: str | None,
    until: str | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Import a table of siren alerts (.csv or .csv.gz), official or volunteer columns."""
    values = settings(config_file, data=data)
    begin, end = moment(since, "--from"), moment(until, "--to")
    begun = time.monotonic()
    log = SqliteLog(log_path(Path(values["data"]), Realm.ACTUAL))
    rows = sirens_csv.decode(sirens_csv.open_table(file), country_of(values).areas)
    wanted = (
        row
        for row in rows
        if isinstance(row, SourceError)
        or ((begin is None or row.episode.until > begin) and (end is None or row.episode.since < end))
    )
    counts = {"added": 0, "known": 0, "refused": 0}
    try:
        with Progress(TextColumn("{task.description}"), TextColumn("{task.completed} rows"), console=warnings,
                      disable=as_json or not warnings.is_terminal) as progress:  # fmt: skip
            task = progress.add_task(f"importing {file.name}", total=None)
            while batch := list(islice(wanted, _BATCH)):
                _append(log, batch, counts)
                progress.advance(task, len(batch))
    finally:
        log.close()
    result = {**counts, "seconds": round(time.monotonic() - begun, 2)}
    if as_json:
        print_json(result)
    else:
        console.print(
            "{added} rows added, {known} known already, {refused} refused, in {seconds} s".format(**result)
        )
    if counts["refused"]:
        raise SourceError(
            f"{counts['refused']} rows of {file} were refused; the others are in the log",
            todo="mend the rows that are named above and import the file again: nothing is added twice",
        )


def _append(log: SqliteLog, batch: Sequence[sirens_csv.Row | SourceError], counts: dict[str, int]) -> None:
    now = datetime.now(UTC)
    problems: list[Exception] = []
    with log.batch():
        for row in batch:
            if isinstance(row, SourceError):
                problems.append(row)
                continue
            episode = row.episode
            key = f"episode/{episode.source}/{episode.area}/{episode.threat}/{wire.stamp(episode.since)}"
            try:
                counts["added" if log.append(key, wire.encode(episode), now).new else "known"] += 1
            except KeyTaken as error:
                problems.append(
                    SourceError(
                        f"row {row.number}: {episode.area} from {wire.stamp(episode.since)} ended "
                        f"{wire.stamp(episode.until)}, it says; "
                        f"entry {error.values['seq']} says otherwise",
                        todo="the entry is kept; correct the table, or the entry by a ruling",
                    )
                )
    for problem in problems[: max(0, _SHOWN - counts["refused"])]:
        warnings.print(str(problem), style="yellow")
    counts["refused"] += len(problems)


@click.group()
def key() -> None:
    """Make, list and end the keys of feeds and operators."""


@key.command("add")
@click.argument("name")
@click.option(
    "--areas", required=True, help="Codes or names of areas, separated by commas; UA is the whole country."
)
@click.option(
    "--threats", default="air", show_default=True, help="Codes separated by commas, or '*' for all."
)
@click.option(
    "--realm",
    type=click.Choice(["actual", "exercise", "test"]),
    required=True,
    help="The one realm that it opens.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A new file for the key, mode 0600, instead.")
@data_option
@config_option
def key_add(
    name: str,
    areas: str,
    threats: str,
    realm: str,
    out: Path | None,
    data: str | None,
    config_file: Path | None,
) -> None:
    """Make a key NAME and print it once, alone on the last line."""
    if out is not None and out.exists():
        raise ConfigError(f"{out} exists", todo="give the key a new file: it is shown only once")
    values = settings(config_file, data=data)
    known = country_of(values).areas
    found = tuple(known.find(area.strip()) for area in areas.split(",") if area.strip())
    codes = tuple(Threat(threat.strip()) for threat in threats.split(",") if threat.strip())
    if not found or not codes:
        raise ConfigError(
            "a key needs areas and threats", todo="give --areas UA80 and --threats air, for example"
        )
    keys = Keys(Path(values["data"]), taken=names_of(values))
    made = keys.add(Principal(SourceId(name), found, codes, Realm(realm)), datetime.now(UTC))
    names = ", ".join(known.name(area, "en") for area in found)
    click.echo(
        f"{name}: {names}; threats {', '.join(codes)}; realm {realm}. The key is shown only now:", err=True
    )
    if out is None:
        click.echo(made)
        return
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(made + "\n")


@key.command("list")
@data_option
@config_option
@json_option
def key_list(data: str | None, config_file: Path | None, as_json: bool) -> None:
    """List who may say what; never the keys themselves."""
    rows = Keys(Path(settings(config_file, data=data)["data"]), make=False).all()
    if as_json:
        print_json([{**wire.jsonable(who), "created": wire.stamp(made)} for who, made in rows])
        return
    table = Table(box=None, header_style="bold")
    for column in ("name", "realm", "areas", "threats", "made", ""):
        table.add_column(column)
    for who, made in rows:
        state = "revoked" if who.revoked else ""
        table.add_row(
            who.name, who.realm, " ".join(who.areas), " ".join(who.threats), wire.stamp(made), state
        )
    console.print(table)


@key.command("revoke")
@click.argument("name")
@data_option
@config_option
def key_revoke(name: str, data: str | None, config_file: Path | None) -> None:
    """End the key NAME. What it raised stays raised until somebody clears it."""
    Keys(Path(settings(config_file, data=data)["data"]), make=False).revoke(name, datetime.now(UTC))
    click.echo(f"{name} is revoked")


@click.command()
@data_option
@click.option(
    "--realm", type=click.Choice([str(realm) for realm in Realm]), default="actual", help="Default: actual."
)
@config_option
@json_option
@click.option(
    "--against",
    "--note",
    "note_file",
    type=click.Path(path_type=Path),
    help="Hold the log against an old signed note too, as /v1/checkpoint gave it.",
)
@click.option("--note-key", help="The note's public key. Default: that of the data folder.")
def verify(
    data: str | None,
    realm: str,
    config_file: Path | None,
    as_json: bool,
    note_file: Path | None,
    note_key: str | None,
) -> None:
    """Check every entry of the log against the hash chain."""
    values = settings(config_file, data=data)
    held = None if note_file is None else _read_note(note_file, note_key, Path(values["data"]))
    log = SqliteLog(log_path(Path(values["data"]), Realm(realm)), append=False)
    count = erased = 0
    with _counting(as_json) as progress:
        task = progress.add_task("verifying", total=log.last_given())
        for entry in checked(log):
            count += 1
            erased += entry.body is None
            if count % 5_000 == 0:
                progress.update(task, completed=count)
        progress.update(task, completed=count)
    head = log.head
    if held is not None:
        note.compare(log, held)
    if as_json:
        found = {"ok": True, "epoch": log.epoch, "entries": count, "erased": erased, "head": head.hash.hex()}
        print_json(found if held is None else {**found, "note": held.seq})
    else:
        console.print(
            f"log {log.epoch} ({log.realm}): {count} entries, {erased} erased, all as appended; "
            f"head {head.hash.hex()}"
        )
        if held is not None:
            console.print(f"entry {held.seq} is the one that was signed on {held.at}")


def _read_note(file: Path, key: str | None, folder: Path) -> note.Note:
    """Return a note whose signature is right, by a given key or by that of a data folder."""
    if key is None and not (folder / "checkpoint.key").exists():  # asking for it would make one
        raise ConfigError(
            f"{folder} has no key of signed notes", todo="give --note-key, as /v1/checkpoint.key has it"
        )
    try:
        signed = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the note {file}: {error}", todo="check the path") from error
    return note.read(signed, note.public_of(signing_key(folder)) if key is None else key.strip())


def _counting(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=warnings,
        disable=quiet or not warnings.is_terminal,
    )


@click.command("config")
@click.option("--defaults", is_flag=True, help="A settings file with every default, and what each is for.")
@config_option
@json_option
def config_(defaults: bool, config_file: Path | None, as_json: bool) -> None:
    """Print every setting as it holds here."""
    if defaults:
        click.echo(config.defaults_toml())
        return
    values = settings(config_file)
    if as_json:
        print_json(values)
        return
    for setting in config.SETTINGS:
        console.print(f"{setting.name} = {values[setting.name]!r}  [dim]{setting.about}[/dim]")


@click.group()
def pack() -> None:
    """Add to the country pack what does not come with it."""


@pack.command("geometry")
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@config_option
def pack_geometry(file: Path, data: str | None, config_file: Path | None) -> None:
    """Take finer borders from a FILE (GeoJSON or TopoJSON keyed by the area code) for the map."""
    values = settings(config_file, data=data)
    areas = country_of(values).areas
    try:
        found = read_map(file.read_bytes(), areas)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", todo="check the path") from error
    if found.unknown:
        codes = ", ".join(found.unknown[:5]) + (" ..." if len(found.unknown) > 5 else "")
        warnings.print(f"{len(found.unknown)} codes are of no area here, left out: {codes}", style="yellow")
    path = map_path(Path(values["data"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.to_svg(areas), encoding="utf-8")
    console.print(f"{len(found.areas)} areas, written to {path}; shown from the next start of the server on")
