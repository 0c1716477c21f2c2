"""A machine that drives the real server and the model side by side, by whatever may happen.

After every step the two are held against each other.  Hypothesis looks for a
story after which they differ, and tells the shortest.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis.strategies as st
import uvloop
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.truth.client import Client
from tests.truth.land import AREAS, PARENT, PARTS, country
from tests.truth.model import Listed, Looked, Model, Refused, Started
from tests.truth.side import Hands, Side
from tests.truth.told import THREATS, Violation, check, check_unkept
from tocsin import wire
from tocsin.app.station import Receipt
from tocsin.errors import KeyTaken, SourceError
from tocsin.model import Act, Aside, Contact, Contract, Level, Realm, Signal

SOURCES = ("a", "b", "c")
LAND = country()  # read only
_QUICK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # what a sync is worth is tested elsewhere
_HOUR, _DAY = 3_600.0, 86_400.0

drills = st.sampled_from([False, False, False, True])  # one thing in four happens in the exercise
sources = st.sampled_from(SOURCES)
areas = st.integers(0, 3)  # which of the few areas of this story
threats = st.sampled_from([0, 0, 1])
acts = st.sampled_from([Act.RAISED, Act.RAISED, Act.CLEAR, Act.CLEAR, Act.CANCELLED])
ages = st.one_of(st.integers(-30, 30), st.sampled_from([0, 0, 0, 899, 901, 7_200, 90_000]))  # seconds
ends = st.one_of(st.none(), st.integers(1, 40))  # seconds from sent to expiry
pairs = st.lists(st.tuples(areas, threats), max_size=3, unique=True)
steps = st.sampled_from([0.3, 1.0, 5.0, 14.0, 16.0, 19.0, 21.0, 59.0, 61.0, 700.0])
jumps = st.sampled_from([-_DAY, -_HOUR, -3.0, 3.0, _HOUR, _DAY])


bursts = st.lists(st.tuples(sources, areas, threats, acts, ages, ends), max_size=4)
BAD_CURSORS = ("x", "-1", "{epoch}--1", "{epoch}-{ahead}", "00000000-1", "{epoch}-1e1", "{epoch}-")


class Sent(NamedTuple):
    """What was handed in."""

    key: str
    kind: Signal | Contact


class Part:
    """One realm: the real one, what the model of it heard, and who listens."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.model = Model(PARENT, PARTS)
        self.clients: list[Client] = []
        self.sent: list[Sent] = []
        self.fresh = True  # something happened since it was held against the model

    def close(self) -> None:
        """Close all that is open."""
        for client in self.clients:
            client.close()
        self.side.stop()


