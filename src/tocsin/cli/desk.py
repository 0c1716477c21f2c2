"""Commands for who may do what at the desk, and what was done there: desk, audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from tocsin import wire
from tocsin.app.fold import kind_of
from tocsin.app.serve import log_path
from tocsin.app.upstreams.table import names_of
from tocsin.areas import Areas
from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    doors,
    json_option,
    print_json,
    settings,
)
from tocsin.desk.drills import Drill, Drills
from tocsin.desk.guard import LOOPBACK
from tocsin.desk.people import People
from tocsin.desk.rights import Entitlement, Role
from tocsin.errors import ConfigError
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Approval, AreaId, Realm, Threat

_REALMS = [str(Realm.ACTUAL), str(Realm.EXERCISE)]
_areas = click.option("--areas", default="", help="Codes or names, with commas. Default: the whole country.")
_threats = click.option("--threats", default="*", help="Codes, with commas. Default: every one.")
_authority = click.option("--authority", required=True, help="The office that they speak for: kyiv-office.")


@click.group()
def desk() -> None:
    """Say who may raise, end, approve and manage at the desk."""


@desk.command()
@click.argument("name")
@_authority
@_areas
@data_option
@config_option
def init(name: str, authority: str, areas: str, data: str | None, config_file: Path | None) -> None:
    """Make the first administrator NAME, who may raise and approve too. Prints a link a realm, once."""
    values = settings(config_file, data=data)
    people = People(Path(values["data"]), taken=names_of(values))
    try:
        if any(not one.revoked for one in people.all()):
            raise ConfigError(
                "this desk has people already",
                todo="add another with `tocsin desk add`, see `tocsin desk list`",
            )
        found = _found(country_of(values).areas, areas)
        held = [
            Entitlement(role, found, (Threat("*"),), realm)
            for realm in (Realm.ACTUAL, Realm.EXERCISE)
            for role in (Role.ADMINISTRATOR, Role.SUPERVISOR)
        ]
        people.add(name, authority, held, datetime.now(UTC))
        _print_links(people, values, name, (Realm.ACTUAL, Realm.EXERCISE))
    finally:
        people.close()


@desk.command()
@click.argument("name")
@_authority
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([str(one) for one in Role]),
              help="What they are; may be given several times.")  # fmt: skip
@_areas
@_threats
@click.option("--realm", "realms", multiple=True, type=click.Choice(_REALMS), default=["exercise"],
              help="Where; may be given several times. Default: exercise.")  # fmt: skip
@data_option
@config_option
def add(name: str, authority: str, roles: Sequence[str], areas: str, threats: str, realms: Sequence[str],
        data: str | None, config_file: Path | None) -> None:  # fmt: skip
    """Take NAME in, or give NAME other rights. Prints a link for a first log-in, once."""
    values = settings(config_file, data=data)
    people = People(Path(values["data"]), taken=names_of(values))
    try:
        found = _found(country_of(values).areas, areas)
        codes = tuple(Threat(one.strip()) for one in threats.split(",") if one.strip())
        where = [Realm(realm) for realm in realms]
        held = [Entitlement(Role(role), found, codes, realm) for realm in where for role in roles]
        people.add(name, authority, held, datetime.now(UTC))
        _print_links(people, values, name, where)
    finally:
        people.close()


@desk.command()
@click.argument("name")
@click.option("--realm", type=click.Choice(_REALMS), default="exercise", show_default=True, help="Where.")
@data_option
@config_option
def invite(name: str, realm: str, data: str | None, config_file: Path | None) -> None:
    """Print a new link by which NAME makes a passkey, once, within an hour."""
    values = settings(config_file, data=data)
    people = People(Path(values["data"]), make=False)
    try:
        person = people.get(name)
        if person is None or person.revoked:
            raise ConfigError(f"there is nobody called {name!r} here", todo="see `tocsin desk list`")
        _print_links(people, values, name, [Realm(realm)])
    finally:
        people.close()


@desk.command("list")
@data_option
@config_option
@json_option
def list_(data: str | None, config_file: Path | None, as_json: bool) -> None:
    """List who may do what at the desk."""
    people = People(Path(settings(config_file, data=data)["data"]), make=False)
    everybody = people.all()
    people.close()
    if as_json:
        print_json([wire.jsonable(person) for person in everybody])
        return
    table = Table(box=None, header_style="bold")
    for column in ("name", "authority", "realm", "role", "areas", "threats"):
        table.add_column(column)
    for person in everybody:
        if person.revoked:
            table.add_row(person.name, person.authority, "", "revoked", "", "")
            continue
        for one in person.held:
            where = " ".join(one.areas)
            table.add_row(person.name, person.authority, one.realm, one.role, where, " ".join(one.threats))
    console.print(table)


@desk.command()
@click.argument("name")
@data_option
@config_option
def revoke(name: str, data: str | None, config_file: Path | None) -> None:
    """End every right, credential and session of NAME at once. What they raised stays raised."""
    people = People(Path(settings(config_file, data=data)["data"]), make=False)
    try:
        people.revoke(name, datetime.now(UTC))
    finally:
        people.close()
    click.echo(f"{name} is revoked")


@desk.command()
@click.argument("name")
@click.option("--begins", required=True, help="With a zone: 2026-11-25T12:00Z.")
@click.option("--ends", required=True, help="With a zone; what the drill raised ends then by itself.")
@_areas
@data_option
@config_option
def drill(name: str, begins: str, ends: str, areas: str, data: str | None, config_file: Path | None) -> None:
    """Announce the exercise NAME, with an end. The public page /drills lists it."""
    values = settings(config_file, data=data)
    drills = Drills(Path(values["data"]))
    try:
        since, until = wire.read_moment(begins, "--begins"), wire.read_moment(ends, "--ends")
        found = _found(country_of(values).areas, areas)
        drills.add(Drill(name, found, since, until), datetime.now(UTC))
    finally:
        drills.close()
    click.echo(f"{name} is announced until {wire.stamp(until)}")


@click.command()
@data_option
@click.option(
    "--realm", type=click.Choice([str(one) for one in Realm]), default="actual", help="Default: actual."
)
@config_option
def audit(data: str | None, realm: str, config_file: Path | None) -> None:
    """Print every act of a person at the desk as lines of JSON: who, with what, from where, what they saw."""
    log = SqliteLog(log_path(Path(settings(config_file, data=data)["data"]), Realm(realm)), append=False)
    try:
        for entry in log.read():
            kind = kind_of(entry)
            if isinstance(kind, Approval):
                print_json({"seq": entry.seq, "at": wire.stamp(entry.at), **wire.jsonable(kind)})
    finally:
        log.close()


def _found(areas: Areas, names: str) -> tuple[AreaId, ...]:
    found = tuple(areas.find(name.strip()) for name in names.split(",") if name.strip())
    return found or (areas.root,)


def _print_links(people: People, values: dict[str, Any], name: str, realms: Sequence[Realm]) -> None:
    base = values["desk_origin"]
    if base == LOOPBACK:  # a passkey needs a name, not an address
        at = doors(values["data"]).get("desk", f"http://{values['desk']}")
        base = at.replace("127.0.0.1", "localhost")
    click.echo(f"{name} makes a passkey here, once, within an hour; a link is shown only now:", err=True)
    for realm in realms:
        token = people.invite(name, realm, datetime.now(UTC))
        click.echo(f"{base.rstrip('/')}/{realm}/en/enrol/{token}")
