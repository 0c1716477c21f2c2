"""ukrainealarm.com, version 3 (and siren.pp.ua): the list of regions with alerts, and its webhooks.

The list is complete: a region that is not in it has no alert.  A webhook says one change; its signature,
its key and its age are checked before a word of it is read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msgspec import Struct

from tocsin import wire
from tocsin.errors import ConfigError, SourceGarbled
from tocsin.model import Act, AreaId, Level, Threat
from tocsin.sources import ANY, Finder, Heard, Link, Payload, Saying, name, plain_text, read_json, refused

PATH, STATUS = "/api/v3/alerts", "/api/v3/alerts/status"
SYSTEM = "ukrainealarm"
TEST_REGION = "0"  # theirs, to try things out: it is nowhere
WEBHOOK_AGE = timedelta(minutes=5)
_THREATS = {
    "AIR": "air", "ARTILLERY": "artillery", "URBAN_FIGHTS": "urban_fights", "CHEMICAL": "chemical",
    "NUCLEAR": "nuclear",
}  # fmt: skip
_NO_ALERT = ("INFO", "CUSTOM")  # told to people, and about no threat


class _Level(Struct, rename="camel"):
    alert_level: str | None = None
    reason: str | None = None


class _Alert(Struct, rename="camel"):
    type: str
    last_update: str
    region_id: str | None = None
    active_alert_levels: list[_Level] | None = None


class _Region(Struct, rename="camel"):
    region_id: str
    active_alerts: list[_Alert]


class _Hook(Struct, rename="camel"):
    status: str
    region_id: int
    alarm_type: str
    created_at: str
    alert_level: str | None = None
    reason: str | None = None


class UkraineAlarm:
    """The format.

    Args:
        find: Gives the area that a system has a code for.
        root: The country, for what cannot be placed in it.
    """

    def __init__(self, find: Finder, root: AreaId) -> None:
        self._find = find
        self._root = root

    def decode(self, payload: Payload) -> Heard:
        """Return what a list says.

        Raises:
            SourceGarbled: It is no such list.
        """
        sayings: list[Saying] = []
        unknown: list[tuple[AreaId, Threat]] = []
        notes: list[str] = []
        for region in read_json(payload.body, list[_Region], "ukrainealarm"):
            for alert in region.active_alerts:
                code = alert.region_id or region.region_id
                if code == TEST_REGION or alert.type in _NO_ALERT:
                    continue
                area, threat = self._find(SYSTEM, code), _THREATS.get(alert.type)
                if area is None or threat is None:
                    unknown.append((area or self._root, ANY))
                    notes.append(f"no place or threat for region {code}, {alert.type}"[:200])
                else:
                    sayings.append(_raised(area, Threat(threat), alert))
        # A region shows its parts' alerts too, so one alert may stand there twice.
        once = {one.id: one for one in sayings}
        return Heard(tuple(once.values()), complete=True, unknown=tuple(unknown), notes=tuple(notes))

    def decode_webhook(self, payload: Payload) -> Heard:
        """Return what a webhook says; it is one change, and no list.

        Raises:
            SourceGarbled: It is no webhook, or one of a place or a kind that is not known.
        """
        hook = read_json(payload.body, _Hook, "the webhook of ukrainealarm")
        if str(hook.region_id) == TEST_REGION or hook.alarm_type in _NO_ALERT:
            return Heard()
        area, threat = self._find(SYSTEM, str(hook.region_id)), _THREATS.get(hook.alarm_type)
        acts = {"ACTIVATE": Act.RAISED, "DEACTIVATE": Act.CLEAR}
        if area is None or threat is None or hook.status not in acts:
            raise SourceGarbled(
                f"no place, threat or status: region {hook.region_id}, {hook.alarm_type}, {hook.status}"[
                    :200
                ],
                todo="nothing was changed by it; the list says what holds",
            )
        sent = wire.read_moment(hook.created_at, "createdAt")
        act, level, text = acts[hook.status], _level(hook.alert_level), plain_text(hook.reason)
        called = f"{act.value}-{name(area, threat, sent, level, text)}"
        if act is Act.RAISED:  # by the name that the list gives it, so that it is said once
            called = name(area, threat, sent, level, text)
        return Heard((Saying(called, area, Threat(threat), act, sent, None, level, None, text),))

    async def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield the list each time that it is asked for.

        It is asked for anew although its `lastActionIndex` may not have changed: the list itself is what
        we vouch by.
        """
        headers = {"Accept": "application/json"}
        if link.token:
            headers["Authorization"] = link.token  # as there, without a scheme
        while True:
            got = await link.get(PATH, headers)
            if got.status != 200:
                raise refused(got, "ukrainealarm")
            yield Payload(got.body, got.at)
            await link.pause()


def _raised(area: AreaId, threat: Threat, alert: _Alert) -> Saying:
    sent = wire.read_moment(alert.last_update, "lastUpdate")
    levels = [one for one in alert.active_alert_levels or () if one.alert_level]
    gravest = next(
        (one for one in levels if _level(one.alert_level) is Level.RED), levels[-1] if levels else None
    )
    level = None if gravest is None else _level(gravest.alert_level)
    text = None if gravest is None else plain_text(gravest.reason)
    called = name(area, threat, sent, level, text)
    return Saying(called, area, threat, Act.RAISED, sent, None, level, None, text)


def _level(text: str | None) -> Level | None:
    return {"red": Level.RED, "yellow": Level.YELLOW}.get((text or "").lower())


def check_webhook(body: bytes, headers: Mapping[str, str], key: rsa.RSAPublicKey, at: datetime) -> None:
    """Do nothing if a webhook is signed by a key and not old.

    Args:
        body: As it came.
        headers: Lower-case names.
        key: Theirs.
        at: When it came.

    Raises:
        SourceGarbled: It is not, or is older than five minutes.
    """
    stamp = headers.get("x-webhook-timestamp", "")
    if headers.get("x-webhook-signature-alg", "rsa-sha256") != "rsa-sha256" or not stamp.isdigit():
        raise _forged("its headers are not those of a webhook")
    if abs(at.timestamp() - int(stamp[:12])) > WEBHOOK_AGE.total_seconds():
        raise _forged("it is older than five minutes")
    try:
        signature = base64.b64decode(headers.get("x-webhook-signature", ""), validate=True)
        key.verify(signature, f"{stamp}.".encode() + body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise _forged("its signature is wrong") from error


def _forged(why: str) -> SourceGarbled:
    return SourceGarbled(f"the webhook of ukrainealarm is refused: {why}", todo="check its key and our clock")


def read_webhook_key(pem: bytes) -> rsa.RSAPublicKey:
    """Return the public key of the webhooks.

    Raises:
        ConfigError: It is none.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise ConfigError(f"cannot read the webhook key: {error}", todo="give a public key, PEM") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ConfigError("the webhook key is no RSA key", todo="give the one that ukrainealarm signs with")
    return key
