"""The desk of one data folder: its keys, people and drills, and what they mean for the logs."""

from __future__ import annotations

import stat
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tocsin.app.books import contracts
from tocsin.areas import Country
from tocsin.desk.api import Api
from tocsin.desk.board import Books
from tocsin.desk.drills import Drills
from tocsin.desk.kept import Kept
from tocsin.desk.keys import Keys
from tocsin.desk.pages import Clock, console_routes
from tocsin.desk.people import People
from tocsin.errors import ConfigError
from tocsin.model import Contract, Realm, SourceId
from tocsin.public.drills import Drill as Shown

SECRETS = ("checkpoint.key", "desk.db", "desk.secret", "subscribers.db")


class Desk:
    """What the operators' door is made of.

    Args:
        folder: Where it is kept.
        upstreams: The names of what is listened to: nobody at the desk speaks as one of them.

    Raises:
        ConfigError: The disk refuses, or others can read the secret.
    """

    def __init__(self, folder: Path, upstreams: Iterable[SourceId] = ()) -> None:
        _refuse_readable(folder)
        taken = frozenset(upstreams)
        self.keys, self.people = Keys(folder, taken=taken), People(folder, taken=taken)
        self.drills = Drills(folder)
        self.kept = Kept(folder)

    def close(self) -> None:
        """Let go of the files."""
        for one in (self.keys, self.people, self.drills, self.kept):
            one.close()

    def api(
        self,
        country: Country,
        books: Callable[[Realm], Books],
        clock: Clock,
        settings: Mapping[str, Any],
        receipts: Callable[[int], Awaitable[dict[str, Any]]],
        sources: Callable[[Realm], dict[str, Any]],
    ) -> Api:
        """Return what answers at the desk: the API for feeds, and the console for people."""
        api = Api(country.areas, self.keys, books, clock.now, clock.lasted, receipts, self.kept, sources)
        pages = console_routes(
            country, self.people, self.drills, books, clock, settings, receipts, sources, self.kept
        )
        api.app.router.routes.extend(pages)
        return api

    def contracts(
        self, settings: Mapping[str, Any], more: Callable[[set[SourceId]], Iterable[Contract]]
    ) -> list[Contract]:
        """Return what keys, ``more`` sources and the offices of people are to report.

        Args:
            settings: How long silence counts.
            more: Given the names that keys and authorities have.

        Raises:
            ConfigError: Two of them have one name: who speaks could not be told, and one could clear what
                the other raised.
        """
        silence_s, max_age_s = settings["silence_s"], settings["max_age_s"]
        keys = [who for who, _ in self.keys.all() if not who.revoked]
        people = [one for one in self.people.all() if not one.revoked]
        names, offices = {who.name for who in keys}, {one.authority for one in people}
        if shared := sorted(names & offices):
            raise ConfigError(
                f"{shared[0]!r} is the name of a key and of an authority",
                todo=f"revoke the key, `tocsin key revoke {shared[0]}`, and make one of another name",
            )
        return [
            *(Contract(who.realm, who.name, who.areas, who.threats, silence_s, max_age_s) for who in keys),
            *more(names | offices),
            *contracts(people, settings["person_silence_s"], max_age_s),
        ]

    def announced(self) -> list[Shown]:
        """Return the drills as the public is told of them."""
        return [Shown(one.name, one.areas, one.begins, one.ends) for one in self.drills.all()]


def _refuse_readable(folder: Path) -> None:
    """Do nothing if nobody but the owner can read what opens doors or signs.

    Raises:
        ConfigError: Others can: what they read may have been copied.
    """
    for name in SECRETS:
        path = folder / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(
                f"others can read {path}",
                todo=f"chmod 600 {path}, and make it anew if it may have been copied",
            )
