"""Commands that say something through the desk: raise, clear."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import click

from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    doors,
    fetch,
    json_option,
    moment,
    print_json,
    settings,
)
from tocsin.errors import ConfigError
from tocsin.model import Act
from tocsin.wire import stamp

_area = click.argument("area")
_threat = click.option("--threat", default="air", show_default=True, help="Which threat.")


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say through which desk, and with which key."""
    desk = click.option("--desk", help="The desk's address. Default: where the server of --data listens.")
    key = click.option(
        "--key-file", type=click.File(), help="Holds the key. Default: the environment's TOCSIN_KEY."
    )
    return desk(key(data_option(config_option(json_option(command)))))


@click.command("raise")
@_area
@_threat
@click.option("--subtype", help="drones, ballistic, cruise, guided_bombs, mig31k, or another code.")
@click.option("--level", type=click.Choice(["yellow", "red"]), help="How high.")
@click.option(
    "--expires", help="When it ends by itself, as unknown, with a zone: 2026-11-25T12:00Z. Default: never."
)
@click.option("--text", help="What people are to read with it.")
@_where
def raise_(area: str, threat: str, subtype: str | None, level: str | None, expires: str | None,
           text: str | None, **where: Any) -> None:  # fmt: skip
    """Raise an AREA (a code or a name) through the desk."""
    end = moment(expires, "--expires")
    until = None if end is None else stamp(end)
    _say(where, area, threat, Act.RAISED, subtype=subtype, level=level, expires=until, text=text)


@click.command()
@_area
@_threat
@click.option("--cancel", is_flag=True, help="It was raised in error; that is no all clear.")
@_where
def clear(area: str, threat: str, cancel: bool, **where: Any) -> None:
    """Say all clear for an AREA (a code or a name) through the desk."""
    _say(where, area, threat, Act.CANCELLED if cancel else Act.CLEAR)


def _say(where: dict[str, Any], area: str, threat: str, state: Act, **more: str | None) -> None:
    values = settings(where["config_file"], data=where["data"])
    areas = country_of(values).areas
    found = areas.find(area)
    url = where["desk"] or doors(values["data"]).get("desk")
    if url is None:
        if where["data"] is not None:
            raise ConfigError(
                f"no server of {values['data']} has left word where its desk is",
                todo="check --data, or give --desk http://HOST:PORT",
            )
        url = f"http://{values['desk']}"
    body = {
        "id": f"cli-{secrets.token_hex(8)}",
        "area": found,
        "threat": threat,
        "state": str(state),
        "sent": stamp(datetime.now(UTC)),
        **{name: value for name, value in more.items() if value is not None},
    }
    receipt = fetch(f"{url.rstrip('/')}/v1/signals", body=body, key=key_of(where["key_file"]))
    if where["as_json"]:
        print_json({**receipt, "id": body["id"], "area": found})
        return
    place = f"{receipt['epoch']}-{receipt['seq']}"
    console.print(f"{areas.name(found, 'en')} ({found}) {threat} {state}: durable at {place}")


def key_of(file: TextIO | None) -> str:
    """Return the key that a command speaks with.

    Raises:
        ConfigError: None is given.
    """
    key = (file.read() if file else os.environ.get("TOCSIN_KEY", "")).strip()
    if not key:
        raise ConfigError(
            "there is no key", todo="set TOCSIN_KEY, or give --key-file; `tocsin key add` makes one"
        )
    return key
