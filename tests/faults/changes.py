"""The changes that are made to a log: flipped bits, edits, cuts, forks, other orders."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import apsw

from tests.faults.damage import Change, Original
from tocsin.log.chain import SALT_BYTES, digest, genesis, link
from tocsin.log.sqlite import SqliteLog

FIELDS = ("at", "key", "salt", "body", "digest", "hash")


def flips(original: Original, count: int, seed: int) -> list[Change]:
    """Return single bits that fall over: in the log, in the WAL that a kill left, in the checkpoint."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        where = ("log.db", "log.db", "log.db-wal", "log.db", "log.checkpoint")[number % 5]
        killed = where == "log.db-wal"
        size = ((original.killed if killed else original.closed) / where).stat().st_size
        at, bit = chance.randrange(size), chance.randrange(8)
        torn = killed and at >= original.last_transaction
        made.append(
            Change(f"bit {bit} of byte {at} of {where}", _flip(where, at, bit), killed=killed, torn=torn)
        )
    return made


def _flip(where: str, at: int, bit: int) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        with (folder / where).open("r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << bit]))

    return do


def edits(original: Original, count: int, seed: int) -> list[Change]:
    """Return changes that somebody made who can write the file; every sort in turn."""
    chance = random.Random(seed)
    last = original.entries[-1].seq
    makers = (_edit, _drop, _swap, _fork, _swap_and_relink, _cut, _cut_and_forget, _cut_file, _add)
    return [makers[number % len(makers)](chance, last) for number in range(count)]


def _sql(*statements: tuple[str, tuple[object, ...]]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        db = apsw.Connection(str(folder / "log.db"))
        with db:
            for words, values in statements:
                db.execute(words, values)
        db.close()

    return do


def _edit(chance: random.Random, last: int) -> Change:
    seq, field = chance.randint(1, last), chance.choice(FIELDS)
    new = {
        "at": "at + 1",
        "key": "key || 'x'",
        "body": "cast(replace(body, 'e', 'o') as blob)",
    }.get(field, f"zeroblob(length({field}))")
    return Change(
        f"{field} of entry {seq} is edited", _sql((f"update entry set {field} = {new} where seq = ?", (seq,)))
    )


def _drop(chance: random.Random, last: int) -> Change:
    seq = chance.randint(1, last - 1)
    return Change(f"entry {seq} is dropped", _sql(("delete from entry where seq = ?", (seq,))))


def _swap(chance: random.Random, last: int) -> Change:
    one, two = sorted(chance.sample(range(1, last + 1), 2))
    return Change(f"entries {one} and {two} change places", _sql(*_swapped(one, two)))


def _swapped(one: int, two: int) -> list[tuple[str, tuple[object, ...]]]:
    move = "update entry set seq = ? where seq = ?"
    return [(move, (-1, one)), (move, (one, two)), (move, (two, -1))]


def _fork(chance: random.Random, last: int) -> Change:
    seq = chance.randint(1, last)

    def do(folder: Path) -> None:
        _relink(folder, seq, forged=True)

    return Change(f"entry {seq} says something else, and all behind it is linked anew", do, relinked=True)


def _swap_and_relink(chance: random.Random, last: int) -> Change:
    one, two = sorted(chance.sample(range(1, last + 1), 2))

    def do(folder: Path) -> None:
        _sql(*_swapped(one, two))(folder)
        _relink(folder, one, forged=False)

    return Change(f"entries {one} and {two} change places, and all is linked anew", do, relinked=True)


def _relink(folder: Path, begin: int, forged: bool) -> None:
    """Link all entries from a place on anew, as somebody would who hides a change."""
    log = SqliteLog(folder / "log.db", append=False)
    entries, before = list(log.read()), genesis(log.realm, getattr(log, "origin", log.epoch))
    log.close()
    changed: list[tuple[str, tuple[object, ...]]] = []
    for entry in entries:
        salt, body, body_digest = entry.salt, entry.body, entry.digest
        if forged and entry.seq == begin:
            salt, body = bytes(SALT_BYTES), (body or b"").replace(b"raised", b"clear")
            body_digest = digest(salt, body)
        hashed = link(before, entry.seq, entry.at_us, entry.key, body_digest)
        if hashed != entry.hash or body != entry.body:
            words = "update entry set salt = ?, body = ?, digest = ?, hash = ? where seq = ?"
            changed.append((words, (salt, body, body_digest, hashed, entry.seq)))
        before = hashed
    _sql(*changed)(folder)


def _cut(chance: random.Random, last: int) -> Change:
    seq = chance.randint(1, last)
    return Change(f"the log is cut before entry {seq}", _sql(("delete from entry where seq >= ?", (seq,))))


def _cut_and_forget(chance: random.Random, last: int) -> Change:
    seq = chance.randint(2, last)
    forget = ("update sqlite_sequence set seq = ? where name = 'entry'", (seq - 1,))
    cut = ("delete from entry where seq >= ?", (seq,))
    return Change(f"the log is cut before entry {seq}, its record too", _sql(cut, forget), relinked=True)


def _cut_file(chance: random.Random, last: int) -> Change:
    part = chance.random()

    def do(folder: Path) -> None:
        path = folder / "log.db"
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * part))

    return Change(f"the file is cut to {part:.3f} of its length", do)


def _add(chance: random.Random, last: int) -> Change:
    seq = chance.randint(1, last)
    copy = (
        "insert into entry select ?, at, key || '-again', salt, body, digest, hash from entry where seq = ?",
        (last + 1, seq),
    )
    return Change(f"entry {seq} is said again at the end", _sql(copy))
