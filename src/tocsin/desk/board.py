"""The desk's board: what needs a person, worst first; what the office holds raised; what is raised at all.

Quiet when all is well.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from msgspec import Struct

from tocsin.cap.sign import WARN_DAYS
from tocsin.countries.desk import DeskPack
from tocsin.desk.api import Recorder
from tocsin.desk.clerk import Clerk, unfinished
from tocsin.desk.front import Asked
from tocsin.desk.people import People
from tocsin.desk.rights import VERBS, Verb
from tocsin.desk.screen import Screens
from tocsin.desk.words import WORDS, say
from tocsin.model import Approval, AreaId, Aside, Kind, Level, Realm, Signal, SourceId, Threat

Receipts = Callable[[int], Awaitable[dict[str, Any]]]
Sources = Callable[[Realm], dict[str, Any]]
_FEWEST = 2  # people who can correct a mistake


class Books(Recorder, Protocol):
    """A realm's recorder, and what the desk reads of its log and its board."""

    def holds(self, source: SourceId) -> list[tuple[AreaId, Threat]]:
        """Return what a source holds raised by its own word."""

    def key_days(self) -> int | None:
        """Return for how many days messages in CAP can be signed; None without keys."""

    def tail(self) -> list[Kind]:
        """Return the end of the log, oldest first; reads the disk."""


class Held(Struct, frozen=True):
    """One raise of the own office, with all that can be done about it."""

    area: AreaId
    threat: Threat
    what: str
    since: str
    clear: str
    cancel: str
    update: str
    levels: list[tuple[str, str]]


class Silent(Struct, frozen=True):
    """One raise of a source that cannot be heard, which two people can set aside."""

    area: AreaId
    threat: Threat
    source: SourceId
    press: str


class Shown(Struct, frozen=True):
    """What the board's page shows."""

    needs: list[tuple[str, str]]  # a line, and where it leads
    mine: list[Held]
    raised: list[str]
    silent: list[Silent]


