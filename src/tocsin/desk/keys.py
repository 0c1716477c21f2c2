"""Who may say what: the keys of feeds and operators, and their entitlements.

A key is 32 random bytes, shown once.  Kept is its HMAC-SHA-256 under a secret
that lies in a file of its own, so a stolen database opens nothing.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import apsw
from msgspec import Struct

from tocsin.areas import Areas
from tocsin.desk.rights import Entitlement, Role, Verb, allow
from tocsin.errors import ConfigError, KeyRefused, NotEntitled
from tocsin.log import from_us, to_us
from tocsin.model import AreaId, Realm, SourceId, Threat

_PREFIX = "tocsin_"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_RESERVED = ("pack",)
_SCHEMA = """
create table if not exists key (
    name text primary key,
    mac blob not null unique,
    areas text not null,    -- a JSON list of codes
    threats text not null,  -- a JSON list of codes, or of *
    realm text not null,
    created integer not null,
    revoked integer
) strict;
"""


class Principal(Struct, frozen=True):
    """Who holds a key, and what it may say."""

    name: SourceId
    areas: tuple[AreaId, ...]
    threats: tuple[Threat, ...]
    realm: Realm
    revoked: bool = False

    @property
    def entitlement(self) -> Entitlement:
        """What it is entitled to: a feed, in its areas, for its threats."""
        return Entitlement(Role.FEED, self.areas, self.threats, self.realm)

    def check(self, area: AreaId, threat: Threat, areas: Areas) -> None:
        """Do nothing if it may speak of an area and a threat.

        Raises:
            NotEntitled: It may not; says what it may.
        """
        held = (self.entitlement,)
        if allow(held, Verb.RAISE, area, threat, self.realm, areas):
            return
        if not set(self.areas) & set(areas.chain(area)):
            raise NotEntitled(
                f"area: the key {self.name!r} has no right to {area}, only to {', '.join(self.areas)}",
                todo="send another area, or ask the office for a key that has the right",
                area=area,
            )
        raise NotEntitled(
            f"threat: the key {self.name!r} has no right to {threat}, only to {', '.join(self.threats)}",
            todo="send another threat, or ask the office for a key that has the right",
            threat=threat,
        )


class Keys:
    """The keys of one data folder.

    Args:
        folder: Where `desk.db` and `desk.secret` lie.
        make: Make them where they are missing.

    Raises:
        ConfigError: There are none and none is to be made, or the disk refuses.
    """

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        if not make and not (folder / "desk.db").exists():
            raise ConfigError(f"there are no keys in {folder}", todo="check --data")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._secret = _secret(folder / "desk.secret")
            _make_private(folder / "desk.db")
            self._db = apsw.Connection(str(folder / "desk.db"))
            self._db.set_busy_timeout(5_000)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute(_SCHEMA)
        except (OSError, apsw.Error) as error:
            raise ConfigError(
                f"cannot open the keys in {folder}: {error}",
                todo="check --data, the folder's owner and the disk",
            ) from error

    def add(self, principal: Principal, at: datetime) -> str:
        """Make a key and return it; it is never shown again.

        Raises:
            ConfigError: The name is taken or cannot be one.
        """
        if not _NAME.fullmatch(principal.name) or principal.name in _RESERVED:
            raise ConfigError(
                f"{principal.name!r} cannot be a key's name",
                todo="use up to 40 of a-z, 0-9 and -, beginning with a letter or digit; 'pack' is taken",
            )
        key = _PREFIX + secrets.token_urlsafe(32)
        row = (
            principal.name,
            self._mac(key),
            json.dumps(principal.areas),
            json.dumps(principal.threats),
            str(principal.realm),
            to_us(at),
        )
        with self._changing():
            taken = self._db.execute(
                "select name from key where name = ? and revoked is null", (principal.name,)
            ).fetchall()
            if taken:
                raise ConfigError(
                    f"there is a key {principal.name!r} already",
                    todo="choose another name, or revoke that one first",
                )
            self._db.execute("delete from key where name = ?", (principal.name,))
            self._db.execute("insert into key values (?, ?, ?, ?, ?, ?, null)", row)
        return key

    def revoke(self, name: str, at: datetime) -> None:
        """End a key.

        Raises:
            ConfigError: There is no such key.
        """
        with self._changing():
            self._db.execute(
                "update key set revoked = ? where name = ? and revoked is null", (to_us(at), name)
            )
            if not self._db.changes():
                raise ConfigError(f"there is no key {name!r} in force", todo="see `tocsin key list`")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the right to write from the first look on: what was seen still holds at the change."""
        try:
            self._db.execute("begin immediate")
            yield
            self._db.execute("commit")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            if isinstance(error, apsw.Error):
                raise ConfigError(
                    f"cannot change the keys in {self._db.filename}: {error}",
                    todo="nothing was changed; check the disk and the folder's owner, and do it again",
                ) from error
            raise

    def all(self) -> list[tuple[Principal, datetime]]:
        """Return every key's holder, ended ones too, and when it was made."""
        rows = self._db.execute("select name, areas, threats, realm, revoked, created from key order by name")
        return [(_principal(row[:5]), from_us(row[5])) for row in rows]

    def who(self, authorization: str | None) -> Principal:
        """Return who holds the key in an Authorization header.

        Raises:
            KeyRefused: None is given, or it is not one of ours, or it was revoked.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise KeyRefused("there is no key", todo="send the header `Authorization: Bearer KEY`")
        mac = self._mac(key.strip())
        rows = self._db.execute(
            "select name, areas, threats, realm, revoked, mac from key where mac = ?", (mac,)
        )
        for row in rows:
            if hmac.compare_digest(row[5], mac) and row[4] is None:
                return _principal(row[:5])
        raise KeyRefused("the key is not known, or it was revoked", todo="ask the office for a new one")

    def version(self) -> int:
        """Return a number that changes when another process changes the keys."""
        return int(next(iter(self._db.execute("pragma data_version")))[0])

    def _mac(self, key: str) -> bytes:
        return hmac.digest(self._secret, key.encode(), "sha256")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _principal(row: Iterable[object]) -> Principal:
    name, areas, threats, realm, revoked = row
    return Principal(
        SourceId(str(name)),
        tuple(AreaId(area) for area in json.loads(str(areas))),
        tuple(Threat(threat) for threat in json.loads(str(threats))),
        Realm(str(realm)),
        revoked=revoked is not None,
    )


def _make_private(path: Path) -> None:
    """Leave the database to its owner alone, whatever the umask; SQLite makes -wal and -shm alike."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for end in ("", "-wal", "-shm"):  # the two others are there where a server runs or was killed
        with suppress(FileNotFoundError):
            os.chmod(f"{path}{end}", 0o600)


def _secret(path: Path) -> bytes:
    """Return the secret that keys are hashed under, made where it is missing."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o600)  # whatever the umask
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(
            f"others can read {path}", todo=f"chmod 600 {path}, and make new keys if it was copied"
        )
    secret = path.read_bytes()
    if len(secret) != 32:
        raise ConfigError(
            f"{path} does not hold 32 bytes",
            todo="restore it from a backup, or remove it: then every key must be made anew",
        )
    return secret
