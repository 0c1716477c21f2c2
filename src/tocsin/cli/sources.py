"""`tocsin sources`: whom the server hears, what they hold raised, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import click
from rich.table import Table
from rich.text import Text

from tocsin.areas import Areas
from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    doors,
    fetch,
    json_option,
    print_json,
    settings,
)
from tocsin.cli.say import key_of


@click.command()
@click.option("--desk", help="The desk's address. Default: where the server of --data listens.")
@click.option("--key-file", type=click.File(), help="Holds the key. Default: the environment's TOCSIN_KEY.")
@data_option
@config_option
@json_option
def sources(
    desk: str | None, key_file: TextIO | None, data: str | None, config_file: Path | None, as_json: bool
) -> None:
    """Print each source: contact, age, what it holds raised, and where sources disagree."""
    values = settings(config_file, data=data)
    url = desk or doors(values["data"]).get("desk") or f"http://{values['desk']}"
    told = fetch(f"{url.rstrip('/')}/v1/sources", key=key_of(key_file))
    if as_json:
        print_json(told)
        return
    areas = country_of(values).areas
    console.print(_table(told, areas))
    for one in told["disagreements"]:
        console.print(
            f"{areas.name(one['area'], 'en')} ({one['area']}) {one['threat']}: raised by "
            f"{', '.join(one['raised'])}, clear by {', '.join(one['clear'])}; it is raised",
            style="yellow",
        )


def _table(told: Mapping[str, Any], areas: Areas) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("source", "contact", "heard", "may speak of", "holds raised", "trouble"):
        table.add_column(column, overflow="fold")
    for one in told["sources"]:
        age = one["age_s"]
        held = [f"{areas.name(area, 'en')} {threat}" for area, threat in one["raised"]]
        more = f" and {len(held) - 5} more" if len(held) > 5 else ""
        table.add_row(
            one["name"],
            Text("yes", style="green") if one["contact"] else Text("no", style="bold red"),
            "not by this server" if age is None else f"{age:.0f} s ago",
            f"{', '.join(one['areas'])}: {', '.join(one['threats'])}",
            ", ".join(held[:5]) + more,
            Text("; ".join(filter(None, (one.get("trouble"), *one.get("notes", ()))))),
        )
    return table
