"""Commands for who is told beside the public door: channel, channels."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from tocsin.app.channels import report_of
from tocsin.app.clock import WallClock
from tocsin.channels import Endpoint
from tocsin.channels.apprise import PER_MINUTE, read_service
from tocsin.channels.broker import read_address
from tocsin.channels.guard import check_url, read_allowed
from tocsin.channels.siren import MOST_S, SECONDS, public_of
from tocsin.channels.subscribers import OVERLAP_S, Subscribers
from tocsin.channels.webhook import secret_of
from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    json_option,
    print_json,
    settings,
)
from tocsin.errors import ConfigError
from tocsin.model import AreaId

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_areas = click.option("--areas", help="Area codes, with commas between. Default: all.")
_name = click.option("--name", help="What it is called here. Default: made from its address.")


def _endpoint_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (config_option, data_option, _name, _areas):
        command = option(command)
    return command


@click.group()
def channel() -> None:
    """Add, list and remove the endpoints that are told of alerts. Only actual alerts reach them."""


@channel.group()
def add() -> None:
    """Add an endpoint. A running server begins to tell it within a second."""


@add.command()
@click.argument("url")
@_endpoint_options
@click.option("--beats/--no-beats", default=True, help="Whether it is told every 10 s that all is as it was.")
def webhook(
    url: str, areas: str | None, name: str | None, data: str | None, config_file: Path | None, beats: bool
) -> None:
    """Post alerts to an https address. Prints the secret that signs them, once."""
    values = settings(config_file, data=data)
    host = check_url(url, read_allowed(values["channels_allow"]))
    secret = secret_of(secrets.token_bytes(32))
    options = {} if beats else {"beats": "off"}
    _keep(values, "webhook", url, name or _named(host), areas, (secret,), options)
    click.echo(secret)


@add.command()
@click.argument("address")
@_endpoint_options
@click.option("--user", help="The user at the broker. Default: none.")
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="A file that holds the user's password."
)
def mqtt(
    address: str,
    areas: str | None,
    name: str | None,
    data: str | None,
    config_file: Path | None,
    user: str | None,
    password_file: Path | None,
) -> None:
    """Show the board at an MQTT 5 broker, mqtts://HOST/PREFIX."""
    values = settings(config_file, data=data)
    host = read_address(address, read_allowed(values["channels_allow"])).host
    hidden = (_read(password_file),) if password_file else ()
    _keep(values, "mqtt", address, name or _named(host), areas, hidden, {"user": user} if user else {})


@add.command()
@click.argument("file", type=click.Path(path_type=Path))
@_endpoint_options
@click.option(
    "--per-minute",
    type=click.FloatRange(0.1, 600),
    default=PER_MINUTE,
    help=f"The most messages in a minute. Default: {PER_MINUTE}.",
)
def apprise(
    file: Path,
    areas: str | None,
    name: str | None,
    data: str | None,
    config_file: Path | None,
    per_minute: float,
) -> None:
    """Tell mail, messengers and others, at the Apprise address that a file holds."""
    values = settings(config_file, data=data)
    secret = _read(file)
    read_service(secret)
    kind = secret.partition("://")[0]
    _keep(values, "apprise", kind, name or _named(kind), areas, (secret,), {"per_minute": str(per_minute)})


@add.command()
@click.argument("address")
@_endpoint_options
@click.option("--user", help="The user at the broker. Default: none.")
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="A file that holds the user's password."
)
@click.option(
    "--seconds",
    type=click.IntRange(1, MOST_S),
    default=SECONDS,
    help=f"How long it sounds. Default: {SECONDS}.",
)
def siren(
    address: str,
    areas: str | None,
    name: str | None,
    data: str | None,
    config_file: Path | None,
    user: str | None,
    password_file: Path | None,
    seconds: int,
) -> None:
    """Command a siren or a relay through an MQTT 5 broker. Prints the public key that it must be given."""
    values = settings(config_file, data=data)
    host = read_address(address, read_allowed(values["channels_allow"])).host
    if not areas:
        raise ConfigError("a siren needs --areas", todo="name the area in which it is heard")
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    hidden = (secret, *((_read(password_file),) if password_file else ()))
    options = {"seconds": str(seconds), **({"user": user} if user else {})}
    _keep(values, "siren", address, name or _named(host), areas, hidden, options)
    click.echo(public_of(secret))


