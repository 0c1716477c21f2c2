"""The clerk: lets an order through or says why not, and leaves who, with what and what they saw in the log.

The log decides every race: an order has one entry that decides it, under one
key, and the signals of an order have keys made from it.  Whoever comes second
is told who was first.  Nothing here is kept that the log does not hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.desk.api import Recorder
from tocsin.desk.orders import HOLDS, Open, Order, Orders, Rule, body_of, digest_of, read, rule_for
from tocsin.desk.passkeys import Signed
from tocsin.desk.people import Session
from tocsin.desk.rights import Verb, allow
from tocsin.errors import KeyTaken, NotEntitled, SubscriberError
from tocsin.model import Act, Approval, Realm, Step

_MOST_WRITTEN = 2_000  # orders on screens that were not sent


class Witness(Struct, frozen=True):
    """Who stands there: a session, where it sits, and what its passkey signed, if it did."""

    session: Session
    address: str
    signed: Signed | None = None

    @property
    def credential(self) -> str:
        """What the log names."""
        return self.signed.passkey.name if self.signed else self.session.credential


class Clerk:
    """What people do at one desk.

    Args:
        areas: The country's areas.
        recorder: Gives the recorder of a realm.
        now: The time.
        rules: How many people what takes.
    """

    def __init__(
        self,
        areas: Areas,
        recorder: Callable[[Realm], Recorder],
        now: Callable[[], datetime],
        rules: Iterable[Rule],
    ) -> None:
        self._areas = areas
        self._recorder = recorder
        self._now = now
        self._rules = tuple(rules)
        self._orders: dict[Realm, Orders] = {}
        self._written: dict[str, tuple[str, str]] = {}  # hash -> body, person: on somebody's screen

    def load(self, realm: Realm, said: Iterable[Approval]) -> None:
        """Take in what the log of a realm says of earlier orders."""
        orders = self._orders[realm] = Orders()
        for one in said:
            orders.learn(one)

    def knows(self, realm: Realm) -> bool:
        """Return whether a realm's earlier orders were taken in."""
        return realm in self._orders

    def orders(self, realm: Realm) -> Orders:
        """Return what waits in a realm."""
        return self._orders.setdefault(realm, Orders())

    def rule(self, order: Order) -> Rule:
        """Return how many people an order takes."""
        return rule_for(order, self._rules, self._areas)

    # Before it is sent

    def write(self, session: Session, order: Order) -> str:
        """Return the hash, in hex, of an order that is now on somebody's screen.

        Raises:
            NotEntitled: They may not; says what.
            SubscriberError: No area, an unknown one, or one of which the authority raised nothing.
        """
        self.check(session, order)
        body = body_of(order)
        name = digest_of(body).hex()
        while len(self._written) >= _MOST_WRITTEN:
            del self._written[next(iter(self._written))]
        self._written[name] = body, session.person.name
        return name

    def written(self, session: Session, name: str) -> Order:
        """Return the order on somebody's own screen.

        Raises:
            SubscriberError: There is none, or it has stood there too long.
        """
        body, person = self._written.get(name, ("", ""))
        if person != session.person.name or read(body).made + HOLDS < self._now():
            raise SubscriberError(
                "this order is not on your screen any more; nothing was sent",
                todo="begin again from the board",
            )
        return read(body)

    def check(self, session: Session, order: Order, verb: Verb | None = None) -> None:
        """Do nothing if somebody may do this with an order; see `write`."""
        verb = verb or (Verb.RAISE if order.act is Act.RAISED else Verb.END)
        if not order.areas or order.realm is not session.realm:
            raise SubscriberError("no area was named; nothing was sent", todo="choose at least one area")
        for area in order.areas:
            if not allow(session.person.held, verb, area, order.threat, order.realm, self._areas):
                name = self._areas.name(area, "en") if area in self._areas else area[:40]
                raise NotEntitled(
                    f"{session.person.name} may not {verb} {order.threat} in {name}; nothing was sent",
                    todo="choose other areas, or ask somebody who may",
                    area=area,
                )

    # Sending and deciding

    async def send(self, witness: Witness, order: Order, *, alone: bool = False) -> Step:
        """Send an order, or propose it where it takes two; return which.

        Raises:
            NotEntitled: They may not.
            SubscriberError: It was sent already, or may not be sent alone.
            LogError: The disk refuses; nothing was sent.
        """
        self.check(witness.session, order)
        rule = self.rule(order)
        if alone and not rule.alone:
            raise SubscriberError(
                "no rule lets one person send this", todo="ask a second person to approve it"
            )
        step = Step.SENT if rule.people < 2 else Step.SENT_ALONE if alone else Step.PROPOSED
        said = self._said(witness, order, step, body_of(order))
        self._written.pop(said.order, None)
        if step is Step.PROPOSED:
            await self._record(f"order/{said.order}/proposed", said)
        else:
            await self._decide(said, order)
        return step

    async def decide(self, witness: Witness, name: str, step: Step) -> Order:
        """Approve, refuse or review what waits under a hash; return the order.

        Raises:
            NotEntitled: They may not approve, or they are who proposed it.
            SubscriberError: Nothing waits there, or somebody was faster.
            LogError: The disk refuses; nothing was sent.
        """
        realm = witness.session.realm
        waits = self.orders(realm).find(name, self._now())
        if waits is None:
            raise SubscriberError(
                "nothing waits here any more", todo="look at the board: it was decided, or is too old"
            )
        self.check(witness.session, waits.order, Verb.APPROVE)
        self._two(witness, waits)
        said = self._said(witness, waits.order, step, None, name)
        if step is Step.APPROVED:
            await self._decide(said, waits.order)
        else:
            await self._record(f"order/{name}/{'reviewed' if step is Step.REVIEWED else 'decided'}", said)
        return waits.order

    def _two(self, witness: Witness, waits: Open) -> None:
        """Two people are two names and two credentials."""
        same = witness.session.person.name == waits.person
        if same or (witness.credential == waits.credential and witness.credential != "code"):
            raise NotEntitled("whoever proposed it cannot approve it", todo="ask a second person to log in")

    async def _decide(self, said: Approval, order: Order) -> None:
        """Put the entry that decides into the log, and the signals behind it.

        An approval first: if somebody was faster there are no signals.  What one person sends goes in with
        its signals in one batch, since there is nobody to wait for.
        """
        await self._record(f"order/{said.order}/decided", said)
        recorder = self._recorder(order.realm)
        await asyncio.gather(*(recorder.record(key, one) for key, one in order.signals(said.sent)))

    async def finish(self, said: Approval, body: str) -> None:
        """Send the signals of an order that was decided just before the power went; what is there stays."""
        order = read(body)
        recorder = self._recorder(order.realm)
        sent = (recorder.record(key, one) for key, one in order.signals(said.sent))
        await asyncio.gather(
            *sent, return_exceptions=True
        )  # what cannot be so now was told to its sender then

    async def _record(self, key: str, said: Approval) -> None:
        try:
            await self._recorder(said.realm).record(key, said)
        except KeyTaken as error:
            raise SubscriberError(
                "somebody was faster: this order is decided already", todo="look at the board", **error.values
            ) from error
        self.orders(said.realm).learn(said)

    def _said(
        self, witness: Witness, order: Order, step: Step, body: str | None, name: str | None = None
    ) -> Approval:
        signed = witness.signed
        return Approval(
            realm=order.realm,
            order=name or digest_of(body or "").hex(),
            step=step,
            person=witness.session.person.name,
            authority=witness.session.person.authority,
            credential=witness.credential,
            address=witness.address,
            screen=order.screen,
            sent=self._now(),
            body=body,
            client_data=signed.client_data if signed else None,
            authenticator_data=signed.authenticator_data if signed else None,
            signature=signed.signature if signed else None,
        )


def unfinished(said: Iterable[Approval], signals: set[str]) -> list[tuple[Approval, str]]:
    """Return the decisions whose order has no signal in the log, each with the order's body.

    Args:
        said: What the log says of orders, oldest first.
        signals: The ids of all signals that the same stretch of the log holds.
    """
    bodies: dict[str, str] = {}
    found = []
    for one in said:
        if one.body is not None:
            bodies[one.order] = one.body
        body = bodies.get(one.order)
        if one.step in (Step.SENT, Step.SENT_ALONE, Step.APPROVED) and body is not None:
            order = read(body)
            if any(f"{order.id}-{number}" not in signals for number in range(len(order.areas))):
                found.append((one, body))
    return found
