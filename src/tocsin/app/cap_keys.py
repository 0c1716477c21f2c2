"""The keys that sign our messages in CAP: pairs of NAME.key and NAME.pem in the folder `cap` of the data.

They overlap: a new one is made, and its certificate given out, long before the old one ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tocsin.app.clock import Clock
from tocsin.areas import Country
from tocsin.cap import sign
from tocsin.cap.say import Author
from tocsin.cap.values import UNNAMEABLE
from tocsin.errors import ConfigError
from tocsin.log import Log
from tocsin.public.cap import Shelf

_log = logging.getLogger("tocsin")

DAYS = 365  # a new certificate is valid so long
LOOK_S = 1.0  # how often it is looked whether the folder has changed


class Named(NamedTuple):
    """A key with its name."""

    name: str
    key: sign.Key

    @property
    def ends(self) -> datetime:
        """When its certificate ends."""
        return self.key.certificate.not_valid_after_utc


def read_keys(data: Path) -> list[Named]:
    """Return the keys of a data folder, by name.

    Raises:
        ConfigError: One cannot be read, has no certificate, or others can read it.
    """
    found = []
    for path in sorted((data / "cap").glob("*.key")):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"others can read {path}", todo=f"chmod 600 {path}, and make a new key")
        try:
            key = sign.read_key(path.read_bytes(), path.with_suffix(".pem").read_bytes())
        except OSError as error:
            raise ConfigError(
                f"cannot read {path} with its certificate: {error}", todo="put both there"
            ) from error
        found.append(Named(path.stem, key))
    return found


def make_key(data: Path, name: str, now: datetime) -> Named:
    """Make a key with a certificate of its own, valid for a year from now.

    Raises:
        ConfigError: The name is taken or cannot be one, or the disk refuses.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise ConfigError(f"{name!r} cannot be a key's name", todo="use up to 40 of a-z, 0-9 and -")
    private = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(usage, critical=True)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = data / "cap" / f"{name}.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            path.with_suffix(".pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            file.write(secret)
    except OSError as error:
        raise ConfigError(
            f"cannot make {path}: {error}", todo="choose another name, or check the disk"
        ) from error
    return Named(name, sign.Key(private, certificate))


class Ring:
    """The keys as the folder has them now: a new one is used and one that is gone is not, without a restart.

    Args:
        data: The data folder.
        found: What was read of it at the start.
        now: The time.
    """

    def __init__(self, data: Path, found: Sequence[Named], now: Callable[[], datetime]) -> None:
        self._data, self._found, self._now = data, list(found), now
        self._seen, self._looked = self._marks(), time.monotonic()
        self._told: str | None = None

    def keys(self) -> list[sign.Key]:
        """Return the keys.  Where a new one cannot be read the ones before it go on; it is said once."""
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            self._look()
        return [one.key for one in self._found]

    def _look(self) -> None:
        marks = self._marks()
        if marks == self._seen:
            return
        try:
            self._found, self._told = read_keys(self._data), None
        except ConfigError as error:  # it may be half written: it is looked at again
            gone = {one.name for one in self._found} - {name.removesuffix(".key") for name, *_ in marks}
            self._found = [one for one in self._found if one.name not in gone]
            if str(error) != self._told:
                self._told = str(error)
                _log.error("a key for CAP is not used: %s", error)
            return
        self._seen = marks
        _log.info("the keys for CAP are now: %s", ", ".join(one.name for one in self._found) or "none")
        if (due := warning_of(self._found, self._now())) is not None:
            _log.warning("%s", due)

    def _marks(self) -> list[tuple[str, int, int]]:
        """Return what changes when a key or a certificate does."""
        marks = []
        for path in sorted((self._data / "cap").glob("*")):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                marks.append((path.name, found.st_mtime_ns, found.st_mode))
        return marks


def shelf_of(country: Country, log: Log, clock: Clock, data: Path, settings: Mapping[str, Any]) -> Shelf:
    """Return what holds a realm's messages.

    Raises:
        ConfigError: A key cannot be used, or the sender cannot be one.
    """
    sender = settings["cap_sender"]
    if UNNAMEABLE.search(sender):
        raise ConfigError(f"cap_sender is {sender!r}", todo="use a name without blanks, commas, < and &")
    keys = read_keys(data)
    if (due := warning_of(keys, clock.now())) is not None:
        _log.warning("%s", due)
    name = {lang: f"tocsin, {name}" for lang, name in country.name.items()}
    author = Author(sender, name, settings["cap_web"])
    ring = Ring(data, keys, clock.now)
    return Shelf(country.areas, author, log.epoch, clock.now(), clock.now, ring.keys, country.timezone)


def warning_of(keys: Sequence[Named], now: datetime) -> str | None:
    """Return what operators are to be told of the keys, or None: nothing is due, or nothing is signed."""
    if not keys:
        return None
    certificates = [one.key.certificate for one in keys]
    if sign.warning(certificates, now) is None:
        return None
    left = sign.days_left(certificates, now)
    if left == 0:
        return "no key for CAP is valid tomorrow: make one with `tocsin cap keys --new NAME`"
    return f"the last key for CAP ends in {left} days: make one with `tocsin cap keys --new NAME`"
