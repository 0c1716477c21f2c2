"""A log in one SQLite file, which holds the log and nothing else.

WAL with ``synchronous=FULL``: a commit is on the disk when it returns.  NORMAL
lost 100 to 792 acknowledged rows in simulated power cuts, FULL none.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import apsw

from tocsin.errors import ConfigError, DiskFull, LogBroken, LogError, LogHeld
from tocsin.log import Appended, Entry, Link, in_batch, no_entry, taken, to_us
from tocsin.log.chain import SALT_BYTES, digest, genesis, link
from tocsin.log.wal import find_damage
from tocsin.model import Place, Realm

FORMAT = 1
_APPLICATION = 0x746F6373  # "tocs": `file log.db` can tell
_OLDEST_SQLITE = 3_051_003  # earlier ones can lose a WAL frame when a checkpoint and a write meet
_ASIDE = "move {0} and every {0}-* aside together, keep them, and restore a backup or a copy"
_COLUMNS = "seq, at, key, salt, body, digest, hash"
_SCHEMA = """
create table log (
    format integer not null,
    origin text not null,  -- the first epoch: the hash chain begins with it
    epoch text not null,
    realm text not null
) strict;
create table entry (
    seq integer primary key autoincrement,  -- autoincrement: a place is never given out twice
    at integer not null,                    -- microseconds since 1970, UTC
    key text not null unique,
    salt blob,
    body blob,
    digest blob not null,
    hash blob not null
) strict;
create index erased on entry (seq) where body is null;  -- a backup asks which they are, again and again
"""


class SqliteLog:
    """A log in a file.  One process may append; any may read."""

    def __init__(self, path: Path, *, realm: Realm = Realm.ACTUAL, append: bool = True) -> None:
        """Open a log, and make it where it is missing and ``append`` is asked for.

        Raises:
            ConfigError: No such file (when reading), no log, another realm, another format, an unsafe
                SQLite.
            LogHeld: Another process appends to it.
            LogBroken: The file is damaged, or empty, or what SQLite would read of its WAL is not all
                that was acknowledged.
            LogError: The disk refuses.
        """
        if apsw.SQLITE_VERSION_NUMBER < _OLDEST_SQLITE:
            raise ConfigError(
                f"SQLite {apsw.sqlite_lib_version()} can lose what it committed",
                todo="install an apsw that carries SQLite 3.51.3 or newer",
            )
        self._path = path
        self._lock = _hold(path) if append else None
        self._batching = False
        try:
            self._db = self._open(append, make=append)
            self.origin, self.epoch, self.realm = self._identity(realm, append)
            self._head = self._read_head()
        except (apsw.Error, UnicodeDecodeError) as error:
            self._release()
            _fail("open the log", path, error)
        except BaseException:
            self._release()
            raise

    def _open(self, append: bool, *, make: bool) -> apsw.Connection:
        _look_first(self._path, append)
        flags = apsw.SQLITE_OPEN_READWRITE  # a reader of a WAL file too must be able to make its -shm
        if make:
            flags |= apsw.SQLITE_OPEN_CREATE
        db = apsw.Connection(str(self._path), flags=flags)
        db.set_busy_timeout(5_000)
        if _one(db.execute("select count(*) from sqlite_schema")):
            if _one(db.execute("pragma application_id")) != _APPLICATION:
                raise ConfigError(f"{self._path} is no log of tocsin", todo="check --data")
        if append:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = full")  # what we acknowledged must survive a power cut
            # From the first entry on: a page that is split leaves copies of its entries behind, and in
            # 27 of 30 logs that were tried some words outlived their erasing in such a copy.
            db.execute("pragma secure_delete = on")
        else:
            db.execute("pragma query_only = on")
        return db

    def _identity(self, realm: Realm, append: bool) -> tuple[str, str, Realm]:
        empty = not _one(self._db.execute("select count(*) from sqlite_schema"))
        if empty and not append:
            raise ConfigError(f"{self._path} is empty", todo="start the server once, or import a table")
        if empty:
            with self._db:
                self._db.execute(_SCHEMA)
                self._db.execute(f"pragma application_id = {_APPLICATION}")
                name = os.urandom(4).hex()
                self._db.execute("insert into log values (?, ?, ?, ?)", (FORMAT, name, name, str(realm)))
        rows = list(self._db.execute("select format, origin, epoch, realm from log"))
        if len(rows) != 1:
            raise LogBroken(f"{self._path} does not say which log it is", todo="restore a backup")
        form, origin, epoch, kept = rows[0]
        if form != FORMAT:
            raise ConfigError(
                f"{self._path} has format {form}, this version reads {FORMAT}",
                todo="use the version that wrote it",
            )
        if append and kept != realm:
            raise ConfigError(
                f"{self._path} is of realm {kept}, not {realm}", todo="give each realm its own file"
            )
        if kept not in list(Realm):
            raise LogBroken(f"{self._path} is of realm {kept!r}, which is none", todo="restore a backup")
        return str(origin), str(epoch), Realm(kept)

    def _read_head(self) -> Link:
        with self._reading("read the last entry"):
            for seq, hashed in self._db.execute("select seq, hash from entry order by seq desc limit 1"):
                if not isinstance(hashed, bytes):
                    raise LogBroken(
                        f"{self._path}: entry {seq} has no hash", todo="restore a backup", seq=seq
                    )
                return Link(int(seq), hashed)
        return Link(0, genesis(self.realm, self.origin))

    @property
    def head(self) -> Link:
        """The last place and its hash."""
        return self._head if self._lock is not None else self._read_head()

    def append(self, key: str, body: bytes, at: datetime) -> Appended:
        """Append one entry; see `tocsin.log.Log`."""
        there = self.find(key)
        if there is not None:
            if there.body is not None and there.body != body:
                raise taken(key, there.seq)
            return Appended(there.seq, new=False)
        self._check_batch()
        seq = self._head.seq + 1
        at_us = to_us(at)
        salt = os.urandom(SALT_BYTES)
        body_digest = digest(salt, body)
        hashed = link(self._head.hash, seq, at_us, key, body_digest)
        try:
            self._db.execute(
                f"insert into entry ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)",
                (seq, at_us, key, salt, body, body_digest, hashed),
            )
        except apsw.Error as error:
            _fail(f"append {key!r}", self._path, error)
        self._head = Link(seq, hashed)
        return Appended(seq, new=True)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make what is appended inside durable together, with one sync."""
        if self._batching:
            raise in_batch("append inside it")
        before = self._head
        self._batching = True
        try:
            self._db.execute("begin immediate")
            yield
            self._check_batch()
            self._db.execute("commit")
        except BaseException as error:
            self._head = before
            self._roll_back()
            if isinstance(error, apsw.Error):
                _fail("commit", self._path, error)
            raise
        finally:
            self._batching = False

    def _check_batch(self) -> None:
        """Refuse to go on with a batch that SQLite undid: what follows would stand behind a gap."""
        if self._batching and not self._db.in_transaction:
            raise LogError(
                f"the batch at {self._path} failed before, and nothing of it is kept",
                todo="end it, and append all of it again",
            )

    def _roll_back(self) -> None:
        with suppress(apsw.Error):  # the error that came first is told; `reopen` begins anew
            if self._db.in_transaction:
                self._db.execute("rollback")

    def find(self, key: str) -> Entry | None:
        """Return the entry that has this key."""
        with self._reading(f"look for {key!r}"):
            for row in self._db.execute(f"select {_COLUMNS} from entry where key = ?", (key,)):
                return Entry._make(row)
        return None

    def has_keys(self, prefix: str) -> bool:
        """Return whether any key begins so; quick, however long the log is."""
        query = "select 1 from entry where key >= ? and key < ? limit 1"
        with self._reading(f"look for keys like {prefix!r}"):
            for _ in self._db.execute(query, (prefix, prefix + "\U0010ffff")):
                return True
        return False

    def read(self, after: Place = 0, limit: int | None = None) -> Iterator[Entry]:
        """Yield entries behind a place."""
        query = f"select {_COLUMNS} from entry where seq > ? order by seq limit ?"
        with self._reading(f"read behind entry {after}"):
            for row in self._db.execute(query, (after, -1 if limit is None else limit)):
                yield Entry(*row)

    @contextmanager
    def _reading(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, UnicodeDecodeError) as error:
            _fail(doing, self._path, error)

    def erase(self, seq: Place) -> None:
        """Forget the words of one entry, in the file too: freed bytes are overwritten.

        Raises:
            LogError: There is no such entry; a batch is under way; or it is erased, but somebody
                reads the log, so that the words still stand in the WAL: erase it again.
        """
        if not 1 <= seq <= self.head.seq:
            raise no_entry(seq, self.head.seq)
        if self._batching:
            raise in_batch(f"erase entry {seq} when it has ended")
        try:
            self._db.execute("update entry set salt = null, body = null where seq = ?", (seq,))
            read = _one(self._db.execute("pragma wal_checkpoint(truncate)"))  # the WAL still held the words
        except apsw.LockedError:
            read = True  # by ourselves
        except apsw.Error as error:
            _fail(f"erase entry {seq}", self._path, error)
        if read:
            raise LogError(
                f"entry {seq} is erased, but {self._path}-wal still holds its words: somebody reads the log",
                todo="erase it again when the reading has ended",
            )

    def last_given(self) -> Place:
        """Return the highest place that was given out, from SQLite's own record."""
        with self._reading("read the record of places"):
            given = _one(self._db.execute("select seq from sqlite_sequence where name = 'entry'"))
        return given if isinstance(given, int) else 0

    def reopen(self) -> None:
        """Open the file again under the same right to append; see `tocsin.log.Log`."""
        if self._batching:
            raise in_batch("open the log again when it has ended")
        append, head = self._lock is not None, self._head
        known = self.origin, self.epoch, self.realm
        try:
            self._db.close(True)  # also where a reading is under way: it cannot be trusted either
            self._db = self._open(append, make=False)
            if known != self._identity(self.realm, append=False):
                raise LogBroken(f"{self._path} is another log than before", todo="restore a backup")
            now = self._read_head()
            if head != now:
                self._check_kept(head)
            self._head = now
        except (apsw.Error, UnicodeDecodeError) as error:
            _fail("open the log again", self._path, error)

    def _check_kept(self, head: Link) -> None:
        if head.seq and [head.hash] != [entry.hash for entry in self.read(head.seq - 1, 1)]:
            raise LogBroken(
                f"{self._path}: entry {head.seq} was acknowledged and is not there any more",
                todo="keep the file as it is, and restore a backup or a copy",
                seq=head.seq,
            )

    def close(self) -> None:
        """Let go of the file and of the right to append."""
        self._db.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _hold(path: Path) -> int:
    """Take the right to append.  It ends with the process, whatever ends that."""
    lock_path = _lock_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LogError(
            f"cannot make {lock_path}: {error}", todo="check the folder's owner and the disk"
        ) from error
    for pause_s in (0.02, 0.1, None):  # whoever only asks with `held` has it for an instant
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            if pause_s is not None:
                time.sleep(pause_s)
    os.close(lock)
    raise LogHeld(f"another process appends to {path}", todo="stop the server first, or send to its desk")


