"""Who may say what: the keys of feeds and operators, and their entitlements.

A key is 32 random bytes, shown once.  Kept is its HMAC-SHA-256 under a secret
that lies in a file of its own, so a stolen database opens nothing.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.desk.rights import Entitlement, Role, Verb, allow
from tocsin.desk.store import Store
from tocsin.errors import ConfigError, KeyRefused, NotEntitled
from tocsin.log import from_us, to_us
from tocsin.model import AreaId, Realm, SourceId, Threat

_PREFIX = "tocsin_"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_RESERVED = ("pack",)


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
        taken: Names of other sources: a key of such a name is not made, and opens nothing.

    Raises:
        ConfigError: There are none and none is to be made, or the disk refuses.
    """

    def __init__(self, folder: Path, *, make: bool = True, taken: Iterable[SourceId] = ()) -> None:
        self._taken = frozenset(taken)
        self._store = Store(folder, make=make)
        self._db = self._store.db

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
        if principal.name in self._taken:
            raise ConfigError(
                f"there is an upstream {principal.name!r}: nobody could tell which of the two speaks",
                todo="choose another name",
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
        with self._store.changing():
            taken = self._db.execute(
                "select name from key where name = ?1 and revoked is null"
                " union select authority from person where authority = ?1",
                (principal.name,),
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
        with self._store.changing():
            self._db.execute(
                "update key set revoked = ? where name = ? and revoked is null", (to_us(at), name)
            )
            if not self._db.changes():
                raise ConfigError(f"there is no key {name!r} in force", todo="see `tocsin key list`")

    def all(self) -> list[tuple[Principal, datetime]]:
        """Return every key's holder, ended ones too, and when it was made."""
        rows = self._db.execute("select name, areas, threats, realm, revoked, created from key order by name")
        return [(_principal(row[:5]), from_us(row[5])) for row in rows]

    def who(self, authorization: str | None) -> Principal:
        """Return who holds the key in an Authorization header.

        Raises:
            KeyRefused: None is given, or it is not one of ours, was revoked, or has an upstream's name.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise KeyRefused("there is no key", todo="send the header `Authorization: Bearer KEY`")
        mac = self._mac(key.strip())
        rows = self._db.execute(
            "select name, areas, threats, realm, revoked, mac from key where mac = ?", (mac,)
        )
        for row in rows:
            if not hmac.compare_digest(row[5], mac) or row[4] is not None:
                continue
            if row[0] in self._taken:
                raise KeyRefused(
                    f"the key {row[0]!r} has the name of an upstream, and may not speak as it",
                    todo="ask the office for a key of another name",
                )
            return _principal(row[:5])
        raise KeyRefused("the key is not known, or it was revoked", todo="ask the office for a new one")

    def version(self) -> int:
        """Return a number that changes when another connection changes the file."""
        return self._store.version()

    def _mac(self, key: str) -> bytes:
        return self._store.mac(key)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


def _principal(row: Iterable[object]) -> Principal:
    name, areas, threats, realm, revoked = row
    return Principal(
        SourceId(str(name)),
        tuple(AreaId(area) for area in json.loads(str(areas))),
        tuple(Threat(threat) for threat in json.loads(str(threats))),
        Realm(str(realm)),
        revoked=revoked is not None,
    )
