"""The people of the desk: what they may do, how they prove who they are, and where they are logged in.

A person is logged in to one realm, with a credential that was made for that
realm: what opens the exercise opens nothing else.  Every question is asked of
the file, so what another process has revoked is refused with the next request.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from tocsin.desk.rights import Entitlement, Role
from tocsin.desk.store import Store
from tocsin.errors import ConfigError, KeyRefused
from tocsin.log import to_us
from tocsin.model import AreaId, Realm, SourceId, Threat

LINK_S = 3_600.0  # how long a link to a first log-in counts
SESSION_S = 12 * 3_600.0  # a shift
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Person(Struct, frozen=True):
    """Somebody at the desk."""

    name: str
    authority: SourceId  # the source that they speak as
    held: tuple[Entitlement, ...]
    revoked: bool = False

    def in_realm(self, realm: Realm) -> tuple[Entitlement, ...]:
        """Return what they are entitled to in one realm."""
        return tuple(one for one in self.held if one.realm is realm)


class Session(Struct, frozen=True):
    """Somebody who is logged in."""

    person: Person
    realm: Realm
    credential: str  # "passkey:..." or "code"


class Passkey(Struct, frozen=True):
    """The public half of a credential."""

    id: bytes
    person: str
    realm: Realm
    public: bytes
    count: int

    @property
    def name(self) -> str:
        """What the log calls it."""
        return f"passkey:{self.id.hex()[:32]}"


class Code(Struct, frozen=True):
    """A password and the secret of one-time codes, for who has no passkey."""

    hash: str
    totp: bytes
    step: int


class People:
    """The people of one data folder; see `Store` for the errors.

    Args:
        folder: Where they are kept.
        make: Make the files where they are missing.
        taken: Names of upstreams: no authority speaks under one.
    """

    def __init__(self, folder: Path, *, make: bool = True, taken: Iterable[SourceId] = ()) -> None:
        self._taken = frozenset(taken)
        self._store = Store(folder, make=make)
        self._db = self._store.db

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    # Who there is

    def add(self, name: str, authority: str, held: Iterable[Entitlement], at: datetime) -> None:
        """Take somebody in, or give somebody who is here other entitlements.

        Raises:
            ConfigError: A name that cannot be one, or an authority that is a feed's key or an upstream.
        """
        for what in (name, authority):
            if not NAME.fullmatch(what) or what == "pack":
                raise ConfigError(
                    f"{what!r} cannot be a name here",
                    todo="use up to 40 of a-z, 0-9 and -, beginning with a letter or digit; 'pack' is taken",
                )
        if authority in self._taken:
            raise ConfigError(
                f"the authority {authority!r} has the name of an upstream", todo="choose another name"
            )
        with self._store.changing() as db:
            if db.execute("select 1 from key where name = ? and revoked is null", (authority,)).fetchall():
                raise ConfigError(
                    f"the authority {authority!r} has the name of a feed's key", todo="choose another name"
                )
            db.execute("insert or replace into person values (?, ?, ?, null)", (name, authority, to_us(at)))
            db.execute("delete from entitlement where person = ?", (name,))
            db.execute("delete from session where person = ?", (name,))
            for one in held:
                row = (name, str(one.role), json.dumps(one.areas), json.dumps(one.threats), str(one.realm))
                db.execute("insert into entitlement values (?, ?, ?, ?, ?)", row)

    def revoke(self, name: str, at: datetime) -> None:
        """End somebody's rights, credentials and sessions at once.

        Raises:
            ConfigError: There is nobody of that name.
        """
        with self._store.changing() as db:
            db.execute("update person set revoked = ? where name = ? and revoked is null", (to_us(at), name))
            if not db.changes():
                raise ConfigError(f"there is nobody called {name!r} here", todo="see `tocsin desk list`")
            for table in ("session", "passkey", "password", "link"):
                db.execute(f"delete from {table} where person = ?", (name,))

    def all(self) -> list[Person]:
        """Return everybody, by name; who was revoked too."""
        names = [row[0] for row in self._db.execute("select name from person order by name")]
        return [one for one in map(self.get, names) if one is not None]

    def get(self, name: str) -> Person | None:
        """Return somebody, also who was revoked; None where there is nobody of that name."""
        found = self._db.execute("select authority, revoked from person where name = ?", (name,)).fetchall()
        if not found:
            return None
        rows = self._db.execute(
            "select role, areas, threats, realm from entitlement where person = ?", (name,)
        )
        held = tuple(_entitlement(*map(str, row)) for row in rows)
        return Person(name, SourceId(str(found[0][0])), held, revoked=found[0][1] is not None)

    def version(self) -> int:
        """Return a number that changes when another connection changes the file."""
        return self._store.version()

    # A first log-in

    def invite(self, name: str, realm: Realm, at: datetime) -> str:
        """Return a token by which somebody makes a credential, once, within `LINK_S`."""
        token = secrets.token_urlsafe(32)
        until = to_us(at + timedelta(seconds=LINK_S))
        with self._store.changing() as db:
            db.execute(
                "insert into link values (?, ?, ?, ?)", (self._mac("link", token), name, str(realm), until)
            )
        return token

    def invited(self, token: str, realm: Realm, at: datetime) -> Person:
        """Return whom a token is for.

        Raises:
            KeyRefused: It is none of ours, was used, is too old, or is for another realm.
        """
        rows = self._db.execute(
            "select person from link where mac = ? and realm = ? and expires > ?",
            (self._mac("link", token), str(realm), to_us(at)),
        ).fetchall()
        person = self.get(str(rows[0][0])) if rows else None
        if person is None or person.revoked:
            raise KeyRefused(
                "this link opens nothing: it was used, is too old, or belongs to another realm",
                todo="ask for a new one: `tocsin desk invite NAME`",
            )
        return person

    def use_link(self, token: str) -> None:
        """Let a token open nothing any longer.

        Raises:
            KeyRefused: It did not open anything any more: somebody was faster.
        """
        with self._store.changing() as db:
            db.execute("delete from link where mac = ?", (self._mac("link", token),))
            if not db.changes():
                raise KeyRefused("this link was used", todo="ask for a new one: `tocsin desk invite NAME`")

    # Credentials

    def add_passkey(self, key: Passkey, at: datetime) -> None:
        """Keep a credential."""
        row = (key.id, key.person, str(key.realm), key.public, key.count, to_us(at))
        with self._store.changing() as db:
            db.execute("insert into passkey values (?, ?, ?, ?, ?, ?)", row)

    def passkey(self, id_: bytes, realm: Realm) -> Passkey:
        """Return a credential.

        Raises:
            KeyRefused: There is none for this realm.
        """
        rows = self._db.execute(
            "select person, public, count from passkey where id = ? and realm = ?", (id_, str(realm))
        ).fetchall()
        if not rows:
            raise KeyRefused(
                "this passkey is not known here", todo="use the one of this realm, or ask for a new link"
            )
        person, public, count = rows[0]
        assert isinstance(public, bytes)
        return Passkey(id_, str(person), realm, public, int(str(count)))

    def passkeys(self, name: str, realm: Realm) -> list[bytes]:
        """Return the ids of somebody's credentials."""
        rows = self._db.execute("select id from passkey where person = ? and realm = ?", (name, str(realm)))
        return [row[0] for row in rows]

    def count_passkey(self, id_: bytes, count: int) -> None:
        """Keep how often an authenticator signed: a copy of it would lag behind."""
        with self._store.changing() as db:
            db.execute("update passkey set count = ? where id = ?", (count, id_))

    def set_code(self, name: str, realm: Realm, code: Code) -> None:
        """Keep a password's hash and the secret of one-time codes."""
        row = (name, str(realm), code.hash, code.totp, code.step)
        with self._store.changing() as db:
            db.execute("insert or replace into password values (?, ?, ?, ?, ?)", row)

    def code(self, name: str, realm: Realm) -> Code | None:
        """Return what somebody's password and code are checked against."""
        rows = self._db.execute(
            "select hash, totp, step from password where person = ? and realm = ?", (name, str(realm))
        ).fetchall()
        if not rows:
            return None
        kept, totp, step = rows[0]
        assert isinstance(totp, bytes)
        return Code(str(kept), totp, int(str(step)))

    def use_step(self, name: str, realm: Realm, step: int) -> bool:
        """Return whether a one-time code was not used before, and note that it is now."""
        with self._store.changing() as db:
            db.execute(
                "update password set step = ? where person = ? and realm = ? and step < ?",
                (step, name, str(realm), step),
            )
            return bool(db.changes())

    # Sessions

    def log_in(self, name: str, realm: Realm, credential: str, at: datetime) -> str:
        """Return the id of a new session; it is never one that a browser brought along."""
        token = secrets.token_urlsafe(32)
        until = to_us(at + timedelta(seconds=SESSION_S))
        row = (self._mac("session", token), name, str(realm), credential, to_us(at), until)
        with self._store.changing() as db:
            db.execute("delete from session where expires <= ?", (to_us(at),))
            db.execute("insert into session values (?, ?, ?, ?, ?, ?)", row)
        return token

    def session(self, token: str, realm: Realm, at: datetime) -> Session | None:
        """Return who is logged in by a session's id; None where it is none, or their rights have ended.

        Who would speak under an upstream's name has no rights.
        """
        rows = self._db.execute(
            "select person, credential from session where mac = ? and realm = ? and expires > ?",
            (self._mac("session", token), str(realm), to_us(at)),
        ).fetchall()
        person = self.get(str(rows[0][0])) if rows else None
        if person is None or person.revoked or not person.in_realm(realm) or person.authority in self._taken:
            return None
        return Session(person, realm, str(rows[0][1]))

    def log_out(self, token: str) -> None:
        """End a session."""
        with self._store.changing() as db:
            db.execute("delete from session where mac = ?", (self._mac("session", token),))

    def _mac(self, what: str, token: str) -> bytes:
        return self._store.mac(f"{what}/{token}")  # a link's token is no session's


def _entitlement(role: str, areas: str, threats: str, realm: str) -> Entitlement:
    return Entitlement(
        Role(role),
        tuple(AreaId(area) for area in json.loads(areas)),
        tuple(Threat(threat) for threat in json.loads(threats)),
        Realm(realm),
    )
