"""What ukrainealarm says to us, in its list and by its webhooks."""

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.sources.formats import FIND, UA
from tocsin.errors import SourceGarbled
from tocsin.sources import Payload
from tocsin.sources.ukrainealarm import UkraineAlarm, check_webhook
from tocsin.testing.sources import AT, SourcePromises

SINCE = "2024-01-02T03:53:57Z"


def alert(code="31", kind="AIR", level="Red", reason=None):
    """Return an alert."""
    levels = [{"alertLevel": level, "reason": reason, "createdAt": SINCE}]
    return {
        "regionId": code, "regionType": "State", "type": kind, "lastUpdate": SINCE,
        "activeAlertLevels": levels,
    }  # fmt: skip


def regions(*alerts):
    """Return a list of regions with one alert each."""
    return json.dumps(
        [
            {"regionId": one["regionId"], "regionType": "State", "lastUpdate": SINCE, "activeAlerts": [one]}
            for one in alerts
        ]
    ).encode()


class TestUkraineAlarm(SourcePromises):
    """The promises, and what is special here."""

    raises = regions(alert(), alert("22", "ARTILLERY"))
    quiet = b"[]"
    empty = b"[]"  # all clear everywhere, there

    def make(self):
        """Return the format."""
        return UkraineAlarm(FIND, UA.root)

    def test_an_empty_list_is_an_all_clear_everywhere(self):
        """So says the format; it is complete."""
        assert self.heard(b"[]").complete and self.heard(self.raises).complete

    def test_the_test_region_is_nowhere(self):
        """What is tried out there is no danger, and nothing unknown."""
        heard = self.heard(regions(alert("0"), alert("31", "INFO")))
        assert (heard.sayings, heard.unknown) == ((), ())

    def test_what_is_not_known_makes_unknown(self):
        """A region or a kind that we have no name for."""
        assert self.heard(regions(alert("99999"))).unknown == (("UA", "*"),)
        assert self.heard(regions(alert(kind="UNKNOWN"))).unknown == (("UA80", "*"),)

    def test_the_gravest_level_counts(self):
        """With its reason."""
        two = alert()
        two["activeAlertLevels"] = [
            {"alertLevel": "Red", "reason": "x"}, {"alertLevel": "Yellow", "reason": "y"}
        ]  # fmt: skip
        (one,) = self.heard(regions(two)).sayings
        assert (one.level, one.text) == ("red", "x")


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
HOOK = {"status": "ACTIVATE", "regionId": 31, "alarmType": "AIR", "createdAt": SINCE, "alertLevel": "Red"}


def hook(**more):
    """Return what a webhook says, in short."""
    heard = UkraineAlarm(FIND, UA.root).decode_webhook(Payload(json.dumps({**HOOK, **more}).encode(), AT))
    assert not heard.complete and not heard.alive
    return [(str(one.act), one.area, one.threat) for one in heard.sayings]


def test_a_webhook_says_one_change():
    """Raised or over; of the test region nothing."""
    assert hook() == [("raised", "UA80", "air")]
    assert hook(status="DEACTIVATE") == [("clear", "UA80", "air")]
    assert hook(regionId=0) == []
    for odd in ({"status": "MAYBE"}, {"regionId": 99999}, {"alarmType": "UNKNOWN"}):
        with pytest.raises(SourceGarbled):
            hook(**odd)


def test_a_webhook_and_the_list_name_a_raise_alike():
    """So it is said once."""
    source = UkraineAlarm(FIND, UA.root)
    by_hook = source.decode_webhook(Payload(json.dumps(HOOK).encode(), AT)).sayings
    assert by_hook == source.decode(Payload(regions(alert()), AT)).sayings


def signed(body, at=AT, key=KEY):
    """Return the headers of a webhook."""
    stamp = str(int(at.timestamp()))
    signature = key.sign(f"{stamp}.".encode() + body, padding.PKCS1v15(), hashes.SHA256())
    return {
        "x-webhook-timestamp": stamp, "x-webhook-signature": base64.b64encode(signature).decode(),
        "x-webhook-signature-alg": "rsa-sha256",
    }  # fmt: skip


def test_a_webhook_counts_only_signed_and_fresh():
    """Forged, changed, re-dated, replayed later, by another key, without a signature: refused."""
    body, public = b'{"x":1}', KEY.public_key()
    check_webhook(body, signed(body), public, AT)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for headers, at in (
        (signed(b"{}"), AT),
        ({**signed(body), "x-webhook-timestamp": str(int(AT.timestamp()) + 1)}, AT),
        (signed(body), AT + timedelta(minutes=6)),
        (signed(body, key=other), AT),
        ({}, AT),
        ({**signed(body), "x-webhook-signature-alg": "none"}, AT),
        ({**signed(body), "x-webhook-signature": "%"}, AT),
    ):
        with pytest.raises(SourceGarbled):
            check_webhook(body, headers, public, at)
