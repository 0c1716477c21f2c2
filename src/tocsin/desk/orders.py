"""Orders: exactly what is to be sent, how many people it takes, and what became of it.

An order is bytes.  Its hash covers every area, the threat, the level, the
text and what the screen said; people approve that hash and nothing else.

1.  How many people it takes is a rule, made beforehand: by threat, and by size.
2.  Two people are two names and two credentials.
3.  The first word on an order stands: approved, refused, or too old after ten minutes.
4.  All clear and cancellation take one person, always.
5.  To set a silent source's raise aside takes two, always.
6.  A rule may let one person send at once what takes two; then a second one reviews it.

`Orders` is a fold over the log's `Approval` entries: whatever is open after a restart is open again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from tocsin.areas import Areas
from tocsin.errors import ConfigError, SourceError
from tocsin.model import Act, Approval, AreaId, Aside, Level, Realm, Signal, SourceId, Step, Threat

HOLDS = timedelta(minutes=10)  # how long an order waits for its second person
MOST_AREAS = 200
MOST_TEXT = 1_000  # characters, of each language


class Order(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to be sent."""

    id: str
    realm: Realm
    authority: SourceId
    act: Act
    areas: tuple[AreaId, ...]
    threat: Threat
    made: datetime
    screen: str  # the hash of what the screen said
    subtype: str | None = None
    level: Level | None = None
    expires: datetime | None = None
    text: str | None = None
    aside: SourceId | None = None  # whose raise is to be set aside; ``act`` is cancelled then, and not sent

    @property
    def does(self) -> str:
        """What it does, as a word: an act, or set_aside."""
        return "set_aside" if self.aside is not None else str(self.act)

    def signals(self, sent: datetime) -> list[tuple[str, Signal | Aside]]:
        """Return the keys and kinds that it stands for: one an area, always the same keys."""
        if self.aside is not None:
            return [
                (f"aside/{self.id}-{number}", self._set_aside(self.aside, number, area, sent))
                for number, area in enumerate(self.areas)
            ]
        return [
            (f"signal/{self.authority}/{self.id}-{number}", self._signal(number, area, sent))
            for number, area in enumerate(self.areas)
        ]

    def _set_aside(self, source: SourceId, number: int, area: AreaId, sent: datetime) -> Aside:
        return Aside(
            self.realm, source, f"{self.id}-{number}", area, self.threat, by=self.authority, sent=sent
        )

    def _signal(self, number: int, area: AreaId, sent: datetime) -> Signal:
        return Signal(
            realm=self.realm,
            source=self.authority,
            id=f"{self.id}-{number}",
            area=area,
            threat=self.threat,
            state=self.act,
            sent=sent,
            subtype=self.subtype,
            level=self.level,
            expires=self.expires,
            text=self.text,
        )


def body_of(order: Order) -> str:
    """Return an order as it is hashed, signed and kept."""
    return msgspec.json.encode(order).decode()


def read(body: str) -> Order:
    """Return the order of a body.

    Raises:
        SourceError: It is none.
    """
    try:
        return msgspec.json.decode(body, type=Order)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SourceError(f"this is no order: {error}", todo="begin again from the board") from error


def digest_of(body: str) -> bytes:
    """Return the hash that people approve."""
    return hashlib.sha256(body.encode()).digest()


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """How many people a raise takes.  The first rule that fits decides.

    ``threats``: "*" is every one.  ``areas``: it is about at least so many areas of the board, or so
    many parts; ``whole``: only when it is about the whole country.
    """

    threats: tuple[Threat, ...] = (Threat("*"),)
    areas: int = 1
    whole: bool = False
    people: int = 2
    alone: bool = False  # one person may send at once, and a second one reviews


RULES = (
    Rule(threats=(Threat("nuclear"), Threat("chemical"))),
    Rule(whole=True),
    Rule(areas=6),
    Rule(people=1),
)
"""What holds where the office ruled nothing: two people for what frightens most and for what is largest."""


def rules_of(tables: Iterable[object]) -> tuple[Rule, ...]:
    """Return the office's own rules, in order, and behind them those that hold where it ruled nothing.

    Args:
        tables: The ``[[approval]]`` tables of the settings.

    Raises:
        ConfigError: A table says something that cannot be.
    """
    own = []
    for number, table in enumerate(tables, 1):
        try:
            rule = msgspec.convert(table, Rule)
        except msgspec.ValidationError as error:
            raise ConfigError(
                f"approval {number}: {error}", todo=f"the fields are {', '.join(Rule.__struct_fields__)}"
            ) from error
        if rule.people not in (1, 2) or rule.areas < 1 or not rule.threats:
            raise ConfigError(f"approval {number} fits nothing", todo="people is 1 or 2, areas at least 1")
        own.append(rule)
    return (*own, *RULES)


def rule_for(order: Order, rules: Iterable[Rule], areas: Areas) -> Rule:
    """Return the rule that decides; where none fits, two people."""
    if order.aside is not None:
        return Rule()
    if order.act is not Act.RAISED:
        return Rule(people=1)
    for rule in rules:
        if "*" not in rule.threats and order.threat not in rule.threats:
            continue
        if len(order.areas) < rule.areas or (rule.whole and areas.root not in order.areas):
            continue
        return rule
    return Rule()


class Open(Struct, frozen=True):
    """An order that waits for somebody."""

    order: Order
    body: str
    person: str  # who proposed it, or sent it alone
    credential: str
    at: datetime

    @property
    def digest(self) -> bytes:
        """The hash that is approved."""
        return digest_of(self.body)


class Orders:
    """What waits: for a second person, or for a review."""

    def __init__(self) -> None:
        self._proposed: dict[str, Open] = {}
        self._review: dict[str, Open] = {}

    def learn(self, said: Approval) -> None:
        """Take one entry of the log in."""
        self._proposed.pop(said.order, None)
        if said.step is Step.REVIEWED:
            self._review.pop(said.order, None)
        elif said.body is not None and said.step in (Step.PROPOSED, Step.SENT_ALONE):
            waits = Open(read(said.body), said.body, said.person, said.credential, said.sent)
            (self._proposed if said.step is Step.PROPOSED else self._review)[said.order] = waits

    def waiting(self, now: datetime) -> list[Open]:
        """Return what waits for a second person, oldest first."""
        for name in [name for name, one in self._proposed.items() if now - one.at > HOLDS]:
            del self._proposed[name]
        return list(self._proposed.values())

    def unreviewed(self) -> list[Open]:
        """Return what one person sent alone and nobody has reviewed, oldest first."""
        return list(self._review.values())

    def find(self, name: str, now: datetime) -> Open | None:
        """Return what waits under a hash, in hex."""
        return next(
            (one for one in [*self.waiting(now), *self._review.values()] if one.digest.hex() == name), None
        )
