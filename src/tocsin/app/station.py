"""A station: one realm's log and board, and the one thread that writes them.

What comes in is taken from a queue, many at a time, and appended with what is
to be said because of it in one batch, so that a signal and its alerts cost one
sync and no crash comes between them.  Only what is durable is passed on.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import NamedTuple

from tocsin import wire
from tocsin.app.admit import admit, admit_aside
from tocsin.app.checkpoint import Checkpoints
from tocsin.app.clock import Clock
from tocsin.app.fold import Kept, Learn, Said, fold, kind_of, nothing
from tocsin.app.reserve import Reserve
from tocsin.areas import Areas
from tocsin.errors import DiskFull, KeyTaken, LogBroken, LogError, SourceError, TocsinError
from tocsin.log import Link, Log
from tocsin.model import RECORD, Act, Alert, Aside, Contact, Contract, Kind, Place, Realm, Signal, SourceId
from tocsin.public.frames import FRESH_S
from tocsin.warn.board import Board
from tocsin.warn.saved import restore, save
from tocsin.warn.told import Told

_log = logging.getLogger("tocsin")

BATCH = 256  # entries that share one sync; more waiting than this wait for the next
MANY = 10_000  # all clears of which it is known when they were heard
TICK_S = 0.2  # how often silence and expiries are looked for
KEEP_S = 10.0  # how often the board is kept, if it changed


class Receipt(NamedTuple):
    """Where in the log something stands, and whether it is new there."""

    epoch: str
    seq: Place
    new: bool


class News(NamedTuple):
    """What one batch made durable."""

    said: list[Said]
    heard: list[tuple[datetime, Kind]]  # everything but the alerts, with when it was heard
    head: Place
    accepted: Sequence[float] = ()  # when each thing that it tells of was accepted, monotonic seconds


class Started(NamedTuple):
    """What a station knows when it begins."""

    told: Told
    recent: list[Said]  # the newest alerts, oldest first
    floor: Place  # no alert behind this place is missing from them
    head: Place
    unchecked: Place  # the entries up to here were not looked at: `vouch_for` or `distrust` them


class Asked(NamedTuple):
    """Something that waits for the writing thread."""

    key: str
    kind: Kind
    done: Future[Receipt]
    accepted: float | None  # when the desk had all of it, on the clock that never jumps


class Station:
    """One realm, from what is heard to what is said.

    Args:
        log: The realm's log, open for appending.
        areas: The country's areas.
        clock: What time it is there.
        publish: Called in the writing thread with what was said, after it is durable.
        checkpoints: Where the board is kept, so that the next start is quick.
        reserve: Room that is given up when the disk is full.
        committed: Called in the writing thread with the seconds that the disk took for a batch.
    """

    def __init__(
        self,
        log: Log,
        areas: Areas,
        clock: Clock,
        publish: Callable[[News], None],
        checkpoints: Checkpoints | None = None,
        reserve: Reserve | None = None,
        committed: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.log = log
        self.areas = areas
        self.clock = clock
        self.broken: str | None = None  # why nothing can be appended, until something can be again
        self._distrust: LogBroken | None = None  # what was found wrong with the log: final
        self._checkpoints = checkpoints
        self._reserve = reserve
        self._kept: tuple[Link, bytes] | None = None  # the board as it was a while ago, to begin anew from
        self._kept_at = 0.0
        self._told_up_to: Place = 0  # the last place that was passed on
        self._publish = publish
        self._committed = committed
        self._board = Board(areas, log.realm)
        self._queue: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._heard: dict[SourceId, float] = {}  # when contact was last heard, on the clock that never jumps
        self._signalled: dict[SourceId, float] = {}  # when it last sent a signal, on the same clock
        self._cleared: dict[Place, float] = {}  # when this process heard an all clear, on the same clock
        self._reported: dict[SourceId, int] = {}
        self._taken: list[tuple[datetime, Kind]] = []  # what the batch under way has heard
        self._thread = threading.Thread(target=self._run, name=f"station-{log.realm}", daemon=True)

    @property
    def realm(self) -> Realm:
        """The realm that it serves."""
        return self.log.realm

    # Outside the writing thread

    def start(self, learn: Learn = nothing) -> Started:
        """Fold the log from the last checkpoint on, say what is still owed, and begin to write.

        Args:
            learn: Given every other kind that is read, for views that are made in the same pass.

        Raises:
            LogBroken: The log cannot be trusted.
        """
        kept = self._checkpoints.load(self.log) if self._checkpoints is not None else None
        folded = fold(self.log, self.areas, kept, learn)
        self._board, recent = folded.board, folded.recent
        with self.log.batch():
            for name, source in list(self._board.sources.items()):
                if source.held:  # nobody was heard by this process yet
                    recent += self._take(*self._silence(name))
            for key, kind in self._unheard():
                recent += self._take(key, kind)
            now = self.clock.now()
            recent += self._say(self._board.owed(self.log.head.seq, now), self.log.head.seq, now)
        self._told_up_to = self.log.head.seq
        self._thread.start()
        told = self._board.told.copy()
        return Started(told, list(recent), folded.floor, self.log.head.seq, folded.unchecked)

    @property
    def in_need(self) -> str | None:
        """What is wrong though it still works: the disk is full and the reserve is being used up."""
        if self._reserve is not None and self._reserve.given_up:
            return "the disk is full, the reserve is in use"
        return None

    def distrust(self, found: LogBroken) -> None:
        """Stop at once: the log was found to be not what it was.  Nothing is vouched for from here on."""
        _log.critical("%s", found)
        self._distrust, self.broken = found, str(found)

    @property
    def alive(self) -> bool:
        """Whether the writing thread runs.  It ends by `stop`, or by a fault of ours."""
        return self._thread.is_alive()

    def submit(self, key: str, kind: Kind, accepted: float | None = None) -> Future[Receipt]:
        """Have something appended; the future ends when it is durable and passed on.

        Args:
            key: Of the entry.
            kind: What is said.
            accepted: When the desk had all of it, on the clock that never jumps.

        The future's errors: KeyTaken, SourceError (it cannot be so), LogError (the disk).
        """
        done: Future[Receipt] = Future()
        self._queue.put(Asked(key, kind, done, accepted))
        return done

    def agree(self, contract: Contract) -> Future[Receipt]:
        """Have a contract appended if it says something new."""
        return self.submit(f"contract/{contract.source}/{wire.stamp(self.clock.now())}", contract)

    def contracted(self) -> set[SourceId]:
        """Return the sources that have a contract in force."""
        return {name for name, source in list(self._board.sources.items()) if source.contract is not None}

    @property
    def board(self) -> Board:
        """The board, to be asked and not to be fed: the writing thread feeds it."""
        return self._board

    def heard(self) -> dict[SourceId, float | None]:
        """Return how many seconds ago each contracted source was heard; None: not by this process."""
        lasted = self.clock.lasted()
        ages: dict[SourceId, float | None] = {}
        for name in self.contracted():
            times = [heard[name] for heard in (self._heard, self._signalled) if name in heard]
            ages[name] = lasted - max(times) if times else None
        return ages

    @property
    def distrusted(self) -> bool:
        """Whether the log was found to be not what it was."""
        return self._distrust is not None

    def fresh(self, now: datetime) -> dict[SourceId, datetime]:
        """Return until when each source vouches for what it called clear, seen from now."""
        if self._distrust is not None:
            return {}
        latest = now + timedelta(seconds=FRESH_S)
        lasted = self.clock.lasted()
        fresh = {}
        for name, source in list(self._board.sources.items()):
            if source.contract is None:
                continue
            heard = self._heard.get(name) if source.held else self._signalled.get(name)
            if heard is not None:
                left = source.contract.silence_s - (lasted - heard)
                fresh[name] = min(latest, now + timedelta(seconds=max(0.0, left)))
        return fresh

    def stop(self) -> None:
        """Finish what is waiting, and close the log."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self.log.close()

    # In the writing thread

    def _run(self) -> None:
        stopping = False
        while not stopping:
            asked, stopping = self._gather()
            lapsed = self._lapsed()
            if asked or lapsed:
                self._write(asked, lapsed)
            if self.clock.lasted() - self._kept_at >= KEEP_S:
                self._keep()
        self._keep()

    def _keep(self) -> None:
        """Keep the board as it is now, unless it is as it was or cannot be trusted."""
        self._kept_at = self.clock.lasted()
        if self._reserve is not None and self._reserve.given_up:
            self._reserve.make()
        head = self.log.head
        if self.broken or (self._kept is not None and self._kept[0] == head) or not head.seq:
            return
        self._kept = head, save(self._board)
        if self._checkpoints is not None:
            self._checkpoints.keep(self.log, self._kept[1], self.clock.now())

    def _gather(self) -> tuple[list[Asked], bool]:
        asked: list[Asked] = []
        try:
            item = self._queue.get(timeout=TICK_S)
            while item is not None:
                asked.append(item)
                if len(asked) == BATCH:
                    return asked, False
                item = self._queue.get_nowait()
        except queue.Empty:
            return asked, False
        return asked, True

    def _lapsed(self) -> list[tuple[str, Kind]]:
        """Return what ended by itself: expiries, clears nobody vouches for, sources gone quiet."""
        lapses: list[tuple[str, Kind]] = [
            (f"lapse/{lapse.because}", lapse) for lapse in self._board.due(self.clock.now())
        ]
        lasted = self.clock.lasted()
        for name, source in self._board.sources.items():
            if source.held and source.contract is not None and name in self._heard:
                if lasted - self._heard[name] >= source.contract.silence_s:
                    lapses.append(self._silence(name))
        return lapses + self._unheard()

    def _unheard(self) -> list[tuple[str, Kind]]:
        """Return what ends the clears that stand alone and that this process did not hear, or long ago."""
        lasted = self.clock.lasted()
        too_old: set[Place] = set()
        for source in self._board.sources.values():
            if source.contract is not None:
                since = lasted - source.contract.silence_s
                too_old.update(place for place in source.alone if self._cleared.get(place, since) <= since)
        next_place = self.log.head.seq + 1  # it can come to stand alone again, after contact was lost again
        return [(f"alone/{lapse.because}/{next_place}", lapse) for lapse in self._board.alone(too_old)]

    def _silence(self, source: SourceId) -> tuple[str, Contact]:
        now = self.clock.now()
        return f"quiet/{source}/{self.log.head.seq + 1}", Contact(self.realm, source, held=False, sent=now)

    def _write(self, asked: list[Asked], lapsed: list[tuple[str, Kind]]) -> None:
        said: list[Said] = []
        accepted: list[float] = []
        self._taken = []
        answers: list[tuple[Future[Receipt], Receipt | TocsinError]] = []
        try:
            if self._distrust is not None:
                raise self._distrust
            if self.broken:
                self._recover()
            with self.log.batch():
                for key, kind in lapsed:
                    said += self._take(key, kind)
                for item in asked:
                    before = len(said)
                    answers.append((item.done, self._answer(item, said)))
                    if item.accepted is not None and len(said) > before:
                        accepted.append(item.accepted)
                begun = self.clock.lasted()
            self._committed(self.clock.lasted() - begun)
        except LogError as error:
            if isinstance(error, DiskFull) and self._reserve is not None and self._reserve.give_up():
                self.broken = str(error)  # as long as it is not known what was kept
                self._write(asked, lapsed)  # once: there is no second reserve
                return
            self._give_up(error, asked)
            return
        if self._taken:
            self._pass_on(said, self._taken, accepted)
        for done, answer in answers:
            if isinstance(answer, TocsinError):
                done.set_exception(answer)
            else:
                done.set_result(answer)

    def _answer(self, item: Asked, said: list[Said]) -> Receipt | TocsinError:
        """Take one thing in; its own fault is its own answer, the disk's is everybody's."""
        try:
            if self._is_known(item.kind):
                return Receipt(self.log.epoch, self.log.head.seq, new=False)
            if isinstance(item.kind, Signal):
                self._signalled[item.kind.source] = self.clock.lasted()
                if self.log.find(item.key) is None:
                    admit(item.kind, self._board)
            if isinstance(item.kind, Aside) and self.log.find(item.key) is None:
                admit_aside(item.kind, self._board, self.heard().get(item.kind.source))
            before = self.log.head.seq
            said += self._take(item.key, item.kind)
            entry = self.log.find(item.key)
            assert entry is not None
            return Receipt(self.log.epoch, entry.seq, new=entry.seq > before)
        except (SourceError, KeyTaken) as error:  # the feed's fault
            return error

    def _is_known(self, kind: Kind) -> bool:
        """Return whether a sign of life or a contract says nothing that is not in the log."""
        if isinstance(kind, Contact):
            if kind.held:
                self._heard[kind.source] = self.clock.lasted()
            self._report(kind)
            return not self._board.changes(kind)
        if isinstance(kind, Contract):
            source = self._board.sources.get(kind.source)
            return source is not None and source.contract == kind
        return False

    def _report(self, contact: Contact) -> None:
        unlisted = self._board.unlisted(contact) if contact.held else []
        if len(unlisted) != self._reported.get(contact.source, 0):
            self._reported[contact.source] = len(unlisted)
            if unlisted:
                names = ", ".join(f"{area} {threat}" for area, threat in unlisted[:5])
                _log.warning(
                    "source %s: %d areas are raised here and not in its contact (%s%s); they stay raised, "
                    "send their all clear",
                    contact.source,
                    len(unlisted),
                    names,
                    ", ..." if len(unlisted) > 5 else "",
                )

    def _take(self, key: str, kind: Kind) -> list[Said]:
        """Append one entry and what is to be said because of it.  Inside a batch."""
        now = self.clock.now()
        place, new = self.log.append(key, wire.encode(kind), now)
        if not new:
            return []
        if not isinstance(kind, RECORD):
            self._taken.append((now, kind))
        if isinstance(kind, Signal) and kind.state is Act.CLEAR:
            self._keep_in_mind(place)
        return self._say(self._board.hear(place, now, kind), place, now)

    def _keep_in_mind(self, place: Place) -> None:
        """Know when an all clear was heard, by the clock that never jumps; of those forgotten none counts."""
        if len(self._cleared) == MANY:
            self._cleared = dict(list(self._cleared.items())[MANY // 2 :])
        self._cleared[place] = self.clock.lasted()

    def _say(self, alerts: list[Alert], because: Place, now: datetime) -> list[Said]:
        said = []
        for number, alert in enumerate(alerts):
            place, new = self.log.append(f"alert/{because}/{number}", wire.encode(alert), now)
            if new:
                self._board.learn(place, now, alert)
                said.append(Said(place, now, alert))
        return said

    def _pass_on(
        self, said: list[Said], heard: list[tuple[datetime, Kind]], accepted: Sequence[float] = ()
    ) -> None:
        self._told_up_to = self.log.head.seq
        self._publish(News(said, heard, self._told_up_to, accepted))

    def _give_up(self, error: LogError, asked: list[Asked]) -> None:
        """Say to whoever waits that it was not taken, and try to begin anew with what is really kept."""
        _log.error("%s", error)
        self.broken = str(error)
        try:
            if self._distrust is None:
                self._recover()
        except LogError as second:
            _log.error("%s", second)  # tried again with the next batch
        for item in asked:
            item.done.set_exception(error)

    def _recover(self) -> None:
        """Open the log again, fold what is kept, and pass on what had been kept after all.

        Raises:
            LogError: The disk still refuses, or the log cannot be trusted.
        """
        self.log.reopen()
        kept = Kept(self._kept[0], restore(self.areas, self._kept[1])) if self._kept else None
        folded = fold(self.log, self.areas, kept)
        self._board = folded.board
        said = [one for one in folded.recent if one.seq > self._told_up_to]
        behind = ((entry.at, kind_of(entry)) for entry in self.log.read(self._told_up_to))
        heard: list[tuple[datetime, Kind]] = [
            (at, kind) for at, kind in behind if kind is not None and not isinstance(kind, Alert)
        ]
        self.broken = None
        if said or heard:
            self._pass_on(said, heard)
