"""The chain of CAP messages that a log's alerts make.

A fold over what was said: feed it the alerts of one realm in order and it answers with the messages to
send.  It has no clock, and the names and times of its messages follow from the log alone, so that a
server that starts again says the same messages again.

1.  Danger is an Alert, or an Update of the messages that it continues.
2.  All clear is an Update with responseType AllClear, of every message that it ends.
3.  Sent in error is a Cancel of that message.
4.  That a raise ran out, or that nobody can speak for an area any more, is neither: it is an Update
    that says Unknown.  What was never raised is not spoken of.
5.  An Update replaces a message whole.  So what still stands of that message is said again in it; and
    where a Cancel would take away what still stands, that is said by a new Alert first.
6.  A message holds for a day.  Half a day later it is said again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.cap.message import Message, Reference
from tocsin.cap.say import HOLDS, STATUSES, Author, Part, compose, expiry
from tocsin.model import Alert, AreaId, Place, State, Threat
from tocsin.wire import utc

_SECOND = timedelta(seconds=1)
_AGAIN = HOLDS / 2


class _Sent(NamedTuple):
    """A message that may still be shown somewhere."""

    reference: Reference
    until: datetime


class _Open(NamedTuple):
    """A message that tells some areas of danger, until another replaces it."""

    name: str  # its identifier, or that of the first, if it was said again
    again: int  # how often
    last: _Sent
    earlier: tuple[_Sent, ...]  # what it replaced and may still be shown to somebody who missed it
    parts: tuple[Part, ...]

    def referred(self, sent: datetime) -> list[Reference]:
        """Return it, and what it replaced if that has not expired, oldest first."""
        return list(dict.fromkeys([one.reference for one in self.shown(sent)] + [self.last.reference]))

    def shown(self, sent: datetime) -> tuple[_Sent, ...]:
        """Return what may still be shown at a time, of it and of what it replaced, oldest first."""
        return tuple(one for one in (*self.earlier, self.last) if one.until > sent)

    @property
    def endless(self) -> bool:
        """Whether some of it has no end of its own, so that it is to be said again."""
        return any(part.said == "unknown" or part.alert.expires is None for part in self.parts)


class Thread:
    """The messages of one realm.

    Args:
        areas: The country's areas.
        author: Who says them.
        epoch: The log's; with a place it is the name of a message.
    """

    def __init__(self, areas: Areas, author: Author, epoch: str) -> None:
        self._areas = areas
        self._author = author
        self._epoch = epoch
        self._open: dict[Threat, dict[AreaId, _Open]] = {}

    def standing(self) -> frozenset[str]:
        """Return the identifiers of the messages that tell of danger now."""
        return frozenset(
            one.last.reference.identifier for opened in self._open.values() for one in opened.values()
        )

    def hear(self, seq: Place, at: datetime, alert: Alert) -> tuple[Message, ...]:
        """Return the messages that an alert makes, in the order in which they are to be sent.

        Args:
            seq: The place of its entry.
            at: When the entry was written.
            alert: What was said.
        """
        if alert.realm not in STATUSES:
            return ()
        again = self.renew(at)
        opened = self._open.setdefault(alert.threat, {})
        touched = tuple(area for area in alert.areas if area in opened)
        part = Part(alert, alert.areas if alert.state is State.RAISED else touched)
        if not part.areas:
            return again
        old = list({opened[area].name: opened[area] for area in touched}.values())
        left = _remaining(old, set(alert.areas))
        name = f"{self._epoch}-{seq}"
        if part.said == "cancelled":
            return (*again, *self._cancel(name, at, part, old, left))
        # Danger stands first: whoever reads the first info only is not to take it for the whole message.
        parts = [*left, part] if part.said == "clear" else [part, *left]
        return (*again, self._say(name, at, parts, old))

    def renew(self, at: datetime) -> tuple[Message, ...]:
        """Return the messages that are to be said again by now, also those that were missed, in order.

        An all clear refers to the last of them, so each must have been sent.
        """
        again: list[Message] = []
        while due := self._due(at):
            again += [self._again(one) for one in due]
        return tuple(again)

    def _due(self, at: datetime) -> list[_Open]:
        found = {one.name: one for opened in self._open.values() for one in opened.values()}
        return [one for one in found.values() if one.endless and one.last.reference.sent + _AGAIN <= at]

    def _again(self, one: _Open) -> Message:
        sent = one.last.reference.sent + _AGAIN
        name = f"{one.name}.r{one.again + 1}"
        message = self._compose(name, sent, "Update", one.parts, one.referred(sent))
        last = _Sent(message.reference, max(expiry(part, sent) for part in one.parts))
        self._put(_Open(one.name, one.again + 1, last, one.shown(sent), one.parts))
        return message

    def _say(self, name: str, at: datetime, parts: list[Part], old: list[_Open]) -> Message:
        sent = _sent(at, old)
        references = list(dict.fromkeys(one for each in old for one in each.referred(sent)))
        message = self._compose(name, sent, "Update" if old else "Alert", parts, references)
        self._drop(old)
        earlier = tuple(one for each in old for one in each.shown(sent))
        self._keep(message, [part for part in parts if part.said != "clear"], earlier)
        return message

    def _cancel(
        self, name: str, at: datetime, part: Part, old: list[_Open], left: list[Part]
    ) -> list[Message]:
        sent = _sent(at, old)
        references = list(dict.fromkeys(one for each in old for one in each.referred(sent)))
        cancel = self._compose(name, sent, "Cancel", [part], references)
        self._drop(old)
        if not left:
            return [cancel]
        kept = self._compose(f"{name}.k", sent, "Alert", left, [])
        self._keep(kept, left, ())
        return [kept, cancel]

    def _compose(
        self, name: str, sent: datetime, kind: str, parts: Iterable[Part], references: list[Reference]
    ) -> Message:
        return compose(
            list(parts), identifier=name, sent=sent, kind=kind, references=references,
            areas=self._areas, author=self._author,
        )  # fmt: skip

    def _drop(self, old: list[_Open]) -> None:
        for one in old:
            for part in one.parts:
                for area in part.areas:
                    del self._open[part.alert.threat][area]

    def _keep(self, message: Message, parts: Iterable[Part], earlier: tuple[_Sent, ...]) -> None:
        kept = tuple(parts)
        if kept:
            until = max(expiry(part, message.sent) for part in kept)
            last = _Sent(message.reference, until)
            self._put(_Open(message.identifier, 0, last, earlier, kept))

    def _put(self, one: _Open) -> None:
        for part in one.parts:
            for area in part.areas:
                self._open[part.alert.threat][area] = one


def _remaining(old: list[_Open], taken: set[AreaId]) -> list[Part]:
    """Return what still stands of messages when some areas are told something else."""
    parts = [part for one in old for part in one.parts]
    left = [Part(part.alert, tuple(area for area in part.areas if area not in taken)) for part in parts]
    return [part for part in left if part.areas]


def _sent(at: datetime, old: list[_Open]) -> datetime:
    """Return when a message is sent: in whole seconds, and later than what it refers to.

    CAP has no fractions.  Of a raise and an all clear in one second a reader could not tell which came last.
    """
    second = utc(at).replace(microsecond=0)
    return max([second, *(one.last.reference.sent + _SECOND for one in old)])
