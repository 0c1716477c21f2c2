"""`subscribers.db`: which endpoints there are, how far each has heard, and what each has confirmed.

It lies beside the log, is readable by its owner alone, and is changed by commands while a server runs: the
server sees that by `version`.  It is synced less often than the log: what a power cut takes back is told
again under the same id.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from tocsin.channels import Endpoint, Subscription
from tocsin.errors import ConfigError, SubscriberError
from tocsin.log import from_us, to_us
from tocsin.model import AreaId, Place

_log = logging.getLogger("tocsin")

NAME = "subscribers.db"
RECEIPTS = 100_000  # rows that are kept, the newest
OVERLAP_S = 86_400.0  # for so long an old secret signs beside a new one
_SCHEMA = """
create table if not exists endpoint (
    name text primary key,
    channel text not null,
    address text not null,
    areas text not null,    -- a JSON list of codes; empty is all
    secrets text not null,  -- a JSON list of [secret, until]; until is null for the one in force
    options text not null,  -- a JSON object
    created integer not null
) strict;
create table if not exists cursor (
    name text primary key references endpoint(name) on delete cascade,
    epoch text not null,
    seq integer not null,          -- everything up to here was told as it happened, or is in `missed`
    missed_after integer not null, -- what is missed lies behind this place
    missed_to integer not null     -- and ends here
) strict;
create table if not exists number (
    name text primary key,  -- of a siren; kept when it is removed, so that no number comes twice
    last integer not null
) strict;
create table if not exists receipt (
    name text not null references endpoint(name) on delete cascade,
    epoch text not null,
    seq integer not null,
    said integer not null,  -- when the alert became durable, microseconds since 1970
    confirmed integer,      -- when the endpoint confirmed; null: it has not
    missed integer not null default 0,
    tries integer not null default 0,
    error text,
    primary key (name, epoch, seq)
) strict, without rowid;
create table if not exists push (
    id text primary key,
    address text not null,
    p256dh text not null,
    auth text not null,
    areas text not null  -- a JSON list of codes
) strict, without rowid;
create index if not exists receipt_seq on receipt (epoch, seq);
"""


class Kept(NamedTuple):
    """How far an endpoint has heard."""

    epoch: str
    seq: Place
    missed_after: Place = 0
    missed_to: Place = 0


class Receipt(NamedTuple):
    """What became of one alert at one endpoint."""

    name: str
    seq: Place
    said: datetime
    confirmed: datetime | None
    missed: bool
    tries: int
    error: str | None

    def json(self) -> dict[str, Any]:
        """Return it as an answer has it; ``took_s`` is from durable to confirmed."""
        took = None if self.confirmed is None else round((self.confirmed - self.said).total_seconds(), 3)
        return {
            "endpoint": self.name,
            "confirmed": None
            if self.confirmed is None
            else self.confirmed.isoformat().replace("+00:00", "Z"),
            "took_s": took,
            "missed": self.missed,
            "tries": self.tries,
            "error": self.error,
        }


class Subscribers:
    """The endpoints of one data folder.

    Args:
        folder: Where `subscribers.db` lies.
        make: Make it where it is missing.

    Raises:
        ConfigError: There is none and none is to be made, or the disk refuses.
    """

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        path = folder / NAME
        try:
            if make:
                folder.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.chmod(f"{path}{end}", 0o600)
            self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            self._db.set_busy_timeout(5_000)
            self._run(
                "pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;" + _SCHEMA
            )
        except (OSError, apsw.Error) as error:
            raise ConfigError(
                f"cannot open {path}: {error}",
                todo="name the server's folder by --data, or add a channel there",
            ) from error

    def _run(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return list(self._db.execute(text, tuple(values)))
        except apsw.Error as error:
            raise ConfigError(f"{NAME}: {error}", todo="look at the disk") from error

    def _note(self, text: str, values: Sequence[Any] = ()) -> None:
        """Write what may be lost: a full disk must not keep anybody from being told."""
        try:
            self._run(text, values)
        except ConfigError as error:
            _log.warning("a receipt or a cursor is not kept: %s", error)

    def version(self) -> int:
        """Return a number that changes when another process changes the file."""
        return int(self._run("pragma data_version")[0][0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # Endpoints

    def add(self, endpoint: Endpoint, now: datetime) -> None:
        """Keep a new endpoint.

        Raises:
            ConfigError: Its name is in use.
        """
        if self._run("select 1 from endpoint where name = ?", (endpoint.name,)):
            raise ConfigError(
                f"there is a channel named {endpoint.name!r}",
                todo="choose another --name, or remove that one",
            )
        self._run(
            "insert into endpoint values (?, ?, ?, ?, ?, ?, ?)",
            (
                endpoint.name,
                endpoint.channel,
                endpoint.address,
                json.dumps(endpoint.areas),
                json.dumps([[secret, None] for secret in endpoint.secrets]),
                json.dumps(dict(endpoint.options)),
                to_us(now),
            ),
        )

    def add_once(self, endpoint: Endpoint, now: datetime) -> None:
        """Keep an endpoint if there is none of its name."""
        if not self._run("select 1 from endpoint where name = ?", (endpoint.name,)):
            self.add(endpoint, now)

    def remove(self, name: str) -> None:
        """Forget an endpoint with its cursor and receipts.

        Raises:
            ConfigError: There is none of this name.
        """
        self.get(name)
        self._run("delete from endpoint where name = ?", (name,))

    def get(self, name: str) -> Endpoint:
        """Return one endpoint with every secret that it ever had and still has.

        Raises:
            ConfigError: There is none of this name.
        """
        for row in self._run("select * from endpoint where name = ?", (name,)):
            return _endpoint(row, None)
        raise ConfigError(f"there is no channel named {name!r}", todo="see `tocsin channel list`")

    def all(self, now: datetime) -> list[Endpoint]:
        """Return every endpoint, with the secrets that are in force."""
        return [
            _endpoint(row, to_us(now)) for row in self._run("select * from endpoint order by created, name")
        ]

    def rotate(self, name: str, secret: str, now: datetime) -> None:
        """Let a new secret sign from now on; the one before signs beside it for a day.

        Raises:
            ConfigError: There is no such endpoint.
        """
        self.get(name)
        kept = json.loads(str(self._run("select secrets from endpoint where name = ?", (name,))[0][0]))
        end = to_us(now) + int(OVERLAP_S * 1e6)
        older = [[old, until if until is not None else end] for old, until in kept]
        self._run(
            "update endpoint set secrets = ? where name = ?", (json.dumps([[secret, None], *older]), name)
        )

    # Cursors

    def cursor(self, name: str) -> Kept | None:
        """Return how far an endpoint has heard; None where it has heard nothing yet."""
        rows = self._run("select epoch, seq, missed_after, missed_to from cursor where name = ?", (name,))
        return Kept(*rows[0]) if rows else None

    def move(self, name: str, kept: Kept) -> None:
        """Keep how far an endpoint has heard.  One that was removed meanwhile is left alone."""
        self._note(
            "insert or replace into cursor select name, ?, ?, ?, ? from endpoint where name = ?",
            (*kept, name),
        )

    def number(self, name: str) -> int:
        """Return a number that is higher than any before under this name, after it is kept.

        Raises:
            ConfigError: The disk refuses: without a number that is kept there is no command.
        """
        rows = self._run(
            "insert into number values (?, 1)"
            " on conflict (name) do update set last = last + 1 returning last",
            (name,),
        )
        return int(rows[0][0])

    # Browsers

    def pushes(self) -> list[Subscription]:
        """Return every subscription of a browser."""
        return [_subscription(row) for row in self._run("select * from push")]

    def push(self, id: str) -> Subscription | None:
        """Return one; None where it is not there."""
        return next((_subscription(row) for row in self._run("select * from push where id = ?", (id,))), None)

    def keep_push(self, one: Subscription, most: int) -> None:
        """Keep a subscription; one of the same browser gives way to it.

        Raises:
            SubscriberError: There is no room for another.
        """
        if self.push(one.id) is None and self._run("select count(*) from push")[0][0] >= most:
            raise SubscriberError("there are too many subscriptions", todo="look at the map instead")
        self._run(
            "insert or replace into push values (?, ?, ?, ?, ?)",
            (one.id, one.address, one.p256dh, one.auth, json.dumps(one.areas)),
        )

    def forget_push(self, id: str) -> None:
        """Forget one."""
        self._note("delete from push where id = ?", (id,))

    # Receipts

    def expect(self, epoch: str, rows: Iterable[tuple[str, Place, datetime]]) -> None:
        """Note for (endpoint, place, when said) that a receipt is waited for."""
        self._note("begin immediate")
        for name, seq, said in rows:
            self._note(
                "insert or ignore into receipt (name, epoch, seq, said)"
                " select name, ?, ?, ? from endpoint where name = ?",
                (epoch, seq, to_us(said), name),
            )
        self._note(
            "delete from receipt where epoch = ? and seq <= (select seq from receipt where epoch = ?"
            " order by seq desc limit 1 offset ?)",
            (epoch, epoch, RECEIPTS),
        )
        self._note("commit")

    def confirm(self, name: str, epoch: str, seq: Place, now: datetime, *, missed: bool) -> None:
        """Note that an endpoint confirmed."""
        self._note(
            "update receipt set confirmed = ?, missed = ?, tries = tries + 1, error = null"
            " where name = ? and epoch = ? and seq = ? and confirmed is null",
            (to_us(now), int(missed), name, epoch, seq),
        )

    def fail(self, name: str, epoch: str, seq: Place, error: str) -> None:
        """Note that an endpoint did not confirm, and why."""
        self._note(
            "update receipt set tries = tries + 1, error = ? where name = ? and epoch = ? and seq = ?",
            (error[:300], name, epoch, seq),
        )

    def receipts(self, last: int) -> Iterator[tuple[str, Place, list[Receipt]]]:
        """Yield epoch, place and receipts of the last alerts, the newest first."""
        for epoch, seq in self._run(
            "select epoch, seq from receipt group by epoch, seq order by max(said) desc, seq desc limit ?",
            (last,),
        ):
            rows = self._run(
                "select name, seq, said, confirmed, missed, tries, error from receipt"
                " where epoch = ? and seq = ? order by name",
                (epoch, seq),
            )
            yield str(epoch), int(seq), [_receipt(row) for row in rows]


def _endpoint(row: Sequence[Any], now_us: int | None) -> Endpoint:
    name, channel, address, areas, secrets, options, _ = row
    in_force = [
        old for old, until in json.loads(secrets) if until is None or now_us is None or until > now_us
    ]
    return Endpoint(
        str(name),
        str(channel),
        str(address),
        tuple(map(AreaId, json.loads(areas))),
        tuple(in_force),
        json.loads(options),
    )


def _subscription(row: Sequence[Any]) -> Subscription:
    id, address, p256dh, auth, areas = map(str, row)
    return Subscription(id, address, p256dh, auth, tuple(map(AreaId, json.loads(areas))))


def _receipt(row: Sequence[Any]) -> Receipt:
    name, seq, said, confirmed, missed, tries, error = row
    return Receipt(
        name,
        seq,
        from_us(said),
        None if confirmed is None else from_us(confirmed),
        bool(missed),
        tries,
        error,
    )
