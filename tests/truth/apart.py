"""What the actual realm says with an exercise beside it, and what it says without one: the same bytes.

A trace is a list of things that happen.  It is told twice to a real desk, real
stations and real doors: once whole, once without all that is of the exercise.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from tests.truth.land import AREAS, country
from tests.truth.side import Hands, Side, read_some
from tests.truth.told import THREATS
from tocsin import wire
from tocsin.desk.api import Api
from tocsin.desk.keys import Keys, Principal
from tocsin.model import Realm

LAND = country()
EPOCHS = {Realm.ACTUAL: "0ac70a10", Realm.EXERCISE: "0e8e8c15"}
FEEDS = {Realm.ACTUAL: ("army", "siren"), Realm.EXERCISE: ("drill", "school")}
LOOKS = ("/v1/board.json", "/v1/board.txt", "/v1/areas/Y1a1.json", "/v1/history.json")


class Step(NamedTuple):
    """One thing that happens: in a realm, or to the clock."""

    realm: Realm | None
    what: str  # "signal", "contact", "restart", "read"; "time"
    more: dict[str, Any]


def trace(seed: int, steps: int) -> list[Step]:
    """Return a random trace; the same for the same seed."""
    chance = random.Random(seed)
    made = [_step(chance, number) for number in range(steps)]
    made += [step._replace(realm=Realm.EXERCISE) for step in made if step.what == "signal"][
        :2
    ]  # the same ids
    return made


def _step(chance: random.Random, number: int) -> Step:
    if chance.random() < 0.2:
        jump_s = chance.choice([0.0, 0.0, 0.0, -3_600.0, 3_600.0])
        return Step(None, "time", {"seconds": chance.choice([1.0, 14.0, 31.0, 61.0]), "jump_s": jump_s})
    realm = chance.choice([Realm.ACTUAL, Realm.EXERCISE])
    what = chance.choice(["signal"] * 5 + ["contact"] * 2 + ["restart", "read"])
    more = {
        "feed": chance.randrange(2),
        "id": f"n{number % 6}",  # ids come again, in the other realm too
        "area": chance.choice(AREAS),
        "threat": chance.choice(THREATS),
        "state": chance.choice(["raised", "raised", "clear", "cancelled"]),
        "age": chance.choice([-20, 0, 0, 5, 1_000]),
        "expires": chance.choice([None, None, 30]),
        "raised": [[chance.choice(AREAS), chance.choice(THREATS)] for _ in range(chance.randrange(3))],
        "cursor": chance.choice(["x", f"{EPOCHS[Realm.ACTUAL]}-2", f"{EPOCHS[Realm.EXERCISE]}-1"]),
    }
    return Step(realm, what, more)


class Station:
    """A desk and the realms behind it, as in one server."""

    def __init__(self, keys: Keys, secrets: dict[str, str]) -> None:
        self.loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        self.clock = Hands()
        self.sides: dict[Realm, Side] = {}
        self._secrets = secrets
        self._api = Api(
            LAND.areas, keys, lambda realm: self.side(realm).outlet, self.clock.now, self.clock.lasted
        )

    def side(self, realm: Realm) -> Side:
        """Return a realm; it begins when it is first used."""
        if realm not in self.sides:
            self.sides[realm] = Side(LAND, self.clock, self.loop, None, realm, EPOCHS[realm])
        return self.sides[realm]

    def close(self) -> None:
        """Close everything."""
        for side in self.sides.values():
            side.stop()
        self.loop.close()

    def post(self, path: str, feed: str, body: dict[str, Any]) -> bytes:
        """Post to the desk as a feed; return the status and the body of the answer."""
        sent: list[dict[str, Any]] = []
        asked = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(b"authorization", f"Bearer {self._secrets[feed]}".encode())],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return asked.pop()

        async def send(message: Any) -> None:
            sent.append(dict(message))

        self.loop.run_until_complete(self._api.app(scope, receive, send))
        return str(sent[0]["status"]).encode() + b"".join(one.get("body", b"") for one in sent[1:])


def output(keys: Keys, secrets: dict[str, str], steps: list[Step], *, drill: bool) -> Iterator[bytes]:
    """Yield all that the actual realm says, to its feeds, to a subscriber and to whoever asks.

    Args:
        keys: Of the feeds.
        secrets: The keys themselves, by name.
        steps: What happens.
        drill: Whether what is of the exercise happens too.
    """
    with closing(Station(keys, secrets)) as station:
        _contracts(station, Realm.ACTUAL)
        actual = station.side(Realm.ACTUAL)
        actual.settle()
        reader = _listen(actual)
        for step in steps:
            if step.realm is Realm.EXERCISE and not drill:
                continue
            said = _do(station, step)
            if step.realm is Realm.ACTUAL and step.what == "restart":
                reader.close()
                reader = _listen(actual)
            if step.realm is not Realm.EXERCISE:
                actual.settle()
                yield said
                yield from (actual.get(path).body for path in LOOKS)
                yield read_some(reader)
            elif drill:
                station.side(Realm.EXERCISE).settle()
        reader.close()


def _listen(side: Side) -> Any:
    """Return a subscriber to which all was said up to now.  When it is to come back is random: not kept."""
    reader = side.connect()
    reader.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: tocsin\r\n\r\n")
    received = bytearray()

    def began() -> bool:
        received.extend(read_some(reader))
        return b"event: snapshot" in received and received.endswith(b"\n\n\r\n")

    side.wait(began, "a stream begins")
    return reader


def _contracts(station: Station, realm: Realm) -> None:
    for feed in FEEDS[realm]:
        kind = wire.decode(
            b'{"kind":"contract","realm":"%b","source":"%b","areas":["Y"],"threats":["*"]}'
            % (realm.encode(), feed.encode())
        )
        station.side(realm).say(f"contract/{feed}", kind)


def _do(station: Station, step: Step) -> bytes:
    """Let one thing happen; return what whoever did it was answered."""
    if step.realm is None:
        station.clock.put_forward(**step.more)
        return b""
    if step.realm not in station.sides:
        _contracts(station, step.realm)
    more, side = step.more, station.side(step.realm)
    feed = FEEDS[step.realm][more["feed"]]
    sent = station.clock.now() - timedelta(seconds=more["age"])
    if step.what == "signal":
        body = {name: more[name] for name in ("id", "area", "threat", "state")} | {"sent": wire.stamp(sent)}
        if more["expires"]:
            body["expires"] = wire.stamp(sent + timedelta(seconds=more["expires"]))
        return station.post("/v1/signals", feed, body)
    if step.what == "contact":
        return station.post("/v1/contact", feed, {"sent": wire.stamp(sent), "raised": more["raised"]})
    if step.what == "restart":
        side.stop()
        side.start()
        return b""
    return side.get(f"/v1/stream?after={more['cursor']}&areas=nowhere").body  # refused: nobody listens


def make_keys(folder: Path) -> tuple[Keys, dict[str, str]]:
    """Return the keys of all feeds; each may speak of everything in its realm and of nothing elsewhere."""
    keys = Keys(folder)
    secrets = {}
    for realm, feeds in FEEDS.items():
        for feed in feeds:
            principal = Principal(name=feed, areas=("Y",), threats=("*",), realm=realm)
            secrets[feed] = keys.add(principal, Hands().now())
    return keys, secrets
