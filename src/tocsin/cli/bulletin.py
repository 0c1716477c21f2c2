"""Command that draws up a situation report: bulletin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from tocsin import wire
from tocsin.app.serve import log_path
from tocsin.cli.common import config_option, country_of, data_option, moment, print_json, settings, warnings
from tocsin.errors import ConfigError, SourceError
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Bulletin, Realm

if TYPE_CHECKING:
    from tocsin.app.record import Material
    from tocsin.areas import Country
    from tocsin.record.attacks import Strike
    from tocsin.record.sheet import Sheet


@click.command()
@click.option("--from", "since", required=True, help="Its first moment, with a zone: 2024-01-02T00:00+02:00.")
@click.option("--to", "until", required=True, help="The moment behind its last one.")
@click.option("--as-of", help="Only what was in the log by then. Default: now.")
@click.option(
    "--lang", type=click.Choice(["en", "uk"]), default="en", show_default=True, help="The language."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "md", "html", "json"]), default="text", show_default=True,
    help="json is an IPTC ninjs 3.1 item.",
)  # fmt: skip
@click.option(
    "--strikes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A table of strikes (.csv) to set beside it.",
)
@click.option(
    "--keep", "by", help="Put it into the log first, as given out by this person; no server may run."
)
@data_option
@config_option
def bulletin(
    since: str, until: str, as_of: str | None, lang: str, form: str, strikes: Path | None, by: str | None,
    data: str | None, config_file: Path | None,
) -> None:  # fmt: skip
    """Print the situation report of a stretch of time, each sentence with the claims that it says."""
    from tocsin.app import record as record_half  # it loads the languages

    values = settings(config_file, data=data)
    country, folder = country_of(values), Path(values["data"])
    begin, end, now = moment(since, "--from"), moment(until, "--to"), datetime.now(UTC)
    assert begin is not None
    assert end is not None
    if end <= begin:
        raise ConfigError("--to is not after --from", todo="exchange them")
    at = moment(as_of, "--as-of") or now
    if at > now:  # the embargo would be asked for a time that has not come
        raise ConfigError(f"--as-of: {as_of} lies ahead", todo="give a moment of the past, or leave it out")
    rows = list(_strikes(strikes, country)) if strikes else []
    log = SqliteLog(log_path(folder, Realm.ACTUAL), append=by is not None)
    try:
        material = record_half.gather(log, country, record_half.directory(country, folder), at)
        sheet = record_half.bulletin(material, begin, end, lang, rows)
        place = _keep(log, sheet, material, by, now) if by else None
        name = f"urn:tocsin:{log.epoch}:{'draft' if place is None else place}"
    finally:
        log.close()
    _print(sheet, country, form, place, name, now)


def _keep(log: SqliteLog, sheet: Sheet, material: Material, by: str, now: datetime) -> int:
    """Return the place of a bulletin in the log, where it is put before anybody sees it."""
    from tocsin.app.record import because, sentences
    from tocsin.record.rendering import to_text

    frame: Any = sentences(sheet.lang)["frame"]
    said = Bulletin(
        Realm.ACTUAL, sheet.since, sheet.until, sheet.as_of, sheet.lang,
        to_text(sheet, "", frame["none"]), because(material), by, sheet.figures,
    )  # fmt: skip
    key = f"bulletin/{wire.stamp(sheet.since)}/{wire.stamp(sheet.until)}/{sheet.lang}/{wire.stamp(now)}"
    return log.append(key, wire.encode(said), now).seq


def _print(sheet: Sheet, country: Country, form: str, place: int | None, uri: str, now: datetime) -> None:
    from tocsin.app.record import sentences
    from tocsin.record import rendering

    frame: Any = sentences(sheet.lang)["frame"]
    status = frame["draft"] if place is None else frame["kept"].format(place=place)
    if form == "json":
        kept_at = None if place is None else now
        print_json(
            rendering.to_ninjs(
                sheet,
                status,
                frame["none"],
                uri=uri,
                name=lambda a: country.areas.name(a, sheet.lang),
                kept_at=kept_at,
            )
        )
    elif form == "html":
        page = rendering.to_html(
            sheet, status, frame["none"], country.tiles, lambda a: country.areas.name(a, sheet.lang)
        )
        click.echo(page, nl=False)
    else:
        draw = rendering.to_text if form == "text" else rendering.to_markdown
        click.echo(draw(sheet, status, frame["none"]), nl=False)


def _strikes(file: Path, country: Country) -> Iterator[Strike]:
    """Yield the rows of a table of strikes that can be read; says how many cannot."""
    from tocsin.sources import strikes_csv

    bad = 0
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in strikes_csv.decode(lines, ZoneInfo(country.timezone)):
                if isinstance(row, SourceError):
                    bad += 1
                else:
                    yield row
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {error}", todo="check the path; it is UTF-8") from error
    if bad:
        warnings.print(f"{file}: {bad} rows cannot be read and are left out", markup=False, style="yellow")
