"""One upstream, listened to for ever: what it says goes into the log, and what fails is known and retried.

A payload that cannot be read, or an answer that does not come, changes nothing.  That contact is lost is
then noticed by the station, when the contract's silence is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Protocol

from tocsin import wire
from tocsin.app.upstreams.news import Key, News, news
from tocsin.app.upstreams.table import Upstream
from tocsin.areas import Areas
from tocsin.errors import KeyTaken, LogError, SourceError, TocsinError
from tocsin.model import Contact, Kind, SourceId
from tocsin.sources import Format, Heard, Link, Payload, Quarantined, Saying

_log = logging.getLogger("tocsin")

FIRST_S, MOST_S = 1.0, 30.0  # the wait after a failure doubles from the first to the most
_KNOWN = 20_000  # names of signals that are remembered; older ones are found in the log


class Recorder(Protocol):
    """Who makes things durable."""

    async def record(self, key: str, kind: Kind, accepted: float | None = None) -> Any:
        """Return when it is durable."""


class Listener:
    """Listens to one upstream.

    Args:
        upstream: Which, and under which contract.
        format: Its format.
        link: The way to it.
        areas: The country's areas.
        recorder: Of its realm.
        holds: Gives what the board holds raised for the source.
        now: The time.
        keep: Given what a person must look at.
    """

    def __init__(
        self,
        upstream: Upstream,
        format: Format,
        link: Link,
        areas: Areas,
        recorder: Recorder,
        holds: Callable[[], Collection[Key]],
        now: Callable[[], datetime],
        keep: Callable[[SourceId, Quarantined, datetime], object] = lambda source, one, at: None,
    ) -> None:
        self.upstream = upstream
        self.trouble: str | None = "it was not heard yet"  # why it is not heard now
        self.heard_at: datetime | None = None  # when it last answered with what could be read
        self.failures = 0  # in a row
        self.notes: tuple[str, ...] = ()  # what an operator should know of its last payload
        self._format = format
        self._link = link
        self._areas = areas
        self._recorder = recorder
        self._holds = holds
        self._now = now
        self._keep = keep
        self._before: Mapping[Key, Saying] = {}
        self._changed: datetime | None = None
        self._synced = False
        self._known: dict[str, None] = {}

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            try:
                async with aclosing(self._format.listen(self._link)) as payloads:
                    async for payload in payloads:
                        await self.take(payload)
            except TocsinError as error:
                self._fail(str(error))
            except Exception as error:  # a fault of ours must not end the listening to anybody
                _log.exception("upstream %s", self.upstream.name)
                self._fail(f"a fault of tocsin: {error!r}")
            self._synced = False
            await asyncio.sleep(wait_after(self.failures, random.random()))

    def _fail(self, why: str) -> None:
        self.failures += 1
        if self.trouble != why:
            _log.warning("upstream %s: %s", self.upstream.name, why)
        self.trouble = why

    async def take(self, payload: Payload) -> None:
        """Take in one payload.

        Raises:
            SourceError: It cannot be read, or is older than one before it; nothing was changed.
            LogError: It could not be made durable.
        """
        heard = self._format.decode(payload)
        if heard.changed is not None and self._changed is not None and heard.changed < self._changed:
            raise SourceError(
                f"a list of {wire.stamp(heard.changed)} after one of {wire.stamp(self._changed)}",
                todo="an old copy was served; nothing in it counts",
            )
        self._changed = heard.changed or self._changed
        for one in heard.quarantined:
            self._keep(self.upstream.name, one, payload.at)
        found = self._mean(heard, payload.at)
        for key, kind in found.entries:
            await self._record(key, kind)
        self._before = found.raised
        if heard.complete:
            self._synced = found.contact
        if found.lost and found.contact is False:
            await self._lose(payload.at)
        self._well(heard, found)

    def _mean(self, heard: Heard, at: datetime) -> News:
        return news(
            heard,
            at,
            contract=self.upstream.contract,
            areas=self._areas,
            holds=self._holds(),
            before=self._before,
            synced=self._synced,
            known=self._known,
        )

    async def _record(self, key: str, kind: Kind) -> None:
        if key in self._known:
            return
        try:
            await self._recorder.record(key, kind)
        except KeyTaken:
            pass  # it was said before, and dated then
        except LogError:
            raise
        except SourceError as error:  # such as an all clear of what was never raised
            _log.info("upstream %s: %s", self.upstream.name, error)
        if not isinstance(kind, Contact):
            self._known[key] = None
            if len(self._known) > _KNOWN:
                self._known = dict.fromkeys(list(self._known)[_KNOWN // 2 :])

    async def _lose(self, at: datetime) -> None:
        """Let contact be lost at once: the source says that it does not know all that it is to report."""
        name = self.upstream.name
        gone = Contact(self.upstream.realm, name, held=False, sent=at)
        await self._recorder.record(f"contact/{name}/{wire.stamp(at)}/lost", gone)

    def _well(self, heard: Heard, found: News) -> None:
        if self.trouble is not None:
            _log.warning("upstream %s: heard", self.upstream.name)
        self.failures, self.heard_at, self.notes = 0, self._now(), heard.notes[:5]
        self.trouble = "it says itself that it does not know all" if found.lost else None


def wait_after(failures: int, chance: float) -> float:
    """Return how long to wait after so many failures in a row, in seconds.

    Args:
        failures: How many.
        chance: From 0 to 1; half of the wait is by chance, so that not everybody comes back at once.
    """
    most = min(MOST_S, FIRST_S * 2.0 ** min(max(failures - 1, 0), 10))
    return most * (0.5 + chance / 2)


def age_s(since: datetime | None, now: datetime) -> float | None:
    """Return how long ago something was, in seconds."""
    return None if since is None else max(0.0, (now - since) / timedelta(seconds=1))
