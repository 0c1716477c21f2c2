"""Commands that run for a while: serve, demo, replay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from tocsin.app import replay as replaying
from tocsin.app import serve as serving
from tocsin.app.replay import Day, Replay, Summary
from tocsin.areas import Country
from tocsin.cli.common import (
    config_option,
    console,
    country_of,
    data_option,
    fitting,
    json_option,
    moment,
    print_json,
    settings,
    warnings,
)
from tocsin.config import address
from tocsin.countries import read_day
from tocsin.errors import ConfigError, SourceError
from tocsin.model import AreaId, Episode
from tocsin.public.history import peak_json
from tocsin.sources import sirens_csv
from tocsin.wire import stamp

DEMO_DAY = "2024-01-02"
SPEED = 360.0  # a day in four minutes
_CELLS = (48, 24, 0)  # in which a day is drawn: half hours, hours, or not at all where there is no room
_speed = click.option(
    "--speed", type=click.FloatRange(0.01, 100_000), help="How many times as fast. Default: 360."
)
_public = click.option("--public", help="Where the map is, HOST:PORT. Default: 127.0.0.1:8410.")
_once = click.option("--once", is_flag=True, help="As fast as it goes, without a map, and end.")


@click.command()
@data_option
@click.option("--public", help="Where the public door listens, HOST:PORT. Default: 127.0.0.1:8410.")
@click.option("--desk", help="Where the desk listens, HOST:PORT. Default: 127.0.0.1:8411.")
@config_option
def serve(data: str | None, public: str | None, desk: str | None, config_file: Path | None) -> None:
    """Serve the public door and the desk until stopped."""
    values = settings(config_file, data=data, public=public, desk=desk)
    server = serving.Server(country_of(values), values)

    def ready(public_at: str, desk_at: str) -> None:
        click.echo(f"public http://{public_at}/   desk http://{desk_at}/   data {values['data']}")

    serving.run(lambda: server.run(ready))


@click.command()
@_speed
@_public
@_once
@json_option
def demo(speed: float | None, public: str | None, once: bool, as_json: bool) -> None:
    """Replay the air alerts of 2 January 2024 on a live map, and sum the day up."""
    country = country_of(settings(public=public))
    episodes = list(read_day(country.code, DEMO_DAY))
    start = datetime.fromisoformat(DEMO_DAY + "T00:00:00+00:00")
    day = Day(start, start + timedelta(days=1), episodes)
    _replay(country, day, speed, public, once, as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "since", help="Begin, with a zone: 2024-01-02T00:00Z.", required=True)
@click.option("--to", "until", help="End, exclusive. Default: a day later.")
@_speed
@_public
@_once
@json_option
def replay(
    file: Path,
    since: str,
    until: str | None,
    speed: float | None,
    public: str | None,
    once: bool,
    as_json: bool,
) -> None:
    """Replay a part of a sirens table (.csv or .csv.gz) on a live map, in a realm of its own."""
    country = country_of(settings(public=public))
    begin = moment(since, "--from")
    assert begin is not None
    end = moment(until, "--to") or begin + timedelta(days=1)
    if begin >= end:
        raise ConfigError("--from is not before --to", todo="give a window that has a length")
    day = Day(begin, end, _read_window(file, country, begin, end))
    _replay(country, day, speed, public, once, as_json)


def _read_window(file: Path, country: Country, begin: datetime, end: datetime) -> list[Episode]:
    episodes = []
    for row in sirens_csv.decode(sirens_csv.open_table(file), country.areas):
        if isinstance(row, SourceError):
            warnings.print(f"{file}: {row}", style="yellow")
        elif row.episode.until > begin and row.episode.since < end:
            episodes.append(row.episode)
    if not episodes:
        raise SourceError(
            f"{file} has nothing between {stamp(begin)} and {stamp(end)}", todo="choose another window"
        )
    return episodes


def _covered(country: Country, episodes: Sequence[Episode]) -> list[AreaId]:
    """Return the areas of the board level that a table speaks of: of the others it says nothing."""
    spoken = {area for episode in episodes for area in country.areas.chain(episode.area)}
    return [area for area in country.areas.board if area in spoken]


def _replay(
    country: Country, day: Day, speed: float | None, public: str | None, once: bool, as_json: bool
) -> None:
    play = Replay(country, day, _covered(country, day.episodes), 0 if once else speed or SPEED)
    listen = None if once else address(settings(public=public)["public"], "public")
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} signals"),
        console=warnings,
        disable=as_json and not warnings.is_terminal,
    ) as progress:
        task = progress.add_task("", total=play.total)

        def told(number: int, at: datetime) -> None:
            progress.update(task, completed=number, description=f"{at:%H:%M} UTC, {replaying.notice_of(day)}")

        def ready(at: str) -> None:
            warnings.print(f"The map: [bold]http://{at}/[/bold]")
            lasts = (day.until - day.since).total_seconds() / (speed or SPEED)
            minutes = max(1, round(lasts / 60))
            what = replaying.notice_of(day).capitalize()
            warnings.print(f"{what}. It takes {minutes} min and ends with a summary; Ctrl+C stops it.")

        summary = _run(lambda: play.run(told, listen, ready))
    if as_json:
        print_json(_summary_json(summary))
    else:
        console.print(_summary_line(day, summary))
        console.print(fitting([partial(_summary_table, country, day, summary, cells) for cells in _CELLS]))


def _run(main: Callable[[], Any]) -> Summary:
    result: list[Summary] = []

    async def kept() -> None:
        result.append(await main())

    try:
        serving.run(kept)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    return result[0]


def _summary_json(summary: Summary) -> dict[str, Any]:
    most = peak_json(summary.peak)
    return {
        "peak_areas": most["areas"],
        "peak_from": most["from"],
        "peak_to": most["to"],
        "oblast_minutes": summary.oblast_minutes,
    }


def _summary_line(day: Day, summary: Summary) -> str:
    most = summary.peak
    when = f", {most.since:%H:%M:%S} to {most.until:%H:%M:%S} UTC" if most.since and most.until else ""
    return (
        f"{day.since:%Y-%m-%d}: at most {most.areas} areas at once{when}; "
        f"{summary.oblast_minutes:,.2f} oblast minutes under alert"
    )


def _summary_table(country: Country, day: Day, summary: Summary, cells: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    window = f"{day.since:%H:%M} to {day.until:%H:%M} UTC"
    covered = _covered(country, day.episodes)
    for column in ("area", "under alert", window)[: 3 if cells else 2]:
        table.add_column(column)
    for row in sorted(summary.past, key=lambda row: -row.seconds):
        hours, minutes = divmod(round(row.seconds / 60), 60)
        length, strip = f"{hours:2d} h {minutes:02d} min", [_strip(row, day, cells)] if cells else []
        if not row.seconds and row.standing_seconds:
            length, strip = "standing alert", ["█" * cells] if cells else []
        elif row.area not in covered:
            length, strip = "not reported", ["?" * cells] if cells else []
        table.add_row(country.areas.name(row.area, "en"), length, *strip)
    return table


def _strip(row: Any, day: Day, width: int) -> str:
    """Return the day as a line of cells, filled where the area was raised."""
    cell = (day.until - day.since) / width
    cells = []
    for number in range(width):
        begin, end = day.since + number * cell, day.since + (number + 1) * cell
        cells.append("█" if any(span.since < end and span.until > begin for span in row.spans) else "·")
    return "".join(cells)
