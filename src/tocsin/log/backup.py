"""A second copy of a log that is kept up to date, and the way back.

A backup holds every entry as it stands in the log, under the same places and
hashes, so it verifies by itself.  A log that is put back from one gets a new
epoch: what came after the backup is lost, places will be given out again, and
whoever read them must be told to forget.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import apsw

from tocsin.errors import ConfigError, LogBroken, LogError
from tocsin.log import Link, checked
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Place

_BATCH = 20_000  # entries that share one sync of the copy
_PAGES = 4_096  # pages that are copied in one step, 16 MiB

Told = Callable[[int, int], None]


def _nothing(done: int, of: int) -> None:
    pass


class Backup:
    """One log that follows another.

    Args:
        source: The log's file; a server may append to it meanwhile.
        target: The copy's file; made where it is missing.
    """

    def __init__(self, source: Path, target: Path) -> None:
        """Open both.

        Raises:
            ConfigError: The copy is one of another log, or of an earlier epoch of it.
            LogHeld: Another backup writes there.
            LogBroken: The copy is damaged, or has entries that the log has not.
        """
        self._source = SqliteLog(source, append=False)
        try:
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                copy_file(source, target)
            self._target = SqliteLog(target, realm=self._source.realm)
        except BaseException:
            self._source.close()
            raise
        self._db = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
        for pragma in ("synchronous = full", "secure_delete = on"):
            self._db.execute(f"pragma {pragma}")
        self._from = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)  # for its -shm; only read
        for each in (self._db, self._from):
            each.set_busy_timeout(5_000)
        self._head = self._common(source, target)

    def __enter__(self) -> Backup:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._from.close()
        self._db.close()
        self._target.close()
        self._source.close()

    @property
    def seq(self) -> Place:
        """The last place that the copy holds."""
        return self._head.seq

    def _common(self, source: Path, target: Path) -> Link:
        ours, theirs = self._target, self._source
        if (ours.origin, ours.epoch, ours.realm) != (theirs.origin, theirs.epoch, theirs.realm):
            raise ConfigError(
                f"{target} is a copy of the log {ours.epoch} ({ours.realm}), {source} is {theirs.epoch} "
                f"({theirs.realm})",
                todo="choose another folder for the backup, and keep the old one",
            )
        head = ours.head
        if head.seq and [head.hash] != [entry.hash for entry in theirs.read(head.seq - 1, 1)]:
            raise LogBroken(
                f"{target} holds entry {head.seq}, and {source} has another one there or none",
                todo="keep both; find out which of them is right before you go on",
                seq=head.seq,
            )
        return head

    def catch_up(self) -> int:
        """Copy what is new, each entry checked, and forget what was erased; return how many there were.

        Raises:
            LogBroken: The log cannot be trusted; the copy stays as it was.
            LogError: The copy's disk refuses.
        """
        new = 0
        behind = checked(self._source, self._head)
        try:
            while batch := [entry for entry, _ in zip(behind, range(_BATCH), strict=False)]:
                with self._db:
                    self._db.executemany("insert into entry values (?, ?, ?, ?, ?, ?, ?)", batch)
                self._head = Link(batch[-1].seq, batch[-1].hash)
                new += len(batch)
            self._forget()
        except apsw.Error as error:
            raise LogError(f"cannot write the copy: {error}", todo="check its disk") from error
        return new

    def _forget(self) -> None:
        query = "select seq from entry where body is null and seq <= ?"
        erased = {seq for (seq,) in self._from.execute(query, (self.seq,))}
        erased -= {seq for (seq,) in self._db.execute(query, (self.seq,))}
        if erased:
            with self._db:
                for seq in sorted(erased):
                    self._db.execute("update entry set salt = null, body = null where seq = ?", (seq,))
            self._db.execute("pragma wal_checkpoint(truncate)")


def copy_file(source: Path, target: Path, told: Told = _nothing) -> None:
    """Copy a whole SQLite file, as it is at one moment; a server may write it meanwhile.

    Args:
        source: Any SQLite file.
        target: Does not exist; it is there only when the copy is whole and on the disk.
        told: Called with how many pages were copied, and of how many.

    Raises:
        LogError: It cannot be read or written.
    """
    fresh = target.with_name(target.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        old = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        new = apsw.Connection(str(fresh))
        with new.backup("main", old, "main") as copying:
            while not copying.done:
                copying.step(_PAGES)
                told(copying.page_count - copying.remaining, copying.page_count)
        new.execute("pragma journal_mode = delete")  # one file, without a WAL beside it
        new.close()
        old.close()
        os.chmod(fresh, 0o600)
        _sync(fresh)
        os.replace(fresh, target)
        _sync(target.parent)
    except (apsw.Error, OSError) as error:
        raise LogError(f"cannot copy {source} to {target}: {error}", todo="check both disks") from error


def put_back(backup: Path, target: Path, told: Told = _nothing) -> tuple[str, Place]:
    """Make a log from a backup, under a new epoch; return that and its last place.

    Args:
        backup: A log's file, or a copy of one.
        target: Does not exist.
        told: Called with how many entries were checked, and of how many.

    Raises:
        ConfigError: A log is there already.
        LogBroken: The backup is damaged; nothing is left behind.
        LogError: The disk refuses.
    """
    if target.exists():
        raise ConfigError(
            f"there is a log at {target} already", todo="choose an empty folder, or move it aside"
        )
    fresh = target.with_name(target.name + ".restored")
    fresh.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_file(backup, fresh)
    try:
        log = SqliteLog(fresh, append=False)
        last, seq = log.last_given(), 0
        for entry in checked(log):
            seq = entry.seq
            if seq % 5_000 == 0:
                told(seq, last)
        told(seq, last)
        log.close()
        epoch = os.urandom(4).hex()
        db = apsw.Connection(str(fresh))
        db.execute("update log set epoch = ?", (epoch,))
        db.close()
        _sync(fresh)
        os.replace(fresh, target)
        _sync(target.parent)
    finally:
        fresh.unlink(missing_ok=True)
    return epoch, seq


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
