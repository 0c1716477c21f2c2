"""How people come in and go out: a first log-in by a link, then by passkey, or by password and code."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from starlette.responses import RedirectResponse, Response

from tocsin.desk.codes import Codes, address_of, new_secret, spelt
from tocsin.desk.front import Asked, Front
from tocsin.desk.passkeys import Passkeys
from tocsin.desk.people import Person
from tocsin.errors import KeyRefused

_MOST_SECRETS = 1_000


class Tries:
    """How often an address may be wrong: ten times, then once every six seconds; nobody else waits for it."""

    def __init__(self, lasted: Callable[[], float]) -> None:
        self._lasted = lasted
        self._wrong: dict[str, tuple[float, float]] = {}  # address -> how often, when last

    def check(self, address: str) -> None:
        """Do nothing if an address may try.

        Raises:
            KeyRefused: It was wrong too often.
        """
        if self._count(address) >= 10:
            raise KeyRefused("too many wrong log-ins from here", todo="wait ten seconds, and try again")

    def wrong(self, address: str) -> None:
        """Count a wrong try."""
        if len(self._wrong) >= 10_000:
            self._wrong.clear()
        self._wrong[address] = self._count(address) + 1, self._lasted()

    def _count(self, address: str) -> float:
        count, last = self._wrong.get(address, (0.0, 0.0))
        return max(0.0, count - (self._lasted() - last) / 6)


class Entry:
    """The pages of the door itself."""

    def __init__(self, front: Front, passkeys: Passkeys, codes: Codes, tries: Tries) -> None:
        self._front, self._passkeys, self._codes, self._tries = front, passkeys, codes, tries
        self._secrets: dict[str, tuple[bytes, str]] = {}  # a link's token -> the secret of codes it was shown

    async def log_in_page(self, asked: Asked) -> Response:
        """Show how to log in."""
        place = self._front.guard.place(asked.request)
        options = self._passkeys.ask(asked.realm, place)
        return self._front.page(asked, "log_in", options=options, named=self._named(asked))

    async def log_in(self, asked: Asked) -> Response:
        """Log somebody in; the session's id is new, whatever the browser brought."""
        self._tries.check(asked.address)
        try:
            if answer := asked.one("answer"):
                key = self._passkeys.take(answer, asked.realm, self._front.guard.place(asked.request)).passkey
                return self._begin(asked, key.person, key.name)
            name, password, code = asked.one("name"), asked.one("password"), asked.one("code")
            person = await self._codes.check(name, asked.realm, password, code, self._front.now())
            return self._begin(asked, person.name, "code")
        except KeyRefused:
            self._tries.wrong(asked.address)
            raise

    async def log_out(self, asked: Asked) -> Response:
        """End a session."""
        self._front.people.log_out(asked.token)
        answer = RedirectResponse(f"{asked.here}/log-in", 303)
        return self._front.guard.remember(answer, asked.realm, None)

    async def enrol_page(self, asked: Asked) -> Response:
        """Show how to make a credential, to who has a link."""
        token = asked.request.path_params["token"]
        person = self._invited(asked, token)
        secret = new_secret()
        while len(self._secrets) >= _MOST_SECRETS:
            del self._secrets[next(iter(self._secrets))]
        self._secrets[token] = secret, person.name
        place = self._front.guard.place(asked.request)
        return self._front.page(
            asked,
            "enrol",
            person=person.name,
            action=f"{asked.here}/enrol/{token}",
            options=self._passkeys.ask_new(person, asked.realm, place),
            secret=spelt(secret),
            otpauth=address_of(secret, person, asked.realm),
            named=self._named(asked),
        )

    async def enrol(self, asked: Asked) -> Response:
        """Keep a new credential, end the link, and log its owner in."""
        token, now = asked.request.path_params["token"], self._front.now()
        person = self._invited(asked, token)
        if answer := asked.one("answer"):
            key = self._passkeys.take_new(answer, person, asked.realm, self._front.guard.place(asked.request))
            self._front.people.use_link(token)
            self._front.people.add_passkey(key, now)
            return self._begin(asked, person.name, key.name)
        secret, name = self._secrets.get(token, (secrets.token_bytes(20), person.name))
        if name != person.name:
            raise KeyRefused("this link is somebody else's", todo="ask for a new one")
        hashed = await self._codes.new(secret, asked.one("password"), asked.one("code"), now)
        self._front.people.use_link(token)
        self._front.people.set_code(person.name, asked.realm, hashed)
        return self._begin(asked, person.name, "code")

    def _invited(self, asked: Asked, token: str) -> Person:
        self._tries.check(asked.address)
        try:
            return self._front.people.invited(token, asked.realm, self._front.now())
        except KeyRefused:
            self._tries.wrong(asked.address)
            raise

    def _begin(self, asked: Asked, name: str, credential: str) -> Response:
        person = self._front.people.get(name)
        if person is None or person.revoked or not person.in_realm(asked.realm):
            raise KeyRefused("you have no rights in this realm", todo="ask an administrator of the desk")
        if asked.token:
            self._front.people.log_out(asked.token)
        token = self._front.people.log_in(name, asked.realm, credential, self._front.now())
        return self._front.guard.remember(RedirectResponse(f"{asked.here}/", 303), asked.realm, token)

    def _named(self, asked: Asked) -> bool:
        """Return whether the browser came by a name; passkeys do not work by an address."""
        host = asked.request.headers.get("host", "").rpartition(":")[0] or asked.request.headers.get(
            "host", ""
        )
        return not host.strip("[]").replace(".", "").replace(":", "").isdigit()