class Machine(RuleBasedStateMachine):
    """What may happen to an actual realm and to an exercise beside it."""

    on_disk = True
    taken = 0  # steps, of all machines

    def __init__(self) -> None:
        super().__init__()
        self.loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        self.clock = Hands()
        self.folder = Path(tempfile.mkdtemp(prefix="tocsin-truth-", dir=_QUICK))
        self.number = 0
        self.turn = 0
        self.named: tuple[str, ...] = ()
        self.areas: list[str] = []
        self.threats: list[str] = []
        self.actual = self._part(Realm.ACTUAL)
        self.exercise: Part | None = None  # begins with the first thing that happens in it

    def _part(self, realm: Realm) -> Part:
        folder = self.folder / str(realm) if self.on_disk else None
        if folder is not None:
            (folder / f"{realm}-0").mkdir(parents=True)
        return Part(Side(LAND, self.clock, self.loop, folder, realm))

    def teardown(self) -> None:
        """Close everything, whatever happened."""
        for part in self.parts():
            part.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def at(self, drill: bool) -> Part:
        """Return the realm in which something happens; time has gone on a little."""
        Machine.taken += 1
        self.turn += 1
        self.clock.put_forward(0.001)
        if drill and self.exercise is None:
            self.exercise = self._part(Realm.EXERCISE)
            self._begin(self.exercise)
        part = self.exercise if drill and self.exercise else self.actual
        part.fresh = True
        self._look()
        return part

    def parts(self) -> list[Part]:
        """Return the realms that are in use."""
        return [self.actual] if self.exercise is None else [self.actual, self.exercise]

    def _look(self) -> None:
        for part in self.parts():
            part.model.hear(self.clock.moment, Looked())

    @initialize(
        named=st.lists(st.sampled_from(AREAS), min_size=1, max_size=3, unique=True),
        few=st.lists(st.sampled_from(AREAS), min_size=1, max_size=4, unique=True),
        of=st.permutations(THREATS),
    )
    def begin(self, named, few, of):
        """Two sources have contracts from the beginning, and somebody listens; a story has few areas."""
        self.named, self.areas, self.threats = tuple(sorted(named)), few, of
        self._begin(self.actual)

    def _begin(self, part: Part) -> None:
        self._agree(part, "a", ("Y",), ("*",), 60.0)
        self._agree(part, "b", self.named, ("*",), 60.0)
        part.clients.append(Client(part.side))
        part.clients[0].connect()

    def area(self, number: int) -> str:
        """Return one of the areas that this story is about."""
        return self.areas[number % len(self.areas)]

    # What sources say

    def _signal(
        self, part: Part, source: str, area: int, threat: int, act: Act, age: int, **more: Any
    ) -> Sent:
        self.number += 1
        name = f"n{self.number}"
        sent = self.clock.now().replace(microsecond=0) - timedelta(seconds=age)
        expires, level = more.get("end"), more.get("level")
        signal = Signal(
            part.side.realm, source, name, self.area(area), self.threats[threat], act, sent,
            level=level if act is Act.RAISED else None,
            expires=sent + timedelta(seconds=expires) if expires and act is Act.RAISED else None,
        )  # fmt: skip
        return Sent(f"signal/{source}/{name}", signal)

    @rule(
        drill=drills, source=sources, area=areas, threat=threats, act=acts, age=ages, end=ends,
        level=st.sampled_from([None, Level.RED]),
    )  # fmt: skip
    def signal(self, drill, source, area, threat, act, age, end, level):
        part = self.at(drill)
        self._say(part, self._signal(part, source, area, threat, act, age, end=end, level=level))

    def _say(self, part: Part, sent: Sent) -> None:
        known = any(key == sent.key for key, _ in part.sent)
        future = part.side.submit(*sent)
        self._heard(part, sent, future, known)

    def _heard(self, part: Part, sent: Sent, future: Future[Receipt], known: bool) -> None:
        """Let the model hear what was taken, and hold what was refused against it."""
        assert isinstance(sent.kind, Signal)
        about = (sent.kind.source, sent.kind.area, sent.kind.threat)
        allowed = sent.kind.state is Act.RAISED or part.model.spoke(*about)
        try:
            receipt = future.result(10.0)
        except SourceError:
            if allowed or known:
                raise
            part.model.hear(self.clock.moment, Refused(sent.kind.source))
            return
        if not (allowed or known):
            raise Violation(f"an end before any raise was taken: {sent}")
        if receipt.new == known:
            raise Violation(f"{sent} is new: {receipt.new}; it was sent before: {known}")
        if receipt.new:
            part.sent.append(sent)
            part.model.hear(self.clock.moment, sent.kind)
        else:
            part.model.hear(self.clock.moment, Refused(sent.kind.source))

    @rule(drill=drills, said=bursts)
    def burst(self, drill, said):
        """Several come at once, in any order of their times, perhaps into one sync."""
        part = self.at(drill)
        waiting = [self._signal(part, *words, end=end) for *words, end in said]
        futures = [part.side.submit(*sent) for sent in waiting]
        for sent, future in zip(waiting, futures, strict=True):
            self._heard(part, sent, future, known=False)

    @rule(drill=drills, which=st.integers(0, 30), area=st.one_of(st.none(), st.none(), areas))
    def repeat(self, drill, which, area):
        """What was said is said again, word for word; or of another area, and is refused."""
        part = self.at(drill)
        if not part.sent:
            return
        sent = part.sent[which % len(part.sent)]
        if isinstance(sent.kind, Contact):
            self._contact(part, sent)
        elif area is None:
            self._say(part, sent)
        else:
            self._contradict(part, sent.key, sent.kind, self.area(area))

    def _contradict(self, part: Part, key: str, kind: Signal, area: str) -> None:
        other = Signal(kind.realm, kind.source, kind.id, area, "nuclear", Act.RAISED, kind.sent)
        try:
            part.side.say(key, other)
        except KeyTaken:
            part.model.hear(self.clock.moment, Refused(kind.source))
        else:
            raise Violation(f"{key} came to mean something else")

    @rule(drill=drills, source=sources, listed=pairs, age=st.integers(-5, 20))
    def contact(self, drill, source, listed, age):
        part = self.at(drill)
        self.number += 1
        sent = self.clock.now().replace(microsecond=0) - timedelta(seconds=age)
        raised = tuple(sorted({(self.area(area), self.threats[threat]) for area, threat in listed}))
        kind = Contact(part.side.realm, source, held=True, sent=sent, raised=raised)
        says = wire.stamp(sent), ",".join("/".join(pair) for pair in kind.raised)
        self._contact(part, Sent(f"contact/{source}/{'/'.join(says)}", kind))

    def _contact(self, part: Part, sent: Sent) -> None:
        assert isinstance(sent.kind, Contact)
        known = any(key == sent.key for key, _ in part.sent)
        receipt = part.side.say(*sent)
        part.model.hear(self.clock.moment, Listed(sent.kind, kept=receipt.new))
        if receipt.new:
            part.sent.append(sent)
        elif not known:
            check_unkept(part.model, sent.kind, self.clock.moment)

    # What is ruled

    @rule(drill=drills, source=sources, area=areas, threat=threats, age=st.integers(-5, 20))
    def set_aside(self, drill, source, area, threat, age):
        """Two people set a raise aside: taken exactly where its source holds it and cannot be heard."""
        part = self.at(drill)
        self.number += 1
        sent = self.clock.now().replace(microsecond=0) - timedelta(seconds=age)
        about = source, self.area(area), self.threats[threat]
        allowed = part.model.may_be_set_aside(*about, self.clock.moment)
        kind = Aside(part.side.realm, source, f"aside{self.number}", *about[1:], "office", sent)
        try:
            part.side.say(f"aside/{self.number}", kind)
        except SourceError:
            if allowed:
                raise
        else:
            if not allowed:
                raise Violation(f"{kind} was taken")
            part.model.hear(self.clock.moment, kind)

    @rule(
        drill=drills, source=sources, named=st.lists(areas, max_size=2, unique=True),
        of=st.sampled_from([("*",), ("air",), ("artillery", "sea_drones")]),
        silence_s=st.sampled_from([20.0, 60.0]),
    )  # fmt: skip
    def agree(self, drill, source, named, of, silence_s):
        """A contract is made, changed, or ended."""
        self._agree(self.at(drill), source, tuple(sorted({*map(self.area, named)})), of, silence_s)

    def _agree(
        self, part: Part, source: str, named: tuple[str, ...], of: tuple[str, ...], silence_s: float
    ) -> None:
        contract = Contract(part.side.realm, source, named, of, silence_s)
        self.number += 1
        part.side.say(f"contract/{source}/{self.number}", contract)
        part.model.hear(self.clock.moment, contract)
        part.model.hear(self.clock.moment, Looked())  # a shorter silence may have lasted too long already

    # What time does

    @rule(seconds=steps, jump_s=st.one_of(st.just(0.0), jumps))
    def pass_time(self, seconds, jump_s):
        """Time goes by, or the wall clock jumps; whoever hears nothing for 15 s shows nothing clear."""
        self.at(False)
        self.clock.put_forward(0.0 if jump_s else seconds, jump_s)
        self._look()
        for part in self.parts():
            part.fresh = True
            for client in part.clients if seconds >= 15 and not jump_s else ():
                if "clear" in {client.state(area, threat) for area in AREAS for threat in THREATS}:
                    raise Violation(f"a subscriber shows clear {seconds} s after the last beat")

    # What happens to the server

    @rule(drill=drills, said=st.one_of(st.none(), bursts))
    def begin_again(self, drill, said):
        """The server is stopped and started; or the power goes while some things are not answered yet."""
        part = self.at(drill)
        if said is None:
            part.side.stop()
            self._begin_again(part)
        else:
            self._crash(part, said)

    def _crash(self, part: Part, said: list[Any]) -> None:
        """Each that is not answered is kept or not; those that were answered are kept."""
        waiting = [self._signal(part, *words, end=end) for *words, end in said] if self.on_disk else []
        futures = [part.side.submit(*sent) for sent in waiting]
        answered = [sent for sent, future in zip(waiting, futures, strict=True) if _is_taken(future)]
        part.side.crash()
        self._begin_again(part)
        for sent in waiting:
            found = part.side.log.find(sent.key)
            if found is not None:
                part.sent.append(sent)
            elif sent in answered:
                raise Violation(f"{sent} was acknowledged and is not there any more")
        kept = [sent for sent in part.sent if sent in waiting]
        heard = part.model.heard.pop()  # what the crash kept came before the new beginning
        for sent in sorted(kept, key=lambda sent: part.side.log.find(sent.key).seq):
            part.model.hear(self.clock.moment, sent.kind)
        part.model.heard.append(heard)

    def _begin_again(self, part: Part) -> None:
        part.model.hear(self.clock.moment, Started())
        part.side.start()
        for client in part.clients:
            client.close()
            client.connect(client.last)

    # Who listens

    @rule(
        drill=drills,
        wish=st.one_of(st.just([]), st.lists(areas, max_size=2, unique=True)),
        cursor=st.sampled_from(["", "", "", *BAD_CURSORS]),
    )
    def join(self, drill, wish, cursor):
        """Somebody begins to listen, at any time; or was cut off, and comes back where it was."""
        part = self.at(drill)
        if cursor:
            self._come_with_a_bad_cursor(part, cursor)
            return
        if len(part.clients) > 3:
            part.clients.append(part.clients.pop(1))
            part.clients[-1].close()
            part.clients[-1].connect(part.clients[-1].last)
            return
        client = Client(part.side, tuple(map(self.area, wish)))
        client.connect()
        part.clients.append(client)

    def _come_with_a_bad_cursor(self, part: Part, cursor: str) -> None:
        """Continuity cannot be proven: a reset, then the present state."""
        part.side.settle()
        client = Client(part.side)
        client.connect(cursor.format(epoch=part.side.log.epoch, ahead=part.side.log.head.seq + 1))
        if client.resets != 1 or not client.told:
            raise Violation(f"the cursor {cursor!r} was taken")
        client.close()

    @invariant()
    def agreed(self):
        """Whatever is told, by every way of asking, is what the model says."""
        for part in self.parts():
            if part.fresh and part.clients:
                part.side.settle()
                check(part.side, part.model, part.clients, self.turn)
                part.fresh = False


def _is_taken(future: Future[Receipt]) -> bool:
    return future.done() and future.exception() is None