def held(path: Path) -> bool:
    """Return whether a process has the right to append to this log.  Makes nothing.

    Raises:
        LogError: It cannot be told: the lock cannot be opened.
    """
    try:
        lock = os.open(_lock_of(path), os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise LogError(
            f"cannot ask who appends to {path}: {error}", todo="check the folder's owner and the disk"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that ask are not in each other's way
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _look_first(path: Path, append: bool) -> None:
    """Refuse what SQLite would shorten without a word.  To be called before it sees the file."""
    wal = path.with_name(path.name + "-wal")
    try:
        size = path.stat().st_size if path.exists() else None
        if not size and wal.exists() and wal.stat().st_size:
            raise LogBroken(  # whoever only reads makes SQLite delete that WAL too
                f"{path} is {'missing' if size is None else 'empty'}, and there is a WAL beside it",
                todo=_ASIDE.format(path),
            )
        if size == 0 and append:
            raise LogBroken(
                f"{path} is empty", todo="restore a backup; or delete the file, if the server is new"
            )
        if size:
            _check_wal(path, wal, append)
    except OSError as error:
        todo = "check the folder's owner and the disk"
        raise LogError(f"cannot look at {path}: {error}", todo=todo) from error
    if size is None and not append:
        raise ConfigError(f"there is no log at {path}", todo="check --data, or start the server once")
    if size == 0:
        raise ConfigError(f"{path} is empty", todo="start the server once, or import a table")


def _check_wal(path: Path, wal: Path, append: bool) -> None:
    if not append and (not os.access(wal, os.W_OK) or held(path)):
        return  # we can lose nothing of it; or whoever writes it now has looked
    damage = find_damage(path)
    if damage and (append or not held(path)):
        raise LogBroken(
            f"{wal} is damaged at frame {damage.frame}, and SQLite would drop what stands from there on: "
            f"it was acknowledged before frame {damage.later} was written",
            todo=_ASIDE.format(path),
            frame=damage.frame,
        )
    if append and wal.exists():
        # What a killed process wrote and did not sync is an entry again from now on, and what is appended
        # behind it counts on it.
        _write_again(wal)


def _write_again(path: Path) -> None:
    """Write all that stands in a file over itself, and sync it.

    A sync alone is not enough.  Where one has failed, Linux calls the pages clean that never came to the
    disk, and the next sync succeeds: what was appended behind them was lost by a power cut.
    """
    with path.open("r+b") as file:
        while piece := file.read(1 << 20):
            file.seek(-len(piece), os.SEEK_CUR)
            file.write(piece)
            file.flush()
        os.fsync(file.fileno())


def _one(rows: Any) -> Any:
    for row in rows:
        return row[0]
    return None


def _fail(doing: str, path: Path, error: apsw.Error | UnicodeDecodeError) -> NoReturn:
    # Our statements are fixed: where SQLite cannot understand one, the file's own schema was damaged.
    if isinstance(
        error, apsw.CorruptError | apsw.NotADBError | apsw.SQLError | apsw.TooBigError | UnicodeDecodeError
    ):
        raise LogBroken(
            f"cannot {doing}: {path} is damaged ({error})", todo="keep the file as it is and restore a backup"
        ) from error
    if isinstance(error, apsw.FullError):
        raise DiskFull(f"cannot {doing} at {path}: {error}", todo="free space on the disk") from error
    raise LogError(
        f"cannot {doing} at {path}: {error}", todo="check the disk and the folder's owner"
    ) from error
