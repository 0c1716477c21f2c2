"""What several commands share: options, settings, and how a board is drawn."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin import config, wire
from tocsin.areas import Areas, Country
from tocsin.countries import load
from tocsin.errors import SubscriberError


def _console(*, stderr: bool = False) -> Console:
    """Return a console that fits a terminal; a pipe or a file has no edge at which a line must break."""
    console = Console(stderr=stderr, highlight=False)
    if console.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return console
    return Console(stderr=stderr, highlight=False, width=_NO_EDGE)


_NO_EDGE = 1_000  # columns; no table of ours needs more
console = _console()
warnings = _console(stderr=True)

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


_HIDDEN = re.compile(
    r"[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)  # JSON escapes what is below a blank by itself


def print_json(value: Any) -> None:
    """Print one line of JSON; what would steer a terminal or reorder the line is escaped."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    click.echo(_HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", line))


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


def fitting(tables: Iterable[Callable[[], Table]]) -> Table:
    """Return the first table that the console is wide enough for, else the last, whose words then wrap.

    Args:
        tables: How to make each, the one that says most first.
    """
    table = Table()
    for make in tables:
        table = make()
        needs = console.measure(table, options=console.options.update_width(_NO_EDGE)).maximum
        if needs <= console.width:
            break
    return table


class _Layout(NamedTuple):
    """What a board shows of each area, from left to right."""

    columns: tuple[str, ...]
    long_words: bool = True  # else "unknown", and below the table what to make of it
    long_dates: bool = True


_BOARD = ("", "area", "code", "state", "since (UTC)", "threats", "sources")
_NARROW = tuple(column for column in _BOARD if column not in ("code", "sources"))
_LAYOUTS = (
    _Layout(_BOARD),
    _Layout(_BOARD[:-1]),
    _Layout(_NARROW),
    _Layout(_NARROW, long_words=False),
    _Layout(_NARROW, long_words=False, long_dates=False),
)


def board_table(shown: Mapping[str, Any], areas: Areas) -> Table:
    """Return a board as a table: what is raised first, by how long.

    A narrow terminal gets neither the sources nor, if it is narrower still, the codes.
    """
    return fitting(partial(_board_table, shown, areas, layout) for layout in _LAYOUTS)


def _board_table(shown: Mapping[str, Any], areas: Areas, layout: _Layout) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left", caption_style="")
    for column in layout.columns:
        table.add_column(column, no_wrap=column == "since (UTC)", overflow="fold")
    order = list(WORDS)
    since = {name: _since(entry) for name, entry in shown["areas"].items()}
    for name in sorted(
        shown["areas"], key=lambda one: (order.index(shown["areas"][one]["state"]), since[one] or "~")
    ):
        told = _row(shown["areas"][name], layout)
        told["area"] = areas.name(name, "en")
        told["code"] = Text(name, style="dim")
        told["since (UTC)"] = _when(since[name], shown["as_of"], long=layout.long_dates)
        table.add_row(*(told[column] for column in layout.columns))
    if not layout.long_words:
        table.caption = WORDS["unknown"].replace(",", ":")
    return table


def _row(entry: Mapping[str, Any], layout: _Layout) -> dict[str, str | Text]:
    """Return what a row says of an area: its state, and of what stands behind that."""
    state = entry["state"]
    words = WORDS[state] if layout.long_words else WORDS[state].partition(",")[0]
    hot = {threat: told for threat, told in entry["threats"].items() if told["state"] in ("raised", "partly")}
    said = (hot or entry["threats"]).values()
    return {
        "": _SIGNS[state],
        "state": Text(words, style=_STYLE.get(state, "")),
        "threats": ", ".join(hot),
        "sources": ", ".join(sorted({source for told in said for source in told.get("sources", ())})),
    }


def _when(since: str | None, now: str, *, long: bool) -> str:
    """Return a time as people read it: without the date when it is today's."""
    if since is None:
        return ""
    at, today = wire.read_moment(since, "since"), wire.read_moment(now, "as_of")
    if at.date() == today.date():
        return f"{at:%H:%M:%S}"
    if long:
        return f"{at:%Y-%m-%d %H:%M:%S}"
    return f"{at:%m-%d %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d}"


def _since(entry: Mapping[str, Any]) -> str | None:
    times = [
        told["since"]
        for told in entry["threats"].values()
        if told["state"] == entry["state"] and "since" in told
    ]
    return min(times, default=None)