class Boards:
    """The desk's boards, one a realm."""

    def __init__(
        self,
        pack: DeskPack,
        people: People,
        clerk: Clerk,
        screens: Screens,
        books: Callable[[Realm], Books],
        now: Callable[[], datetime],
        receipts: Receipts,
        sources: Sources,
        messages: Callable[[Asked], Iterable[tuple[str, str]]] = lambda asked: (),
    ) -> None:
        self._pack, self._people, self._clerk = pack, people, clerk
        self._receipts, self._sources, self._messages = receipts, sources, messages
        self._outlets: dict[str, Any] = {"endpoints": [], "alerts": []}  # as they were last looked at
        self._screens, self._books, self._now = screens, books, now
        self._loading = asyncio.Lock()

    async def look(self, realm: Realm) -> None:
        """Look at what is not in the log: the outlets; and take in what the log says of earlier orders."""
        await self._load(realm)
        if realm is Realm.ACTUAL:  # no other has outlets
            self._outlets = await self._receipts(1)
            self._screens.outlets = [one["name"] for one in self._outlets["endpoints"]]

    async def _load(self, realm: Realm) -> None:
        """Take in what the log says of earlier orders, once; and send what a crash kept from being sent."""
        if self._clerk.knows(realm):
            return
        async with self._loading:
            if self._clerk.knows(realm):
                return
            kinds = await asyncio.to_thread(self._books(realm).tail)
            said = [kind for kind in kinds if isinstance(kind, Approval)]
            for one, body in unfinished(
                said, {kind.id for kind in kinds if isinstance(kind, Signal | Aside)}
            ):
                await self._clerk.finish(one, body)
            self._clerk.load(realm, said)

    def held(self, asked: Asked) -> list[tuple[AreaId, Threat]]:
        """Return what the office of who asks holds raised."""
        return self._books(asked.realm).holds(asked.who.person.authority)

    def version(self, asked: Asked) -> str:
        """Return what changes when the page would."""
        said = self.shown(asked)
        text = repr(
            (said.needs, [(one.area, one.threat, one.what) for one in said.mine], said.raised, said.silent)
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def shown(self, asked: Asked) -> Shown:
        """Return what the page shows now."""
        board = self._books(asked.realm).board()
        needs = [*self._orders(asked), *self._few(asked), *self._lost(asked, board)]
        needs += [*self._old(asked, board), *self._disputed(asked), *self._deaf(asked), *self._ends(asked)]
        needs += self._messages(asked)
        mine = [self._held(asked, board, area, threat) for area, threat in self.held(asked)]
        raised = [line for line, _ in self._raised(asked, board)]
        return Shown(needs, mine, raised, list(self.silent(asked)))

    def silent(self, asked: Asked) -> Iterable[Silent]:
        """Yield what sources hold raised that cannot be heard.  Offices end their own."""
        offices = {person.authority for person in self._people.all() if not person.revoked}
        for one in self._sources(asked.realm)["sources"]:
            name, age_s = SourceId(one["name"]), one["age_s"]
            if one["contact"] or name in offices or (age_s is not None and age_s <= one["silence_s"]):
                continue
            for area, threat in () if name == "pack" else one["raised"]:
                what = self._screens.what([area], threat, None, asked.lang)
                press = say(asked.lang, "aside", what=what, name=name)
                yield Silent(AreaId(area), Threat(threat), name, press)

    def _orders(self, asked: Asked) -> Iterable[tuple[str, str]]:
        orders = self._clerk.orders(asked.realm)
        for key, waiting in (("waits", orders.waiting(self._now())), ("review", orders.unreviewed())):
            for one in waiting:
                order = one.order
                what = self._screens.what(order.areas, order.threat, order.level, asked.lang)
                line = say(asked.lang, key, what=what, name=one.person)
                yield line, f"{asked.here}/orders/{one.digest.hex()}"

    def _few(self, asked: Asked) -> Iterable[tuple[str, str]]:
        able = [
            person
            for person in self._people.all()
            if not person.revoked
            and any(Verb.END in VERBS[one.role] for one in person.in_realm(asked.realm))
            and (
                self._people.passkeys(person.name, asked.realm) or self._people.code(person.name, asked.realm)
            )
        ]
        if len(able) < _FEWEST:
            yield WORDS[asked.lang]["few"], ""

    def _lost(self, asked: Asked, board: dict[str, Any]) -> Iterable[tuple[str, str]]:
        people = {str(person.authority) for person in self._people.all()}
        for name, until in board.get("fresh", {}).items():
            if name not in people and name != "pack" and datetime.fromisoformat(until) <= self._now():
                yield say(asked.lang, "lost", name=name), ""

    def _disputed(self, asked: Asked) -> Iterable[tuple[str, str]]:
        """Name the areas that one source holds raised and another, which is heard, calls clear since."""
        for one in self._sources(asked.realm)["disagreements"]:
            what = self._screens.what([AreaId(one["area"])], Threat(one["threat"]), None, asked.lang)
            by, against = ", ".join(one["raised"]), ", ".join(one["clear"])
            yield say(asked.lang, "disputed", what=what, by=by, against=against), ""

    def _deaf(self, asked: Asked) -> Iterable[tuple[str, str]]:
        """Name the outlets in trouble, and those that have not confirmed the last alert."""
        if asked.realm is not Realm.ACTUAL:
            return
        for one in self._outlets["endpoints"]:
            if one.get("trouble"):
                yield say(asked.lang, "trouble", name=one["name"], why=one["trouble"]), ""
        for alert in self._outlets["alerts"]:
            silent = [one["endpoint"] for one in alert["receipts"] if one["confirmed"] is None]
            if silent:
                yield say(asked.lang, "unconfirmed", names=", ".join(silent), seq=alert["seq"]), ""

    def _ends(self, asked: Asked) -> Iterable[tuple[str, str]]:
        """Name the keys for CAP when they are about to end, or have ended."""
        days = self._books(asked.realm).key_days()
        if days is not None and days <= max(WARN_DAYS):
            yield say(asked.lang, "keys_end" if days else "keys_ended", days=days), ""

    def _old(self, asked: Asked, board: dict[str, Any]) -> Iterable[tuple[str, str]]:
        for line, age in self._raised(asked, board):
            if age > timedelta(hours=self._pack.usual_hours):
                yield say(asked.lang, "old", what=line, hours=int(age.total_seconds() // 3600)), ""

    def _raised(self, asked: Asked, board: dict[str, Any]) -> list[tuple[str, timedelta]]:
        """Return what is raised, the oldest first, without what stands for years by the country pack."""
        found = []
        for area, told in board["areas"].items():
            for threat, entry in told.get("threats", {}).items():
                sources = entry.get("sources", [])
                if entry["state"] != "raised" or sources == ["pack"] or "since" not in entry:
                    continue
                since = datetime.fromisoformat(entry["since"])
                what = self._screens.what([area], threat, entry.get("level"), asked.lang)
                by = say(asked.lang, "by", sources=", ".join(sources))
                found.append((f"{what}, {self._time(asked, since)}, {by}", self._now() - since))
        return sorted(found, key=lambda one: -one[1])

    def _held(self, asked: Asked, board: dict[str, Any], area: AreaId, threat: Threat) -> Held:
        told = board["areas"].get(area, {}).get("threats", {}).get(threat, {})
        level = told.get("level")
        what = self._screens.what([area], threat, Level(level) if level else None, asked.lang)
        since = told.get("since")
        return Held(
            area,
            threat,
            what,
            since=self._time(asked, datetime.fromisoformat(since)) if since else "",
            clear=say(asked.lang, "all_clear", what=what),
            cancel=say(asked.lang, "cancel", what=what),
            update=say(asked.lang, "update", what=what),
            levels=[
                (one, say(asked.lang, "to_level", level=WORDS[asked.lang][one]))
                for one in ("none", "yellow", "red")
                if one != (level or "none")
            ],
        )

    def _time(self, asked: Asked, moment: datetime) -> str:
        return say(asked.lang, "since", time=f"{moment:%Y-%m-%d %H:%M} UTC")
