"""MQTT against a real mosquitto: what a client sees while we live, and when we or the broker are killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.channels.receiver import certificate
from tests.support import PATIENCE_S, RunningServer, tocsin, wait_until

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
pytestmark = pytest.mark.skipif(
    MOSQUITTO is None and "CI" not in os.environ,
    reason="no mosquitto here; as root: apt-get install mosquitto",
)


class Mosquitto:
    """A real broker on loopback, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        folder.mkdir()
        self._file = folder / "mosquitto.conf"
        self._file.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and return when it listens."""
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._listens, "the broker listens")

    def _listens(self) -> bool:
        with socket.socket() as to:
            return to.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None


class Client:
    """Somebody who has subscribed to everything, and knows what the last word on each topic was."""

    def __init__(self, broker: Mosquitto, topics: str = "tocsin/#") -> None:
        self.seen: dict[str, str] = {}
        self.events: list[tuple[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: object, data: object, message: Any) -> None:
        word = message.payload.decode()
        if message.topic.endswith(("/alert", "/missed")):
            self.events.append((message.topic.rpartition("/")[2], json.loads(word)))
        self.seen[message.topic] = word

    def word(self, area: str) -> str | None:
        """Return the last word on an area."""
        return self.seen.get(f"tocsin/area/{area}")

    @property
    def board(self) -> str:
        """Whether the board lives."""
        word = self.seen.get("tocsin/board")
        return str(json.loads(word)["state"]) if word else "silent"


def retained(broker: Mosquitto, wait_s: float = 0.5) -> dict[str, str]:
    """Return what a client finds that connects now."""
    with Client(broker) as client:
        time.sleep(wait_s)
        return dict(client.seen)


def add(server: RunningServer, broker: Mosquitto, *words: str) -> None:
    """Have a server show its board at a broker."""
    made = tocsin("channel", "add", "mqtt", f"mqtt://127.0.0.1:{broker.port}/tocsin", "--name", "broker",
                  "--data", server.data, *words)  # fmt: skip
    assert made.returncode == 0, made.stderr


def clears(seen: dict[str, str]) -> list[str]:
    """Return the topics on which a clear is found."""
    return [topic for topic, word in seen.items() if word == "clear" or '"state":"clear"' in word]


def test_a_client_finds_what_holds_and_hears_what_changes(tmp_path: Path):
    """Raised and clear are retained for each area and threat; an alert comes as an event too."""
    with (
        Mosquitto(tmp_path / "b") as broker,
        RunningServer(tmp_path / "d") as server,
        Client(broker) as client,
    ):
        feed = server.feed("siren")
        feed.contact()
        add(server, broker)
        wait_until(lambda: client.word("UA80") == "clear", "it is clear")
        feed.say("UA32")
        wait_until(lambda: client.word("UA32") == "raised", "it is raised")
        feed.say("UA32", "clear")
        wait_until(lambda: client.word("UA32") == "clear", "it is clear again")

        time.sleep(1.0)  # the alerts are passed on
        found = retained(broker)
        told = json.loads(found["tocsin/area/UA80/air"])
        assert (found["tocsin/area/UA80"], told["state"]) == ("clear", "clear")
        assert told["fresh_until"]
        assert json.loads(found["tocsin/board"])["state"] == "live"
        assert "tocsin/alert" not in found
        assert [event["state"] for kind, event in client.events if event["area"] == "UA32"] == [
            "raised",
            "clear",
        ]


def test_no_clear_is_found_15_s_after_the_server_was_killed(tmp_path: Path):
    """Nobody vouches for it; what is raised stays, and the board is dead by our last will."""
    with (
        Mosquitto(tmp_path / "b") as broker,
        RunningServer(tmp_path / "d") as server,
        Client(broker) as client,
    ):
        feed = server.feed("siren")
        feed.contact()
        feed.say("UA32")
        add(server, broker)
        wait_until(lambda: client.word("UA80") == "clear" and client.word("UA32") == "raised", "it is told")
        server.kill()
        killed = time.monotonic()
        wait_until(lambda: client.board == "dead", "the last will is said")
        assert clears(retained(broker))  # else this would show nothing
        time.sleep(max(0.0, 15.0 - (time.monotonic() - killed)))

        found = retained(broker)
        assert clears(found) == []
        assert found["tocsin/area/UA32"] == "raised"


def test_a_server_that_ends_says_that_nobody_knows(tmp_path: Path):
    """At once, to those who are there too."""
    with (
        Mosquitto(tmp_path / "b") as broker,
        RunningServer(tmp_path / "d") as server,
        Client(broker) as client,
    ):
        feed = server.feed("siren")
        feed.contact()
        add(server, broker)
        wait_until(lambda: client.word("UA80") == "clear", "it is clear")
        server.stop()
        wait_until(lambda: client.word("UA80") == "unknown", "it is unknown", 2.0)

        assert clears(client.seen) == clears(retained(broker)) == []
        assert client.board == "dead"


def test_a_server_that_hangs_vouches_for_nothing(tmp_path: Path):
    """Its connection is open still, and it says nothing more."""
    with (
        Mosquitto(tmp_path / "b") as broker,
        RunningServer(tmp_path / "d") as server,
        Client(broker) as client,
    ):
        feed = server.feed("siren")
        feed.contact()
        add(server, broker)
        wait_until(lambda: client.word("UA80") == "clear", "it is clear")
        assert server._process is not None
        server._process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(15.0)
            assert clears(retained(broker)) == []
            wait_until(lambda: client.board == "dead", "the last will is said")
        finally:
            server._process.send_signal(signal.SIGCONT)


def test_a_broker_that_was_killed_gets_everything_anew(tmp_path: Path):
    """It has kept nothing."""
    with Mosquitto(tmp_path / "b") as broker, RunningServer(tmp_path / "d") as server:
        feed = server.feed("siren")
        feed.contact()
        add(server, broker)
        wait_until(lambda: retained(broker).get("tocsin/area/UA80") == "clear", "it is clear")
        broker.kill()
        feed.say("UA80")
        broker.start()

        with Client(broker) as client:
            wait_until(lambda: client.word("UA80") == "raised", "it is told anew", 30.0)


def test_what_a_broker_keeps_of_before_and_no_longer_holds_is_taken_away(tmp_path: Path):
    """A finer area that was raised in another log is not raised for ever."""
    with (
        Mosquitto(tmp_path / "b") as broker,
        RunningServer(tmp_path / "d") as server,
        Client(broker) as client,
    ):
        client._client.publish("tocsin/area/UA3201", b"raised", qos=1, retain=True).wait_for_publish(5)
        feed = server.feed("siren")
        feed.contact()
        add(server, broker)
        wait_until(lambda: client.word("UA80") == "clear", "it is clear")

        assert "tocsin/area/UA3201" not in retained(broker)


@pytest.mark.parametrize(
    "address", ["mqtt://broker.example.org/", "http://127.0.0.1/", "mqtts://user@example.org/", "mqtts://a/#"]
)
def test_a_broker_that_would_be_spoken_to_openly_is_not_kept(address: str, tmp_path: Path):
    """And no address that is none."""
    made = tocsin("channel", "add", "mqtt", address, "--data", tmp_path)

    assert made.returncode == 1


def test_a_broker_is_told_by_tls_under_a_user_and_no_other_broker(tmp_path: Path):
    """Its authority must be known and its password right; else nothing is said, and the trouble is named."""
    folder = tmp_path / "b"
    broker = Mosquitto(folder)
    pem, key = certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        secure = free.getsockname()[1]
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(folder / "users"), "tocsin", "bell"], check=True)
    (folder / "users").chmod(0o600)
    (folder / "mosquitto.conf").write_text(
        f"per_listener_settings true\npersistence false\nuser root\n"
        f"listener {broker.port} 127.0.0.1\nallow_anonymous true\n"
        f"listener {secure} 127.0.0.1\nallow_anonymous false\npassword_file {folder / 'users'}\n"
        f"certfile {pem}\nkeyfile {key}\n"
    )
    settings = f'channels_ca = "{pem}"\n'
    with broker, RunningServer(tmp_path / "d", settings) as server, RunningServer(tmp_path / "e") as other:
        keys: dict[str, str] = {}
        rows = (server, "right", "bell"), (server, "wrong", "drum"), (other, "deaf", "bell")
        for one, name, password in rows:
            file = tmp_path / f"{name}.password"
            file.touch(0o600)
            file.write_text(password)
            made = tocsin("channel", "add", "mqtt", f"mqtts://127.0.0.1:{secure}/{name}", "--name", name,
                          "--user", "tocsin", "--password-file", file, "--data", one.data)  # fmt: skip
            assert made.returncode == 0, made.stderr
            feed = one.feed(f"siren-{name}")
            feed.contact()
            keys[name] = feed.key
        with Client(broker, "#") as client:
            wait_until(lambda: client.seen.get("right/area/UA80") == "clear", "it is told")
            wait_until(lambda: trouble(server, "wrong", keys["wrong"]), "its password is wrong")
            wait_until(lambda: trouble(other, "deaf", keys["deaf"]), "its authority is not known")
            assert not trouble(server, "right", keys["right"])
            assert {topic.partition("/")[0] for topic in client.seen} == {"right"}


def trouble(server: RunningServer, name: str, key: str) -> str:
    """Return what is wrong with an endpoint, empty where nothing is."""
    told = server.get_desk("/v1/channels", key).json()
    return str(next(one.get("trouble") or "" for one in told["endpoints"] if one["name"] == name))
