"""Password and one-time code: how somebody without a passkey logs in.

Both are needed.  A password is kept as argon2id; hashing one takes a tenth of
a second and 64 MiB, so it is done one at a time: a flood of log-ins slows
log-ins, and nothing else.

Source: RFC 6238 (TOTP, SHA-1, 30 s, six digits), RFC 9106 (argon2id).
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tocsin.desk.people import Code, People, Person
from tocsin.errors import KeyRefused, SubscriberError
from tocsin.model import Realm

STEP_S = 30
SHORTEST = 12  # characters; NIST SP 800-63B asks for 8 beside a second factor
LONGEST = 200
_NEAR = (0, -1, 1)  # steps that a clock may be off


def code_at(secret: bytes, step: int) -> str:
    """Return the six digits of one step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def step_of(secret: bytes, code: str, at: datetime) -> int | None:
    """Return which step a code is of; None where it is of none near this time."""
    now = int(at.timestamp()) // STEP_S
    given = code.replace(" ", "").encode()
    steps = [now + near for near in _NEAR]
    return next((step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), given)), None)


def new_secret() -> bytes:
    """Return the secret of somebody's codes."""
    return secrets.token_bytes(20)


def spelt(secret: bytes) -> str:
    """Return a secret as an app takes it, typed in."""
    return base64.b32encode(secret).decode()


def address_of(secret: bytes, person: Person, realm: Realm) -> str:
    """Return a secret as an app takes it, scanned or opened."""
    label = quote(f"tocsin {realm}:{person.name}")
    return f"otpauth://totp/{label}?secret={spelt(secret)}&issuer={quote(f'tocsin {realm}')}"


class Codes:
    """Checks passwords, one at a time."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._hasher = PasswordHasher()
        self._one = asyncio.Semaphore(1)
        self._nobody = ""

    async def new(self, totp: bytes, password: str, code: str, at: datetime) -> Code:
        """Return what is kept of a new password, with a secret that somebody's app has just proved to have.

        Raises:
            SubscriberError: The password is too short or too long, or the code is wrong.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise SubscriberError(
                f"the password has {len(password)} characters",
                todo=f"take {SHORTEST} to {LONGEST}: a sentence is easy to keep in mind",
            )
        step = step_of(totp, code, at)
        if step is None:
            raise SubscriberError("the one-time code is wrong", todo="set the app's clock, type the next one")
        return Code(await self._hash(password), totp, step)

    async def check(self, name: str, realm: Realm, password: str, code: str, at: datetime) -> Person:
        """Return who it is.

        Raises:
            KeyRefused: Name, password or code is wrong; it does not say which.
        """
        person, kept = self._people.get(name), self._people.code(name, realm)
        if not self._nobody:
            self._nobody = await self._hash("nobody")
        # Also for a name that is not here: how long the answer takes says nothing.
        fits = await self._fits(kept.hash if kept else self._nobody, password[:LONGEST])
        if (
            person is None
            or person.revoked
            or kept is None
            or not fits
            or not self.use(person, realm, code, at)
        ):
            raise KeyRefused("name, password or one-time code is wrong", todo="type all three again")
        return person

    def use(self, person: Person, realm: Realm, code: str, at: datetime) -> bool:
        """Return whether a one-time code is right and was not used before."""
        kept = self._people.code(person.name, realm)
        step = step_of(kept.totp, code, at) if kept else None
        return step is not None and self._people.use_step(person.name, realm, step)

    async def _hash(self, password: str) -> str:
        async with self._one:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _fits(self, kept: str, password: str) -> bool:
        async with self._one:
            try:
                return await asyncio.to_thread(self._hasher.verify, kept, password)
            except (VerifyMismatchError, InvalidHashError):
                return False
