"""CAP: messages from a feed (Atom or RSS), or posted one by one.

A feed names what is current; what is gone from it is over only where somebody ruled that the feed is
complete.  Else a message does what it says, once: it raises, an all clear ends, a cancel was an error.

1.  A message that is refused or quarantined does nothing.  A quarantined one goes to a person, and so does
    one of which nobody can tell where or what.
2.  An all clear or a cancel ends what the messages that it refers to raised.  Where another message
    raised the same, that stands.
3.  A message of another realm than the source's does nothing.
4.  A message that has run out when it is read raises nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from cryptography import x509
from msgspec import Struct
from msgspec.json import encode

from tocsin import wire
from tocsin.areas import Areas
from tocsin.cap import message as cap
from tocsin.cap.feed import read_links
from tocsin.cap.known import Known
from tocsin.cap.lint import RULES, Finding, Verdict
from tocsin.cap.meaning import Effect, areas_by_code, meaning
from tocsin.cap.message import Message, Reference
from tocsin.cap.read import Reading, read, read_one
from tocsin.cap.say import OURS
from tocsin.cap.sign import read_signed
from tocsin.cap.threats import threats_of
from tocsin.errors import SourceGarbled
from tocsin.model import Act, AreaId, Level, Realm, Threat
from tocsin.sources import (
    ANY,
    Heard,
    Link,
    Payload,
    Quarantined,
    Saying,
    SourceLost,
    plain_text,
    read_json,
    refused,
)

MOST = 200  # messages of a feed that are fetched at one time
Key = tuple[AreaId, Threat]


Covered = tuple[tuple[AreaId, ...], tuple[AreaId, ...]]
"""What polygons and circles cover: wholly, partly."""


class _Bundle(Struct):
    """The messages to which a feed leads, as `listen` yields them."""

    messages: list[str]  # base64
    whole: bool  # whether each was had


class Taken(NamedTuple):
    """What one message does."""

    reading: Reading
    sayings: tuple[Saying, ...] = ()
    person: tuple[str, ...] = ()  # why a person must look at it
    notes: tuple[str, ...] = ()


class Cap:
    """CAP of one source.

    Args:
        areas: The country's areas.
        realm: The source's.
        pinned: Its certificates; without any nothing is checked, with some an unsigned message is refused.
        complete: Whether all that stands is in the feed.
        default: What an event is about that no table knows.
        place: What shapes cover, where outlines are known.
        memory: The messages that were accepted before, oldest first.
        remember: Given each message that is accepted.
    """

    def __init__(
        self,
        areas: Areas,
        realm: Realm,
        *,
        pinned: Sequence[x509.Certificate] = (),
        complete: bool = False,
        default: Threat | None = None,
        place: Callable[[cap.Area], Covered] | None = None,
        memory: Iterable[Message] = (),
        remember: Callable[[Message], None] = lambda message: None,
    ) -> None:
        self._areas = areas
        self._realm = realm
        self._pinned = tuple(pinned)
        self._complete = complete
        self._default = default
        self._place = place
        self._known = Known()
        self._stands: dict[Key, dict[Reference, datetime | None]] = {}  # by what, and until when
        self._remember: Callable[[Message], None] = lambda message: None
        for message in memory:
            self.take(Reading(message, ()), message.sent)
        self._remember = remember

    # One message

    def read_posted(self, body: bytes, at: datetime) -> Reading:
        """Return the one message that a document is."""
        return read_signed(body, self._pinned, at) if self._pinned else read_one(body)

    def take(self, reading: Reading, at: datetime) -> Taken:
        """Return what a message does, and keep it in mind if it is accepted."""
        judged = self._known.judge(reading)
        found = meaning(judged, self._known)
        message = judged.message
        if judged.verdict is not Verdict.ACCEPTED or message is None:
            return Taken(judged, person=found.person)
        new = not self._known.resolves(message.reference)
        self._known.hear(judged)
        if found.realm is not self._realm:
            return Taken(judged, notes=(f"{message.identifier} is {message.status}: not of this realm",))
        if new:
            self._remember(message)
        sayings: list[Saying] = []
        person = list(found.person)
        for effect in found.effects:
            said, why = self._do(effect, message, at, new=new)
            sayings += said
            person += why
        return Taken(judged, tuple(sayings), tuple(dict.fromkeys(person)))

    def _do(
        self, effect: Effect, message: Message, at: datetime, *, new: bool
    ) -> tuple[list[Saying], list[str]]:
        if effect.act is Act.CANCELLED:
            keys = [key for key, by in self._stands.items() if not by.keys().isdisjoint(effect.ends)]
            return self._end(keys, effect, message, at), []
        threats = threats_of(effect.infos, self._default)
        if not threats:
            return [], ["event that no table knows"]
        areas, why = self._located(effect)
        keys = [(area, threat) for area in areas for threat in threats]
        if effect.act is Act.CLEAR:
            return self._end(keys, effect, message, at), why
        if effect.expires is not None and effect.expires <= at:
            return [], why
        for key in keys if new else ():
            by = self._stands.setdefault(key, {})
            for one in effect.ends:
                by.pop(one, None)
            by[message.reference] = effect.expires
        return [self._saying(key, Act.RAISED, effect, message) for key in keys], why

    def _end(self, keys: Iterable[Key], effect: Effect, message: Message, at: datetime) -> list[Saying]:
        """Return the ends of what nothing else holds raised."""
        ended = []
        for key in keys:
            by = self._stands.get(key, {})
            for one in effect.ends:
                by.pop(one, None)
            if all(until is not None and until <= at for until in by.values()):
                self._stands.pop(key, None)
                ended.append(self._saying(key, effect.act, effect, message))
        return ended

    def _located(self, effect: Effect) -> tuple[tuple[AreaId, ...], list[str]]:
        """Return the areas of an effect.  An all clear is only of what is named or covered as a whole."""
        found: dict[AreaId, None] = {}
        why: list[str] = []
        for area in effect.areas:
            named, unplaced = areas_by_code(area, self._areas)
            found.update(dict.fromkeys(named))
            if self._place is not None and (area.polygons or area.circles) and not named:
                wholly, partly = self._place(area)
                found.update(dict.fromkeys(wholly))
                if partly:
                    why.append(f"covers a part only of {', '.join(partly[:10])}")
                named = (*wholly, *partly)
            if not named:
                codes = ", ".join(f"{one.name}={one.value}" for one in unplaced[:3])
                why.append(f"no place for {area.desc[:60]!r} ({codes or 'no code'})")
        return tuple(found), why

    def _saying(self, key: Key, act: Act, effect: Effect, message: Message) -> Saying:
        area, threat = key
        info = effect.infos[0] if effect.infos else None
        digest = hashlib.sha256(f"{message.sender},{message.identifier}".encode()).hexdigest()[:24]
        said = {one.name: one.value for one in info.parameters} if info else {}
        level = said.get(f"{OURS}-LEVEL")
        return Saying(
            id=f"cap-{digest}-{act.value}-{area}-{threat}",
            area=area, threat=threat, act=act, sent=wire.utc(message.sent),
            subtype=said.get(f"{OURS}-SUBTYPE", "")[:40] or None,
            level=Level(level) if level in ("yellow", "red") else None,
            expires=None if effect.expires is None else wire.utc(effect.expires),
            text=plain_text(info.description or info.headline) if info and act is Act.RAISED else None,
        )  # fmt: skip

    # A feed

    def decode(self, payload: Payload) -> Heard:
        """Return what a feed or a message says.

        Raises:
            SourceGarbled: It is neither.
        """
        bodies, whole = _unbundled(payload.body)
        taken: list[tuple[bytes, Taken]] = []
        for body in bodies:
            for reading in self._readings(body, payload.at):
                taken.append((body, self.take(reading, payload.at)))
        held = tuple(_quarantined(one, body) for body, one in taken if one.person)
        sayings = tuple(one for _, each in taken for one in each.sayings if self._counts(one, payload.at))
        doubt = any(one.person or one.reading.verdict is not Verdict.ACCEPTED for _, one in taken)
        notes = [note for _, one in taken for note in (*one.notes, *_refusals(one.reading))]
        return Heard(
            sayings,
            complete=self._complete and whole,
            unknown=((self._areas.root, ANY),) if self._complete and doubt else (),
            notes=tuple(notes),
            quarantined=held,
        )

    def _counts(self, saying: Saying, at: datetime) -> bool:
        """Return whether a raise still stands when the whole feed was read."""
        by = self._stands.get((saying.area, saying.threat), {})
        return saying.act is not Act.RAISED or any(until is None or until > at for until in by.values())

    def _readings(self, body: bytes, at: datetime) -> Sequence[Reading]:
        if self._pinned:
            return (read_signed(body, self._pinned, at),)
        found = read(body)
        if len(found) == 1 and found[0].message is None and _is_quiet_feed(body):
            return ()
        if all(one.message is None for one in found):
            raise SourceGarbled(
                f"no message can be read: {'; '.join(_refusals(found[0]))}"[:300],
                todo="nothing was changed by it; it is asked again",
            )
        # The oldest first, so that what refers finds what it refers to.
        return sorted(found, key=lambda one: one.message.sent.timestamp() if one.message else 0.0)

    async def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield the feed, or the messages to which it leads, each time that it is asked for."""
        kept: dict[str, bytes] = {}
        headers = {
            "Accept": "application/atom+xml, application/cap+xml, application/rss+xml, application/xml"
        }
        if link.token:
            headers["Authorization"] = f"Bearer {link.token}"
        while True:
            got = await link.get("", headers)
            if got.status != 200:
                raise refused(got, "the feed")
            if not self._pinned and any(one.message is not None for one in read(got.body)):
                yield Payload(got.body, got.at)
            else:
                yield Payload(await _fetched(link, got.body, headers, kept), got.at)
            await link.pause()


