"""The same beside `tocsin serve`: a process of its own, its desk, its files, its stream, real time."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support import Feed, RunningServer, wait_until
from tests.truth.client import Client
from tests.truth.model import Listed, Looked, Model, Moment, Refused, Started
from tocsin import wire
from tocsin.countries import load
from tocsin.model import Act, Contact, Contract, Realm, Signal

UA = load("ua").areas
SILENCE_S = 30.0
KYIV, OBLAST = "UA80", "UA32"
RAIONS = UA.children(OBLAST)
PARENT: dict[str, str | None] = {"UA": None, KYIV: "UA", OBLAST: "UA", **dict.fromkeys(RAIONS, OBLAST)}
PARTS = {area: UA.whole_children(OBLAST) if area == OBLAST else () for area in PARENT}
SHOWN = [area for area in PARENT if area != "UA"]  # of the whole country too much is left out here
THREATS = ("air", "artillery", "sea_drones")
STEPS = 60


class Beside:
    """A server and a model of all that was said to it."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.model = Model(PARENT, PARTS)
        self.client = Client(self, parent=PARENT, board=(KYIV, OBLAST))
        self.feeds = [server.feed("a", "UA"), server.feed("b", OBLAST)]
        for name, areas in (("a", ("UA",)), ("b", (OBLAST,))):
            self.hear(Contract(Realm.ACTUAL, name, areas, ("*",), SILENCE_S))
        self.sent: list[tuple[Feed, dict[str, Any]]] = []
        self.client.connect()

    def hear(self, event: Any) -> None:
        """Let the model hear something now."""
        moment = Moment(datetime.now(UTC), time.monotonic())
        self.model.hear(moment, Looked())
        self.model.hear(moment, event)

    def lasted(self) -> float:
        return time.monotonic()

    def connect(self) -> socket.socket:
        at = urlsplit(self.server.public)
        one = socket.create_connection((at.hostname, at.port or 80), timeout=10.0)
        one.setblocking(False)
        return one

    def wait(self, done: Callable[[], Any], what: str) -> Any:
        return wait_until(done, what)

    def say(self, chance: random.Random) -> None:
        """Post one signal, new or again."""
        if self.sent and chance.random() < 0.2:
            feed, body = chance.choice(self.sent)
        else:
            feed, body = chance.choice(self.feeds), {}
            area = chance.choice([OBLAST, *RAIONS[:3]] if feed.name == "b" else SHOWN[:5])
            state = chance.choice(["raised", "raised", "clear", "clear", "cancelled"])
            sent = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=chance.choice([0, 1, 2, 20]))
            body = feed.signal(area, state, threat=chance.choice(THREATS), sent=wire.stamp(sent))
        answer = feed.send(body)
        signal = Signal(
            Realm.ACTUAL, feed.name, body["id"], body["area"], body["threat"], Act(body["state"]),
            datetime.fromisoformat(body["sent"]),
        )  # fmt: skip
        allowed = signal.state is Act.RAISED or self.model.spoke(feed.name, signal.area, signal.threat)
        again = (feed, body) in self.sent
        assert answer.status_code == (200 if again else 201 if allowed else 422), answer.text
        if answer.status_code == 201:
            self.sent.append((feed, body))
        self.hear(signal if answer.status_code == 201 else Refused(feed.name))

    def contact(self, chance: random.Random) -> None:
        """Let a feed say that it is there and what it holds, or a part of it."""
        feed = chance.choice(self.feeds)
        pairs = [(area, "air") for area in chance.sample(list(RAIONS[:3]), chance.randrange(2))]
        before = self._contacts()
        sent = datetime.now(UTC)
        body = {"sent": wire.stamp(sent), "raised": pairs}
        assert self.server.post("/v1/contact", feed.key, body).status_code == 204
        kept = self._contacts() > before
        self.hear(Listed(Contact(Realm.ACTUAL, feed.name, held=True, sent=sent, raised=tuple(pairs)), kept))

    def _contacts(self) -> int:
        kinds = [kind for _, kind in self.server.entries()]
        return sum(isinstance(kind, Contact) and kind.held for kind in kinds)

    def begin_again(self, crash: bool) -> None:
        """Stop the server or kill it, start it, and come back behind the last thing heard."""
        self.client.close()
        self.server.kill() if crash else self.server.stop()
        self.server.start()
        self.hear(Started())
        self.client.connect(self.client.last)

    def agrees(self) -> bool:
        """Return whether the board and a subscriber say what the model says."""
        self.hear(Looked())
        states = self.model.states(THREATS)
        expected = {(area, threat): states[area, threat].state for area in SHOWN for threat in THREATS}
        self.client.read()
        merged = {(area, threat): self.client.state(area, threat) for area, threat in expected}
        board = self.server.board()
        shown = {key: _of(board, *key) for key in expected}
        self.differ = {
            key: (one, shown[key], merged[key])
            for key, one in expected.items()
            if {one} != {shown[key], merged[key]}
        }
        return not self.differ


def _of(board: dict[str, Any], area: str, threat: str) -> str:
    entry = board["areas"].get(area) or board["areas"][PARENT[area]]
    return str(entry["threats"].get(threat, {"state": "not_covered"})["state"])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_real_server_tells_what_the_model_says(tmp_path, seed):
    """Over HTTP and a stream, through a stop and a kill, after every step."""
    chance = random.Random(seed)
    with RunningServer(tmp_path / "data", f"silence_s = {SILENCE_S}\n") as server:
        beside = Beside(server)
        for number in range(STEPS):
            if number in (20, 40):
                beside.begin_again(crash=number == 40)
            (beside.contact if chance.random() < 0.3 else beside.say)(chance)
            try:
                wait_until(beside.agrees, "everybody agrees", within_s=5.0)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, step {number}: {beside.differ}") from error
        beside.client.close()
