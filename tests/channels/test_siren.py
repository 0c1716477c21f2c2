"""A siren obeys what is signed, fresh, numbered and bounded, and nothing else; against a real mosquitto."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.channels.test_mqtt import MOSQUITTO, Mosquitto
from tests.support import RunningServer, tocsin, wait_until
from tocsin.channels.siren import public_of


class Verifier:
    """What a siren must check: the reference for whoever builds one.

    Args:
        name: Its own.
        public: The key that its commands are signed with, Base64.
    """

    MOST_S = 180

    def __init__(self, name: str, public: str) -> None:
        self.name = name
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
        self.last = 0  # to be kept over a restart

    def read(self, payload: bytes, now: datetime) -> dict[str, Any] | None:
        """Return a command that is to be obeyed; None for anything else."""
        signature, _, body = payload.partition(b"\n")
        try:
            self._key.verify(base64.b64decode(signature, validate=True), body)
        except (InvalidSignature, ValueError):
            return None
        command: dict[str, Any] = json.loads(body)
        sent, expires = (datetime.fromisoformat(command[name]) for name in ("sent", "expires"))
        if command["siren"] != self.name or command["number"] <= self.last:
            return None
        if not sent - timedelta(seconds=5) <= now < expires or expires - sent > timedelta(seconds=60):
            return None
        if not 0 <= command["seconds"] <= self.MOST_S:
            return None
        self.last = command["number"]
        return command


class RealSiren:
    """A siren that is connected to a broker, obeys, and answers."""

    def __init__(self, broker: Mosquitto, verifier: Verifier, *, answers: bool = True) -> None:
        self.verifier, self.answers = verifier, answers
        self.obeyed: list[dict[str, Any]] = []
        self.heard: list[bytes] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._take
        topic = f"tocsin/siren/{verifier.name}/command"
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def __enter__(self) -> RealSiren:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: paho.Client, data: object, message: Any) -> None:
        self.heard.append(message.payload)
        command = self.verifier.read(message.payload, datetime.now(UTC))
        if command is None or not self.answers:
            return
        self.obeyed.append(command)
        client.publish(f"tocsin/siren/{self.verifier.name}/heard", str(command["number"]), qos=1)

    def actions(self) -> list[str]:
        """Return what it did, without the questions whether it is there."""
        return [command["action"] for command in self.obeyed if command["action"] != "hello"]


def add(server: RunningServer, broker: Mosquitto, name: str = "roof", areas: str = "UA80") -> Verifier:
    """Add a siren; returns what it checks with."""
    made = tocsin("channel", "add", "siren", f"mqtt://127.0.0.1:{broker.port}/tocsin", "--name", name,
                  "--areas", areas, "--data", server.data)  # fmt: skip
    assert made.returncode == 0, made.stderr
    return Verifier(name, made.stdout.strip())


@pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here; as root: apt-get install mosquitto")
def test_a_siren_sounds_for_its_own_area_and_ends(tmp_path: Path):
    """Not for another, nor for a mere part of it; for a bounded time; and a recording of it does nothing."""
    with Mosquitto(tmp_path / "b") as broker, RunningServer(tmp_path / "d") as server:
        feed = server.feed("siren")
        with RealSiren(broker, add(server, broker)) as siren:
            wait_until(lambda: siren.obeyed, "it was asked whether it is there")
            feed.say("UA32")
            feed.say("UA80")
            wait_until(lambda: siren.actions() == ["sound"], "it sounds")
            feed.say("UA80", "clear")
            wait_until(lambda: siren.actions() == ["sound", "clear"], "it ends")
            numbers = [command["number"] for command in siren.obeyed]
            replayed = [siren.verifier.read(payload, datetime.now(UTC)) for payload in siren.heard]
            day_later = Verifier("roof", public_of(base64.b64encode(bytes(32)).decode()))

            assert siren.obeyed[1]["seconds"] == 60
            assert numbers == sorted(set(numbers))
            assert set(replayed) == {None}
            assert day_later.read(siren.heard[0], datetime.now(UTC)) is None


@pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here; as root: apt-get install mosquitto")
def test_a_siren_that_does_not_answer_is_told_again_and_is_not_said_to_have_confirmed(tmp_path: Path):
    """That the broker has it is no receipt."""
    with Mosquitto(tmp_path / "b") as broker, RunningServer(tmp_path / "d") as server:
        feed = server.feed("siren")
        with RealSiren(broker, add(server, broker)) as siren:
            wait_until(lambda: siren.obeyed, "it is there")
            siren.answers = False
            feed.say("UA80")
            wait_until(lambda: len(siren.heard) >= 3, "it is told again")
            told = json.loads(tocsin("channels", "--json", "--data", server.data).stdout)
            mine = [one for alert in told["alerts"] for one in alert["receipts"] if one["tries"]]

            assert mine
            assert not any(one["confirmed"] for one in mine)
            assert "answer" in mine[0]["error"]


def command(key: Ed25519PrivateKey, **more: Any) -> bytes:
    """Return a command of this moment, with something else in it."""
    now = datetime.now(UTC)
    said = {
        "siren": "roof", "number": 5, "action": "sound", "seconds": 60,
        "sent": now.isoformat(), "expires": (now + timedelta(seconds=10)).isoformat(), **more,
    }  # fmt: skip
    body = json.dumps(said).encode()
    return base64.b64encode(key.sign(body)) + b"\n" + body


def test_the_reference_obeys_nothing_that_is_forged_old_long_or_for_another():
    """Each of these alone is enough to be left aside."""
    key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    verifier = Verifier("roof", public)
    good = command(key)
    old = (now - timedelta(days=365)).isoformat()

    assert verifier.read(command(Ed25519PrivateKey.generate()), now) is None
    assert verifier.read(good.replace(b'"seconds": 60', b'"seconds": 61'), now) is None
    assert verifier.read(command(key, siren="other"), now) is None
    assert verifier.read(command(key, seconds=3_600), now) is None
    assert verifier.read(command(key, sent=old), now) is None
    assert verifier.read(good, now + timedelta(seconds=11)) is None
    assert verifier.read(b"garbage", now) is None
    assert verifier.read(good, now) is not None
    assert verifier.read(good, now) is None
    assert verifier.read(command(key, number=4), now) is None
    assert time.time() - now.timestamp() < 60