def _read(file: Path) -> str:
    """Return the secret in a file that nobody else can read."""
    try:
        if file.is_file() and file.stat().st_mode & 0o077:
            raise ConfigError(f"others can read {file}", todo=f"chmod 600 {file}")
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot read {file}: {error}", todo="name a file that holds the secret alone"
        ) from error


def _keep(
    values: dict[str, Any],
    kind: str,
    address: str,
    name: str,
    areas: str | None,
    hidden: tuple[str, ...] = (),
    options: dict[str, str] | None = None,
) -> None:
    """Keep an endpoint, if its name and its areas are such."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"--name is {name!r}",
            todo="use at most 40 lower-case letters, digits and hyphens, as in city-lamp",
        )
    known = country_of(values).areas
    wanted = tuple(known[AreaId(one.strip())].id for one in areas.split(",")) if areas else ()
    subscribers = Subscribers(Path(values["data"]))
    try:
        subscribers.add(Endpoint(name, kind, address, wanted, hidden, options or {}), datetime.now(UTC))
    finally:
        subscribers.close()


def _named(host: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:40] or "webhook"


@channel.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the endpoints. Secrets are not shown."""
    with _opened(data) as subscribers:
        endpoints = report_of(subscribers, WallClock(), 0)["endpoints"]
    if as_json:
        print_json(endpoints)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "channel", "areas"):
        table.add_column(column, overflow="fold")
    for one in endpoints:
        table.add_row(one["name"], one["channel"], ", ".join(one["areas"]) or "all")
    console.print(table)


@channel.command()
@click.argument("name")
@data_option
def remove(name: str, data: str | None) -> None:
    """Remove an endpoint, with its receipts."""
    with _opened(data) as subscribers:
        subscribers.remove(name)


@channel.command()
@click.argument("name")
@data_option
def rotate(name: str, data: str | None) -> None:
    """Give an endpoint a new secret, and print it. The old one signs beside it for a day."""
    secret = secret_of(secrets.token_bytes(32))
    with _opened(data) as subscribers:
        if subscribers.get(name).channel != "webhook":
            raise ConfigError(f"{name} is no webhook", todo="remove it and add it again")
        subscribers.rotate(name, secret, datetime.now(UTC))
    click.echo(secret)
    click.echo(f"The old secret signs too, for {OVERLAP_S / 3600:.0f} hours.", err=True)


class _opened:
    """The subscribers of a data folder, for the length of a block."""

    def __init__(self, data: str | None) -> None:
        self._folder = Path(settings(data=data)["data"])

    def __enter__(self) -> Subscribers:
        self._subscribers = Subscribers(self._folder, make=False)
        return self._subscribers

    def __exit__(self, *_: object) -> None:
        self._subscribers.close()


@click.command()
@data_option
@click.option("--last", type=click.IntRange(1, 10_000), default=20, help="How many alerts. Default: 20.")
@json_option
def channels(data: str | None, last: int, as_json: bool) -> None:
    """Show which endpoints confirmed the last alerts, which did not, and how long it took."""
    with _opened(data) as subscribers:
        report = report_of(subscribers, WallClock(), last)
    if as_json:
        print_json(report)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("alert", "endpoint", "confirmed", "took", "tries", ""):
        table.add_column(column, overflow="fold", no_wrap=column == "confirmed")
    for alert in report["alerts"]:
        for one in alert["receipts"]:
            took = "" if one["took_s"] is None else f"{one['took_s']:.3f} s"
            words = "missed, told late" if one["missed"] else one["error"] or ""
            when = one["confirmed"] or "NOT CONFIRMED"
            table.add_row(str(alert["seq"]), one["endpoint"], when, took, str(one["tries"]), words)
    console.print(table)
