"""Passkeys: how people log in, and how they sign exactly what they approve.

A challenge is used once and within five minutes.  For a log-in it is random;
for an approval it is the hash of what is approved, so what the authenticator
signs can be checked by anybody, years later.

Source: W3C Web Authentication, level 3, sections 7.1 and 7.2.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

from msgspec import Struct
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tocsin.desk.people import Passkey, People, Person
from tocsin.errors import KeyRefused
from tocsin.model import Realm

HOLDS_S = 300.0
_MOST = 10_000  # challenges that wait; a flood of log-in pages forgets the oldest
_REQUIRED = UserVerificationRequirement.REQUIRED


class Place(Struct, frozen=True):
    """Where the desk is, as browsers see it."""

    host: str  # the relying party: "desk.example.org"
    origin: str  # "https://desk.example.org"


class Signed(Struct, frozen=True):
    """What an authenticator signed, base64url, for whoever checks it later."""

    passkey: Passkey
    client_data: str
    authenticator_data: str
    signature: str


class Passkeys:
    """The ceremonies of one desk.

    Args:
        people: Who has which credential.
        lasted: Seconds on a clock that never jumps.
    """

    def __init__(self, people: People, lasted: Callable[[], float]) -> None:
        self._people = people
        self._lasted = lasted
        self._open: dict[bytes, tuple[str, float]] = {}  # challenge -> what for, until when

    def has(self, person: Person, realm: Realm) -> bool:
        """Return whether somebody has a passkey for a realm."""
        return bool(self._people.passkeys(person.name, realm))

    def ask_new(self, person: Person, realm: Realm, place: Place) -> str:
        """Return what a browser needs to make a passkey, as JSON."""
        known = [PublicKeyCredentialDescriptor(id=one) for one in self._people.passkeys(person.name, realm)]
        options = generate_registration_options(
            rp_id=place.host,
            rp_name=f"tocsin {realm}",
            user_name=f"{person.name} ({realm})",
            user_id=f"{realm}/{person.name}".encode(),
            challenge=self._challenge(f"new/{realm}/{person.name}"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
            ),
            exclude_credentials=known,
        )
        return options_to_json(options)

    def take_new(self, answer: str, person: Person, realm: Realm, place: Place) -> Passkey:
        """Return the passkey that a browser made.

        Raises:
            KeyRefused: It is not as it must be.
        """
        try:
            made = verify_registration_response(
                credential=answer,
                expected_challenge=self._use(answer, f"new/{realm}/{person.name}"),
                expected_rp_id=place.host,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise KeyRefused(f"the passkey was not made: {error}", todo="load the page again") from error
        return Passkey(made.credential_id, person.name, realm, made.credential_public_key, made.sign_count)

    def ask(self, realm: Realm, place: Place, *, order: bytes | None = None, by: Person | None = None) -> str:
        """Return what a browser needs to prove who is there, as JSON.

        Args:
            realm: Which.
            place: Where the desk is.
            order: The hash that is to be signed; None: a log-in.
            by: Who is to sign; None: whoever it is.
        """
        ids = [] if by is None else self._people.passkeys(by.name, realm)
        options = generate_authentication_options(
            rp_id=place.host,
            challenge=self._challenge(f"log-in/{realm}") if order is None else order,
            allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in ids],
            user_verification=_REQUIRED,
        )
        return options_to_json(options)

    def take(self, answer: str, realm: Realm, place: Place, *, order: bytes | None = None) -> Signed:
        """Return what was signed, and by which passkey of this realm.

        Raises:
            KeyRefused: Another challenge, place, realm or key; or the same answer a second time.
        """
        try:
            given = json.loads(answer)
            key = self._people.passkey(base64url_to_bytes(given["rawId"]), realm)
            challenge = self._use(answer, f"log-in/{realm}") if order is None else order
            done = verify_authentication_response(
                credential=given,
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                credential_public_key=key.public,
                credential_current_sign_count=key.count,
                require_user_verification=True,
            )
            said = given["response"]
            signed = Signed(key, said["clientDataJSON"], said["authenticatorData"], said["signature"])
        except (WebAuthnException, ValueError, KeyError, TypeError, RecursionError) as error:
            raise KeyRefused(
                f"the passkey's answer does not fit: {error}", todo="load the page again"
            ) from error
        self._people.count_passkey(key.id, done.new_sign_count)
        return signed

    def _challenge(self, purpose: str) -> bytes:
        while len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
        challenge = secrets.token_bytes(32)
        self._open[challenge] = purpose, self._lasted() + HOLDS_S
        return challenge

    def _use(self, answer: str, purpose: str) -> bytes:
        """Return the challenge that an answer speaks of, if we gave it for this purpose; it counts once."""
        client = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(client["challenge"])
        known, until = self._open.pop(challenge, ("", 0.0))
        if known != purpose or until < self._lasted():
            raise ValueError("its challenge was not given, was used, or is too old")
        return challenge


def text_of(number: bytes) -> str:
    """Return bytes as browsers write them."""
    return bytes_to_base64url(number)
