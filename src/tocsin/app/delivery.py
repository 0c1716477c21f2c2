"""How one endpoint is told: in order, at least once, the present state first, and never in another's way.

An endpoint is a place in the log and a wish.  What is to be told next follows from both, by these rules:

1.  At the start, and when nothing was confirmed for `STALE_S`, the present state is told first.
2.  Then what changes, as it changes.  It goes before what was missed.
3.  What changed before the present state was told, and was not confirmed, was *missed*: it follows as such.
4.  After a failure it is tried again, later each time.  A new alert does not wait for that: it is tried
    within `AT_LEAST_S`, so that an endpoint that is back hears it at once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from tocsin.app.clock import Clock
from tocsin.app.fold import RECENT, Said
from tocsin.app.station import News, Started, Station
from tocsin.areas import Areas
from tocsin.channels import DEADLINE_S, Channel, Endpoint, Saying, Telling, Undelivered
from tocsin.channels.subscribers import Kept, Subscribers
from tocsin.hub import Wish, wish_for
from tocsin.model import Place, Realm
from tocsin.public import frames
from tocsin.public.frames import FRESH_S, Fresh, Moment
from tocsin.warn.told import Told
from tocsin.wire import stamp

_log = logging.getLogger("tocsin")

STALE_S = FRESH_S  # what was told longer ago is shown as unknown by whoever heard it
AT_LEAST_S = 1.0  # between two tries of a failing endpoint
AT_MOST_S = 60.0  # an endpoint that is dead is tried this often, or when there is something new
_ACCEPTED = 1_000  # alerts of which it is known when their cause was accepted


class Recent:
    """What was said of late in one realm, and what that makes the present state.  For one thread.

    Args:
        areas: The country's areas.
        realm: The realm; only the actual one has endpoints.
        epoch: The log's.
        clock: What time it is there.
        fresh: Until when each source vouches, seen from a moment.
        told: What the public was told up to ``head``.
        said: The newest alerts up to there, oldest first.
        head: The place.
    """

    def __init__(
        self,
        areas: Areas,
        realm: Realm,
        epoch: str,
        clock: Clock,
        fresh: Callable[[datetime], Fresh],
        *,
        told: Told,
        said: Iterable[Said],
        head: Place,
    ) -> None:
        self.areas, self.realm, self.epoch, self.clock = areas, realm, epoch, clock
        self.head = head
        self._fresh = fresh
        self._told = told
        self._said = list(said)
        self._accepted: dict[Place, float] = {}
        self._order: deque[Place] = deque()

    @classmethod
    def of(cls, station: Station, areas: Areas, started: Started) -> Recent:
        """Return what a station knows when it begins."""
        return cls(
            areas,
            station.realm,
            station.log.epoch,
            station.clock,
            station.fresh,
            told=started.told.copy(),
            said=started.recent,
            head=started.head,
        )

    def hear(self, news: News) -> list[Said]:
        """Take in what became durable; returns what was said."""
        new = [said for said in news.said if said.seq > self.head]
        for said in new:
            self._told.hear(said.alert)
            if news.accepted:
                self._accepted[said.seq] = min(news.accepted)
                self._order.append(said.seq)
        while len(self._order) > _ACCEPTED:
            self._accepted.pop(self._order.popleft(), None)
        self._said += new
        if len(self._said) > 2 * RECENT:
            del self._said[:-RECENT]
        self.head = max(self.head, news.head)
        return new

    def accepted(self, seq: Place) -> float | None:
        """Return when the cause of an alert was accepted, in monotonic seconds, as far as that is known."""
        return self._accepted.get(seq)

    def behind(self, place: Place, wish: Wish, to: Place | None = None) -> list[Said]:
        """Return the alerts behind a place, up to another, that a wish takes in."""
        first = bisect_right(self._said, place, key=lambda said: said.seq)
        last = len(self._said) if to is None else bisect_right(self._said, to, key=lambda said: said.seq)
        found = self._said[first:last]
        return found if wish is None else [one for one in found if not wish.isdisjoint(one.alert.areas)]

    def moment(self, seq: Place | None = None) -> Moment:
        """Return this moment."""
        now = self.clock.now()
        return Moment(self.epoch, self.head if seq is None else seq, self.realm, now, self._fresh(now), None)

    def board(self, wish: Wish) -> dict[str, Any]:
        """Return the present state, as a wish takes it in."""
        return frames.board_json(self._told, self.areas, self.moment(), wish)

    def alert(self, said: Said, *, missed: bool) -> dict[str, Any]:
        """Return an alert as it is told now.  One that was missed vouches for nothing."""
        told = frames.alert_json(said.alert, self.moment(said.seq))
        told["said_at"] = stamp(said.at)
        if missed:
            told.pop("fresh_until", None)
            told["state"] = str(said.alert.state)  # what was said then, not what holds now
            told["late"] = True
        return told


class Delivery:
    """One endpoint being told.

    Args:
        endpoint: Which.
        channel: How it is spoken to.
        recent: What was said.
        subscribers: Where its cursor and receipts are.
        timed: Given the channel and, in monotonic seconds, when the cause of a confirmed alert was accepted.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        channel: Channel,
        recent: Recent,
        subscribers: Subscribers,
        timed: Callable[[str, float], None] = lambda channel, accepted: None,
    ) -> None:
        self.endpoint = endpoint
        self.channel = channel
        self.error: str | None = None  # why the last try failed; None: it did not
        self.confirmed_at: datetime | None = None
        self._recent = recent
        self._subscribers = subscribers
        self._timed = timed
        self.wish = wish_for(recent.areas, endpoint.areas)
        kept = subscribers.cursor(endpoint.name)
        same = kept is not None and kept.epoch == recent.epoch and kept.seq <= recent.head
        self._kept = kept if same and kept is not None else Kept(recent.epoch, recent.head)
        self._begins = True  # the present state is to be told first
        self._failures = 0
        self._confirmed = self._tried = self._rests_until = float("-inf")  # monotonic seconds
        self._news = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """What is wrong; None: it confirmed the last that it was told."""
        return self.error or ("nothing confirmed yet" if self.confirmed_at is None else None)

    def wake(self) -> None:
        """Look whether there is something to tell."""
        self._news.set()

    async def run(self) -> None:
        """Tell, for ever; to be cancelled."""
        while True:
            telling, about = self._next()
            if telling is None:
                await self._rest(self._until_beat())
                continue
            try:
                await self._tell(telling, about)
            except Undelivered as failed:
                await self._fail(failed, about)
            except Exception as error:  # a fault of ours must not end this endpoint, nor pass for its receipt
                _log.exception("channel %s: a fault of ours", self.endpoint.name)
                await self._fail(Undelivered(f"a fault of ours: {type(error).__name__}"), about)

    async def _tell(self, telling: Telling, about: Sequence[Said]) -> None:
        self._tried = self._recent.clock.lasted()
        payload = self.channel.encode(telling)
        if payload is None:
            for said in about:
                self._subscribers.fail(self.endpoint.name, self._recent.epoch, said.seq, "not told here")
            self._failures, self._confirmed = 0, self._tried
            self._move(telling, about)
            return
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self.channel.send(payload)
        except TimeoutError as error:
            raise Undelivered(f"no answer within {DEADLINE_S:.0f} s") from error
        self._confirm(telling, about)
        if self.channel.pause_s:
            await asyncio.sleep(self.channel.pause_s)

    def _next(self) -> tuple[Telling | None, Sequence[Said]]:
        """Return what is to be told next, and the alerts that it tells of."""
        lasted, kept = self._recent.clock.lasted(), self._kept
        live = self._recent.behind(kept.seq, self.wish)
        age = (self._recent.clock.now() - live[0].at).total_seconds() if live else 0.0
        if (self._failures and lasted - self._confirmed > STALE_S) or age > STALE_S:
            self._begins = True
        if self._begins:
            return self._telling(Saying.SNAPSHOT, [], f"{lasted:.6f}", self._to_be_missed()), []
        if live:
            some = live[: self.channel.together]
            return self._telling(Saying.ALERT, some), some
        if self.channel.beat_s and lasted - self._confirmed >= self.channel.beat_s:
            return self._telling(Saying.BEAT, [], f"{lasted:.6f}"), []
        if kept.missed_to:
            missed = self._recent.behind(kept.missed_after, self.wish, kept.missed_to)[
                : self.channel.together
            ]
            if missed:
                return self._telling(Saying.MISSED, missed), missed
            self._keep(kept._replace(missed_after=0, missed_to=0))
        return None, []

    def _to_be_missed(self) -> list[Said]:
        """Return the alerts that follow a snapshot as missed."""
        after = self._kept.missed_after if self._kept.missed_to else self._kept.seq
        return self._recent.behind(after, self.wish)[-self.channel.together :]

    def _telling(
        self, saying: Saying, about: Sequence[Said], mark: str = "", after: Sequence[Said] = ()
    ) -> Telling:
        recent = self._recent
        board = recent.board(self.wish)
        said: dict[str, Any] = board
        together: list[dict[str, Any]] = []
        if saying is Saying.BEAT:
            said = frames.beat_json(recent.moment())
        if about:
            together = [recent.alert(one, missed=saying is Saying.MISSED) for one in about]
            said = together[-1]
        else:
            together = [recent.alert(one, missed=True) for one in after]
        seq = about[-1].seq if about else recent.head
        name = f"{recent.epoch}-{seq}" + (f"-{saying}-{mark}" if mark else "")
        return Telling(saying, name, recent.realm, recent.clock.now(), seq, said, board, tuple(together))

    def _confirm(self, telling: Telling, about: Sequence[Said]) -> None:
        recent, name = self._recent, self.endpoint.name
        self._failures, self.error, self._confirmed = 0, None, recent.clock.lasted()
        self.confirmed_at = recent.clock.now()
        missed = telling.saying is Saying.MISSED
        for said in about:
            self._subscribers.confirm(name, recent.epoch, said.seq, self.confirmed_at, missed=missed)
            accepted = None if missed else recent.accepted(said.seq)
            if accepted is not None:
                self._timed(self.endpoint.channel, accepted)
        self._move(telling, about)

    def _move(self, telling: Telling, about: Sequence[Said]) -> None:
        """Let the cursor stand behind what was told."""
        kept = self._kept
        if telling.saying is Saying.SNAPSHOT:
            self._begins = False
            after = kept.missed_after if kept.missed_to else kept.seq
            missed = telling.seq > after
            self._keep(Kept(kept.epoch, telling.seq, after if missed else 0, telling.seq if missed else 0))
        elif telling.saying is Saying.ALERT:
            self._keep(kept._replace(seq=about[-1].seq))
        elif telling.saying is Saying.MISSED:
            self._keep(kept._replace(missed_after=about[-1].seq))

    def _keep(self, kept: Kept) -> None:
        self._kept = kept
        self._subscribers.move(self.endpoint.name, kept)

    async def _fail(self, failed: Undelivered, about: Sequence[Said]) -> None:
        if not self._failures:
            _log.warning("channel %s: %s; trying again", self.endpoint.name, failed)
        self._failures += 1
        self.error = failed.found
        for said in about:
            self._subscribers.fail(self.endpoint.name, self._recent.epoch, said.seq, failed.found)
        most_s = 3 * self.channel.beat_s or AT_MOST_S  # whoever hears beats is shown as unknown until then
        wait_s = min(most_s, AT_LEAST_S * 2.0 ** min(self._failures, 10)) * random.uniform(0.5, 1.0)
        at_least = max(AT_LEAST_S, failed.after_s)
        self._news.clear()
        await asyncio.sleep(at_least)
        await self._rest(max(0.0, max(wait_s, failed.after_s) - at_least))

    def _until_beat(self) -> float:
        if not self.channel.beat_s:
            return AT_MOST_S
        return max(0.0, self._confirmed + self.channel.beat_s - self._recent.clock.lasted())

    async def _rest(self, seconds: float) -> None:
        """Wait until there is news, but not longer."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()
