"""The desk's file: keys, people and sessions in one database, and the secret that they are hashed under.

What is shown once and kept for checking (a key, a link, a session) is kept as
its HMAC-SHA-256 under a secret in a file of its own: a stolen database opens
nothing.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from tocsin.errors import ConfigError

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
create table if not exists person (
    name text primary key,
    authority text not null,  -- the source that they speak as
    created integer not null,
    revoked integer
) strict;
create table if not exists entitlement (
    person text not null,
    role text not null,
    areas text not null,
    threats text not null,
    realm text not null
) strict;
create table if not exists passkey (
    id blob primary key,
    person text not null,
    realm text not null,    -- one made for the exercise opens no other door
    public blob not null,   -- COSE
    count integer not null,
    created integer not null
) strict;
create table if not exists password (
    person text not null,
    realm text not null,
    hash text not null,     -- argon2id
    totp blob not null,
    step integer not null,  -- the newest that was used: none counts twice
    primary key (person, realm)
) strict;
create table if not exists drill (
    name text primary key,
    areas text not null,
    begins integer not null,
    ends integer not null
) strict;
create table if not exists link (
    mac blob primary key,
    person text not null,
    realm text not null,
    expires integer not null
) strict;
create table if not exists session (
    mac blob primary key,
    person text not null,
    realm text not null,
    credential text not null,
    created integer not null,
    expires integer not null
) strict;
"""


class Store:
    """One data folder's desk.

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
            self.db = apsw.Connection(str(folder / "desk.db"))
            self.db.set_busy_timeout(5_000)
            self.db.execute("pragma journal_mode = wal")
            self.db.execute(_SCHEMA)
        except (OSError, apsw.Error) as error:
            raise ConfigError(
                f"cannot open the keys in {folder}: {error}",
                todo="check --data, the folder's owner and the disk",
            ) from error

    @contextmanager
    def changing(self) -> Iterator[apsw.Connection]:
        """Hold the right to write from the first look on: what was seen still holds at the change."""
        try:
            self.db.execute("begin immediate")
            yield self.db
            self.db.execute("commit")
        except BaseException as error:
            if self.db.in_transaction:
                self.db.execute("rollback")
            if isinstance(error, apsw.Error):
                raise ConfigError(
                    f"cannot change the keys in {self.db.filename}: {error}",
                    todo="nothing was changed; check the disk and the folder's owner, and do it again",
                ) from error
            raise

    def version(self) -> int:
        """Return a number that changes when another connection changes the file."""
        return int(next(iter(self.db.execute("pragma data_version")))[0])

    def mac(self, opens: str) -> bytes:
        """Return what is kept of something that opens a door."""
        return hmac.digest(self._secret, opens.encode(), "sha256")

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()


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
    if len(secret) != 32 or len(set(secret)) < 8:  # a placeholder; 32 random bytes have 30 values
        raise ConfigError(
            f"{path} does not hold 32 bytes",
            todo="restore it from a backup, or remove it: then every key must be made anew",
        )
    return secret
