"""CAP messages that are kept: those that were accepted, and those that wait for a person.

What was accepted is remembered, since a later all clear or cancel refers to it.  It lies in `cap.db`, beside
the log and not in it: what a message did stands in the log.  Without the file nothing is raised or cleared;
a cancel of an earlier message then goes to a person.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import msgspec

from tocsin import wire
from tocsin.cap.message import Message
from tocsin.errors import ConfigError
from tocsin.log import from_us, to_us
from tocsin.model import SourceId
from tocsin.sources import Quarantined

REMEMBERED = 5_000  # messages a source, the newest
HELD = 500  # messages a source that wait, the newest: a flood must not fill the disk
_SCHEMA = """
create table if not exists accepted (
    id integer primary key, source text not null, sender text not null, identifier text not null,
    message blob not null, unique (source, sender, identifier)
) strict;
create table if not exists held (
    id integer primary key, source text not null, digest blob not null, name text not null,
    why text not null, body blob not null, at integer not null, unique (source, digest)
) strict;
create table if not exists settled (id integer primary key) strict;
"""


class Kept:
    """The kept messages of one data folder.

    Args:
        folder: Where `cap.db` lies; made where it is missing.

    Raises:
        ConfigError: The disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.close(os.open(folder / "cap.db", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = apsw.Connection(str(folder / "cap.db"))
            self._db.set_busy_timeout(5_000)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute(_SCHEMA)
        except (OSError, apsw.Error) as error:
            raise ConfigError(
                f"cannot open cap.db in {folder}: {error}",
                todo="check --data, the folder's owner and the disk",
            ) from error

    def remember(self, source: SourceId, message: Message) -> None:
        """Keep a message that was accepted."""
        row = (source, message.sender, message.identifier, msgspec.json.encode(message))
        self._db.execute(
            "insert or ignore into accepted (source, sender, identifier, message) values (?, ?, ?, ?)", row
        )
        self._prune("accepted", source, REMEMBERED)

    def remembered(self, source: SourceId) -> list[Message]:
        """Return the accepted messages of a source, oldest first."""
        rows: list[Any] = self._db.execute(
            "select message from accepted where source = ? order by id", (source,)
        ).fetchall()
        return [msgspec.json.decode(row[0], type=Message) for row in rows]

    def hold(self, source: SourceId, one: Quarantined, at: datetime) -> int:
        """Keep a message for a person, once however often it comes; return its number."""
        digest = hashlib.sha256(one.body + one.name.encode()).digest()
        row = (source, digest, one.name, json.dumps(one.why), one.body, to_us(at))
        self._db.execute(
            "insert or ignore into held (source, digest, name, why, body, at) values (?, ?, ?, ?, ?, ?)", row
        )
        self._prune("held", source, HELD)
        found = self._db.execute("select id from held where source = ? and digest = ?", (source, digest))
        return int(next(iter(found))[0])

    def held(self, source: SourceId | None = None) -> list[dict[str, Any]]:
        """Return what waits for a person, newest first."""
        rows: list[Any] = self._db.execute(
            "select id, source, name, why, body, at, digest from held"
            " where id not in (select id from settled) order by id desc"
        ).fetchall()
        return [
            {
                "number": row[0], "source": row[1], "name": row[2], "why": json.loads(row[3]),
                "heard": wire.stamp(from_us(row[5])), "body": row[4].decode("utf-8", "replace"),
                "digest": row[6].hex(),
            }
            for row in rows
            if source in (None, row[1])
        ]  # fmt: skip

    def waiting(self, source: str) -> int:
        """Return how many messages of a source wait for a person."""
        query = "select count(*) from held where source = ? and id not in (select id from settled)"
        return int(next(iter(self._db.execute(query, (source,))))[0])

    def settle(self, number: int) -> None:
        """Let a message wait no longer; it stays known, so that a feed that repeats it brings it back not."""
        self._db.execute("insert or ignore into settled values (?)", (number,))

    def _prune(self, table: str, source: SourceId, most: int) -> None:
        self._db.execute(
            f"delete from {table} where source = ? and id <= (select id from {table} where source = ?"
            " order by id desc limit 1 offset ?)",
            (source, source, most),
        )

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
