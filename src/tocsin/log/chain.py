"""The hash chain: each entry's hash covers its own fields and the hash before it.

An entry's digest is SHA-256 over 16 random bytes of salt and the body, so that
a short text cannot be guessed from a digest that stays when the text is erased.
The chain begins with the realm and the epoch, so entries of another log do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from struct import Struct as Packed
from struct import error as PackError
from typing import TYPE_CHECKING, NamedTuple

from tocsin.errors import LogBroken
from tocsin.model import Place

if TYPE_CHECKING:
    from tocsin.log import Entry, Log

SALT_BYTES = 16
_numbers = Packed(">QqI").pack  # seq, microseconds, length of the key


class Link(NamedTuple):
    """A place and the hash of the entry there."""

    seq: Place
    hash: bytes


def genesis(realm: str, origin: str) -> bytes:
    """Return the hash that the first entry links to."""
    return sha256(f"tocsin log 1\n{realm}\n{origin}\n".encode()).digest()


def digest(salt: bytes, body: bytes) -> bytes:
    """Return what stays of a body when it is erased."""
    return sha256(salt + body).digest()


def link(before: bytes, seq: Place, at_us: int, key: str, body_digest: bytes) -> bytes:
    """Return the hash of an entry."""
    name = key.encode()
    return sha256(before + _numbers(seq, at_us, len(name)) + name + body_digest).digest()


def checked(log: Log, after: Link | None = None) -> Iterator[Entry]:
    """Yield the entries behind a link that is trusted, each only after it was checked.

    Others may append meanwhile: what they append is checked too, or left for the next time.

    Args:
        log: Any engine.
        after: Where to begin; by default the beginning of the log.

    Raises:
        LogBroken: An entry was changed, is missing, stands in another order,
            or entries at the end are gone; the message says which.
    """
    given = log.last_given()  # before the reading: places that are given out during it may lie behind its end
    seq, before = after or Link(0, genesis(log.realm, log.origin))
    for entry in log.read(seq):
        if entry.seq != seq + 1:
            raise _broken(log, seq + 1, f"it is missing; the next one is {entry.seq}")
        seq = entry.seq
        try:
            fault = _fault(entry, before)
        except (TypeError, AttributeError, PackError):  # a damaged file can turn text into a number
            fault = "one of its fields is of another type"
        if fault:
            raise _broken(log, seq, fault)
        before = entry.hash
        yield entry
    if not given <= seq <= log.last_given():
        raise _broken(log, seq + 1, f"the log ends at {seq}, and places up to {given} were given out")


def _fault(entry: Entry, before: bytes) -> str | None:
    """Return what is wrong with an entry, if anything is."""
    seq, at_us, key, salt, body, body_digest, hashed = entry
    if (body is None) != (salt is None):
        return "it is half erased"
    if body is not None and salt is not None and digest(salt, body) != body_digest:
        return "its body is not the one that was appended"
    if link(before, seq, at_us, key, body_digest) != hashed:
        return "it does not fit the one before it: one of them was changed or moved"
    return None


def _broken(log: Log, seq: Place, found: str) -> LogBroken:
    return LogBroken(
        f"log {log.epoch} ({log.realm}), entry {seq}: {found}",
        todo="stop, keep the file as it is, and restore a backup; nothing behind this entry can be trusted",
        seq=seq,
    )