async def _fetched(link: Link, feed: bytes, headers: dict[str, str], kept: dict[str, bytes]) -> bytes:
    """Return the messages to which a feed leads, oldest last in the feed first; one is fetched once.

    Only addresses of the feed's own host are called: a feed must not send us elsewhere.
    """
    entries = read_links(feed)
    wanted = {f"{one.url} {one.updated}": _path(one.url) for one in entries[:MOST]}
    whole = len(entries) <= MOST
    for name, path in wanted.items():
        if name in kept:
            continue
        try:
            got = await link.get(path, headers)
            if got.status != 200:
                raise refused(got, "a message of the feed")
            kept[name] = got.body
        except SourceLost:
            whole = False
    for name in kept.keys() - wanted.keys():
        del kept[name]
    bodies = [base64.b64encode(kept[name]).decode() for name in reversed(wanted) if name in kept]
    return encode(_Bundle(bodies, whole))


def _path(url: str) -> str:
    """Return an address as a link takes it: a whole one is held against the feed's host there."""
    return urljoin("/", url) if not urlsplit(url).scheme else url


def _unbundled(body: bytes) -> tuple[list[bytes], bool]:
    if body[:1] != b"{":
        return [body], True
    bundle = read_json(body, _Bundle, "the feed")
    try:
        return [base64.b64decode(one, validate=True) for one in bundle.messages], bundle.whole
    except ValueError as error:
        raise SourceGarbled(f"no bundle: {error}", todo="it is asked again") from error


def _is_quiet_feed(body: bytes) -> bool:
    """Return whether a document is a feed without any entry."""
    try:
        return not read_links(body) and b"<entry" not in body and b"<item" not in body
    except SourceGarbled:
        return False


def _refusals(reading: Reading) -> tuple[str, ...]:
    bad: list[Finding] = [one for one in reading.findings if one.verdict is not Verdict.ACCEPTED]
    return tuple(f"{one.rule}: {RULES[one.rule].says} Found: {one.found}"[:200] for one in bad)


def _quarantined(taken: Taken, body: bytes) -> Quarantined:
    message = taken.reading.message
    name = message.identifier if message else hashlib.sha256(body).hexdigest()[:16]
    return Quarantined(name, (*taken.person, *_refusals(taken.reading)), body)
