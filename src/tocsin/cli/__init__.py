"""The commands.  Each help line says in one breath what you get."""

from __future__ import annotations

import logging
import sys

import click

from tocsin import __version__
from tocsin.cli.backup import backup, restore
from tocsin.cli.bulletin import bulletin
from tocsin.cli.cap import cap
from tocsin.cli.channel import channel, channels
from tocsin.cli.desk import audit, desk
from tocsin.cli.export import export, figures
from tocsin.cli.keep import config_, import_, key, pack, verify
from tocsin.cli.read import read
from tocsin.cli.report import report
from tocsin.cli.rule import rule
from tocsin.cli.run import demo, replay, serve
from tocsin.cli.say import clear, raise_
from tocsin.cli.show import board, history, why
from tocsin.cli.sources import sources
from tocsin.errors import TocsinError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="tocsin")
def commands() -> None:
    """Warn the public of an attack while it happens, and keep the record of it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)


for _command in (
    demo,
    serve,
    replay,
    import_,
    board,
    history,
    sources,
    read,
    report,
    bulletin,
    figures,
    export,
    raise_,
    clear,
    key,
    desk,
    audit,
    verify,
    why,
    backup,
    restore,
    cap,
    channel,
    channels,
    config_,
    pack,
):
    commands.add_command(_command)

report.add_command(rule)


def main() -> None:
    """Run a command; an error that a person can put right is printed as one, with what to do next."""
    try:
        commands(standalone_mode=False)
    except TocsinError as error:
        click.secho(f"tocsin: {error}", err=True, fg="red")
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
