"""Signed notes: what the log was at one place, signed, to be kept by people outside.

Whoever holds an old note can tell whether the log that is shown today is the
same one: the entry at that place must still have that hash, and a hash covers
all that came before it.  The form is C2SP's signed-note: a text, an empty line,
and one line a signature (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tocsin.errors import ConfigError, LogBroken
from tocsin.log import Log
from tocsin.model import Place

_TITLE = "tocsin log 1"
_NAME = "tocsin"
_DASH = "\N{EM DASH}"
_ED25519 = b"\x01"  # C2SP signed-note: the algorithm's byte


class Note(NamedTuple):
    """What a log was at one place."""

    realm: str
    origin: str  # the log's first epoch: a restored log is the same chain
    seq: Place
    hash: bytes  # of the entry there
    at: str  # when the note was made, RFC 3339

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{_TITLE} {self.realm} {self.origin}\n{self.seq}\n{_b64(self.hash)}\n{self.at}\n"


def public_of(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Return a public key as it is handed out."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return _b64(public.public_bytes_raw())


def sign(note: Note, key: Ed25519PrivateKey) -> str:
    """Return a note with its signature."""
    mark = _mark(key.public_key())
    return f"{note.text}\n{_DASH} {_NAME} {_b64(mark + key.sign(note.text.encode()))}\n"


def read(signed: str, public: str) -> Note:
    """Return a note whose signature is right.

    Args:
        signed: The note, as it was handed out.
        public: The key, as `public_of` gives it.

    Raises:
        ConfigError: It is no note, or not signed by this key.
    """
    text, gap, tail = signed.partition("\n\n")
    text += "\n"
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        signatures = [
            base64.b64decode(line.split(" ")[2]) for line in tail.splitlines() if line.count(" ") == 2
        ]
        mine = [item[4:] for item in signatures if item[:4] == _mark(key)]
        if not gap or not mine:
            raise ConfigError("the note is not signed by this key", todo="check the key and the note")
        key.verify(mine[0], text.encode())
        title, seq, hashed, at = text.splitlines()
        realm, origin = title.removeprefix(_TITLE + " ").split(" ")
        return Note(realm, origin, int(seq), base64.b64decode(hashed, validate=True), at)
    except InvalidSignature:
        raise ConfigError("the note was changed: its signature is wrong", todo="get it again") from None
    except (ValueError, IndexError, binascii.Error) as error:
        raise ConfigError(
            f"this is no note of a log: {error}", todo="give one as /v1/checkpoint has it"
        ) from error


def compare(log: Log, note: Note) -> None:
    """Hold a log against an old note of it.

    Raises:
        LogBroken: It is another log, or was rewritten.
    """
    found = next(iter(log.read(note.seq - 1, 1)), None) if note.seq else None
    if (note.realm, note.origin) != (log.realm, log.origin):
        what = f"the note is of the log {note.origin} ({note.realm}), this one is {log.origin} ({log.realm})"
    elif note.seq and (found is None or found.seq != note.seq):
        what = f"the log has no entry {note.seq}, which was signed on {note.at}"
    elif found is not None and found.hash != note.hash:
        what = f"entry {note.seq} is not the one that was signed on {note.at}: it was rewritten"
    else:
        return
    raise LogBroken(
        what, todo="keep both; an older backup is put back with `tocsin restore`, which says so", seq=note.seq
    )


def _mark(key: Ed25519PublicKey) -> bytes:
    return sha256(f"{_NAME}\n".encode() + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
