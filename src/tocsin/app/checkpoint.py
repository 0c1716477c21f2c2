"""Checkpoints: the log's head, signed, and beside it the board as it was there.

At a start the log is folded and checked from the last checkpoint on; what lies
before it is checked afterwards.  A checkpoint may be lost at any time: then
the whole log is folded.  One that was made by other rules, for other areas or
of another log is left aside.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from tocsin.app.fold import Kept
from tocsin.areas import Areas
from tocsin.errors import ConfigError, LogBroken, TocsinError
from tocsin.log import Link, Log, note
from tocsin.log.note import Note
from tocsin.warn.saved import restore
from tocsin.wire import stamp

_log = logging.getLogger("tocsin")


class _File(Struct, array_like=True):
    made_by: bytes  # names the rules and the areas
    signed: str  # the note
    body_digest: bytes
    body: bytes
    seal: bytes  # signs all the above


class Checkpoints:
    """The checkpoints of one log.

    Args:
        path: The log's; the checkpoint lies beside it.
        areas: The country's.
        key: Signs.
    """

    def __init__(self, path: Path, areas: Areas, key: Ed25519PrivateKey) -> None:
        self._path = path.with_suffix(".checkpoint")
        self._areas = areas
        self._key = key
        self._made_by = _rules(areas)
        self.newest: str | None = None  # the last signed note

    def keep(self, log: Log, body: bytes, now: datetime) -> None:
        """Keep a saved board that has heard all of a log."""
        head = log.head
        signed = note.sign(Note(str(log.realm), log.origin, head.seq, head.hash, stamp(now)), self._key)
        made = _File(self._made_by, signed, sha256(body).digest(), body, b"")
        made.seal = self._key.sign(_sealed(made))
        fresh = self._path.with_suffix(".checkpoint.new")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.msgpack.encode(made))
                file.flush()
                os.fsync(file.fileno())  # else a power cut leaves an empty one, and the next start is slow
            os.replace(fresh, self._path)
        except OSError as error:  # the disk is full, say: the one before still holds
            _log.warning("cannot keep a checkpoint at %s: %s", self._path, error)
        self.newest = signed

    def load(self, log: Log) -> Kept | None:
        """Return the last checkpoint of a log, or None where there is none to be trusted.

        Raises:
            LogBroken: We signed something else than what the log holds now: it was rewritten, or cut.
        """
        try:
            kept = msgspec.msgpack.decode(self._path.read_bytes(), type=_File)
            about = note.read(kept.signed, note.public_of(self._key))
            if about.origin != log.origin:
                return None
            note.compare(log, about)  # first: what we signed holds, whatever rules made the board
            self._key.public_key().verify(kept.seal, _sealed(kept))
            if kept.made_by != self._made_by or sha256(kept.body).digest() != kept.body_digest:
                return None
            board = restore(self._areas, kept.body)
        except LogBroken:
            raise
        except FileNotFoundError:
            return None
        except (OSError, ValueError, msgspec.DecodeError, InvalidSignature, TocsinError) as error:
            _log.warning("the checkpoint %s is left aside, the whole log is folded: %s", self._path, error)
            return None
        self.newest = kept.signed
        return Kept(Link(about.seq, about.hash), board)

    def drop(self) -> None:
        """Forget what was kept: after an erasure, since it holds words."""
        self._path.unlink(missing_ok=True)


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """Return the key that signs a folder's checkpoints; made with the first call, mode 0600.

    It is there whole or not at all, also after a power cut: a server does not start with half a key.

    Raises:
        ConfigError: It cannot be read or made.
    """
    path = folder / "checkpoint.key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot use the signing key {path}: {error}", todo="check the file and its owner, or restore it"
        ) from error


def _make_key(path: Path) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was quicker: its key holds
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else the name may be gone after a power cut, and with it what was signed
    finally:
        os.close(folder)


def _sealed(made: _File) -> bytes:
    return b"tocsin checkpoint 1\0" + made.made_by + made.body_digest + made.signed.encode()


def _rules(areas: Areas) -> bytes:
    """Return what names the rules by which a board was made: their very source, and the areas."""
    rules = (file for file in files("tocsin.warn").iterdir() if file.name.endswith(".py"))
    names = sorted(rules, key=lambda file: file.name)
    sources = [*names, files("tocsin").joinpath("model.py"), files("tocsin").joinpath("areas.py")]
    total = sha256()
    for file in sources:
        total.update(file.read_bytes())
    for area in areas:
        total.update(f"{area.id} {area.level} {area.parent}\n".encode())
    return total.digest()
