"""A desk without a browser: a clerk over a real station, and people who stand at it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tocsin import wire
from tocsin.app.station import Station
from tocsin.countries import load
from tocsin.desk.clerk import Clerk, Witness
from tocsin.desk.orders import RULES, Order
from tocsin.desk.people import Person, Session
from tocsin.desk.rights import Entitlement, Role
from tocsin.log.memory import MemoryLog
from tocsin.model import Act, Approval, Contract, Realm, Signal

AREAS = load("ua").areas
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
REALM = Realm.EXERCISE


class Clock:
    """A clock that the test puts forward."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        """Return the time."""
        return NOON + timedelta(seconds=self.seconds)

    def lasted(self):
        """Return seconds."""
        return self.seconds


class Office:
    """One office's clerk; closes what it opened."""

    def __init__(self, rules=RULES):
        self.log, self.clock = MemoryLog(REALM), Clock()
        self.station = Station(self.log, AREAS, self.clock, lambda news: None)
        self.station.start()
        self.station.agree(Contract(REALM, "office", ("UA",), ("*",))).result(10)
        self.clerk = Clerk(AREAS, lambda realm: self, self.clock.now, rules)
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.station.stop()

    async def record(self, key, kind, accepted=None):
        """Return when it is in the log."""
        return await asyncio.wrap_future(self.station.submit(key, kind, accepted))

    def board(self):
        """Return nothing: no page is made here."""
        return {}

    def order(self, threat="nuclear", areas=("UA80",), act=Act.RAISED, **more):
        """Return an order of its own."""
        self._count += 1
        given = {"authority": "office", "realm": REALM, "screen": "ab", **more}
        return Order(
            id=f"{self._count:016x}", act=act, areas=areas, threat=threat, made=self.clock.now(), **given
        )

    def said(self, kind):
        """Return what the log holds of a kind, oldest first."""
        kinds = [wire.decode(entry.body) for entry in self.log.read()]
        return [one for one in kinds if isinstance(one, kind)]

    def signals(self):
        """Return the signals in the log."""
        return self.said(Signal)

    def approvals(self):
        """Return the acts of people in the log."""
        return self.said(Approval)


def stands(name, role=Role.SUPERVISOR, areas=("UA",), threats=("*",), realm=REALM, credential=None):
    """Return somebody who stands at the desk, with a credential of their own."""
    person = Person(name, "office", (Entitlement(role, areas, threats, realm),))
    return Witness(Session(person, realm, credential or f"passkey:{name}"), "127.0.0.1")
