"""What several commands share: options, settings, and how a board is drawn."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin import config, wire
from tocsin.areas import Areas, Country
from tocsin.countries import load
from tocsin.errors import SubscriberError

console = Console(highlight=False)
warnings = Console(stderr=True, highlight=False)

data_option = click.option("--data", help="The folder of the log and the keys. Default: tocsin-data.")
config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="A settings file. Default: tocsin.toml, if any.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

_STYLE = {"raised": "bold white on red", "partly": "black on yellow", "clear": "green", "unknown": "dim"}
WORDS = {
    "raised": "ALERT",
    "partly": "alert in part",
    "clear": "all clear",
    "unknown": "unknown, treat as danger",
    "not_covered": "not reported here",
}
_SIGNS = {"raised": "■", "partly": "▨", "clear": "·", "unknown": "?", "not_covered": " "}


def settings(config_file: Path | None = None, **given: Any) -> dict[str, Any]:
    """Return every setting, from the command line, the environment, the file and the defaults."""
    return config.load(config_file, os.environ, given)


def country_of(values: Mapping[str, Any]) -> Country:
    """Return the country pack that the settings name."""
    return load(values["country"])


def moment(text: str | None, what: str) -> datetime | None:
    """Return a moment that was given on the command line."""
    return None if text is None else wire.read_moment(text, what)


def print_json(value: Any) -> None:
    """Print one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def fetch(url: str, *, body: Any = None, key: str | None = None) -> Any:
    """Return the JSON that a tocsin answers with.

    Raises:
        SubscriberError: It cannot be reached, or refuses; says why.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        try:
            said = json.loads(error.read())
            found, todo = str(said["detail"]), str(said.get("todo", ""))
        except (ValueError, KeyError, TypeError):
            found, todo = str(error), "check the address"
        raise SubscriberError(f"{url} refuses: {found}", todo=todo) from error
    except (OSError, ValueError) as error:
        raise SubscriberError(
            f"cannot reach {url}: {getattr(error, 'reason', error)}",
            todo="check the address, and that tocsin serves there",
        ) from error


def doors(data: str) -> dict[str, str]:
    """Return where the server of a data folder listens; empty when none has left word."""
    try:
        note = json.loads((Path(data) / "server.json").read_bytes())
        return {"public": f"http://{note['public']}", "desk": f"http://{note['desk']}"}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def board_table(shown: Mapping[str, Any], areas: Areas, title: str) -> Table:
    """Return a board as a table: what is raised first, by how long."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("", "area", "", "state", "since (UTC)", "threats", "sources"):
        table.add_column(column, no_wrap=column in ("area", "since (UTC)"))
    order = list(WORDS)
    since = {name: _since(entry) for name, entry in shown["areas"].items()}
    for name in sorted(
        shown["areas"], key=lambda one: (order.index(shown["areas"][one]["state"]), since[one] or "~")
    ):
        entry = shown["areas"][name]
        state = entry["state"]
        hot = {
            threat: told for threat, told in entry["threats"].items() if told["state"] in ("raised", "partly")
        }
        sources = sorted(
            {source for told in (hot or entry["threats"]).values() for source in told.get("sources", ())}
        )
        table.add_row(
            _SIGNS[state],
            areas.name(name, "en"),
            Text(name, style="dim"),
            Text(WORDS[state], style=_STYLE.get(state, "")),
            (since[name] or "").replace("T", " ").rstrip("Z"),
            ", ".join(hot),
            ", ".join(sources),
        )
    return table


def _since(entry: Mapping[str, Any]) -> str | None:
    times = [
        told["since"]
        for told in entry["threats"].values()
        if told["state"] == entry["state"] and "since" in told
    ]
    return min(times, default=None)
