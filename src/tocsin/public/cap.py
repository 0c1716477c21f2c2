"""What we told the public, as messages in CAP: XML, JSON, a page each, and a feed.

Everything is made in memory from the alerts, in the order in which they were said; a request looks up what
lies there.  A message is signed when it is first asked for, with the key that is valid then, and kept so.
The feed's `updated` stands still when nothing is said: a reader that wants a sign of life asks the board.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.areas import Areas
from tocsin.cap import sign
from tocsin.cap.feed import MEDIA_TYPE, to_atom
from tocsin.cap.message import Info, Message
from tocsin.cap.say import Author
from tocsin.cap.thread import Thread
from tocsin.cap.write import to_json, to_xml
from tocsin.errors import ConfigError
from tocsin.model import Alert, Place
from tocsin.public.answer import HTML, JSON, Answer
from tocsin.public.site import preferred
from tocsin.public.when import Zone
from tocsin.public.words import LANGUAGES, inert

PREFIX, FEED = "/v1/alerts/", "/v1/alerts.atom"
SHOWN = timedelta(hours=48)  # how long a message that was replaced stays in the feed
KEPT = 2_000  # messages that are kept; of the older ones those that still stand
ELEMENTS = 15_000  # of a feed; readers take 20,000 at most
SHOWN_OF_AREA = 5
_WORD = re.compile(r"[\w.@:+/-]*[\w]")  # an identifier has no spaces, commas or brackets (CAP 1.2, 3.2.1)
RENEW_S = 60.0  # how often it is looked whether a message is to be said again
_ATOM = "application/atom+xml"
_ENDS = {".cap.xml": MEDIA_TYPE, ".cap.json": JSON, ".html": HTML}
_WORDS = {
    "uk": {
        "sent": "Надіслано", "until": "Діє до", "kind": "Тип", "where": "Де", "refers": "Стосується",
        "replaced": "Це повідомлення замінено новішим", "from": "Від", "signed": "підписаний",
        "drill": "Це не справжня небезпека", "board": "Що діє зараз",
        "kinds": {"Alert": "тривога", "Update": "оновлення", "Cancel": "скасовано: надіслано помилково"},
    },
    "en": {
        "sent": "Sent", "until": "Holds until", "kind": "Kind", "where": "Where", "refers": "Refers to",
        "replaced": "A newer message replaces this one", "from": "From", "signed": "signed",
        "drill": "There is no real danger", "board": "What holds now",
        "kinds": {"Alert": "alert", "Update": "update", "Cancel": "cancelled: sent in error"},
    },
}  # fmt: skip


class Shelf:
    """The messages of one realm.

    Args:
        areas: The country's areas.
        author: Who says them; its ``web`` is where the feed and the pages are.
        epoch: The log's.
        began: When the server began.
        keys: Gives what to sign with; none: nothing is signed.
        now: The time.
        zone: In which the pages show times.
    """

    def __init__(
        self,
        areas: Areas,
        author: Author,
        epoch: str,
        began: datetime,
        now: Callable[[], datetime],
        keys: Callable[[], Sequence[sign.Key]] = tuple,
        zone: str = "UTC",
    ) -> None:
        self._thread = Thread(areas, author, epoch)
        self._author = author
        self._epoch = epoch
        self._began = began
        self._now = now
        self._keys = keys
        self._messages: dict[str, Message] = {}
        self._replaced: dict[str, str] = {}  # identifier -> the newest that refers to it
        self._made: dict[str, Answer] = {}
        self._looked = began
        self._zone = Zone(zone)
        self._page = Environment(
            loader=PackageLoader("tocsin.public"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        ).get_template("alert.html")  # fmt: skip

    def hear(self, said: Iterable[tuple[Place, datetime, Alert]]) -> None:
        """Take in what was said, in order."""
        for seq, at, alert in said:
            self._put(self._thread.hear(seq, at, alert))

    def renew(self) -> None:
        """Say again what is due; to be called often."""
        now = self._now()
        if now - self._looked >= timedelta(seconds=RENEW_S):
            self._looked = now
            self._put(self._thread.renew(now))

    def _put(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._messages[message.identifier] = message
            for one in message.references:
                self._replaced[one.identifier] = message.identifier
                for end in (".html", ".html uk", ".html en"):
                    self._made.pop(one.identifier + end, None)
            self._made.pop(FEED, None)
        if len(self._messages) > 2 * KEPT:
            self._forget()

    def _forget(self) -> None:
        standing = self._thread.standing()
        old = [name for name in list(self._messages)[:-KEPT] if name not in standing]
        for name in old:
            del self._messages[name]
            self._replaced.pop(name, None)
        self._made.clear()

    def answer(self, path: str, accept: str, lang: str) -> Answer | None:
        """Return what lies at an address; None where there is nothing.

        Args:
            path: ``/v1/alerts.atom``, or ``/v1/alerts/`` and an identifier with ``.cap.xml``, ``.cap.json``,
                ``.html`` or nothing behind it: then the page for a browser, and the XML for anybody else.
            accept: The Accept header.
            lang: Of the page.
        """
        if path in (FEED, PREFIX):
            return self._kept(FEED, self._feed)
        name = path.removeprefix(PREFIX)
        end = next((end for end in _ENDS if name.endswith(end)), "")
        message = self._messages.get(name.removesuffix(end))
        if message is None:
            return None
        if end == ".html" or (not end and "text/html" in accept):
            return self._kept(f"{message.identifier}.html {lang}", lambda: self._html(message, lang))
        if end == ".cap.json":
            return self._kept(
                f"{message.identifier}{end}", lambda: Answer(to_json(message), JSON, cache=_LONG)
            )
        return self._kept(f"{message.identifier}.cap.xml", lambda: self._xml(message))

    def key_days(self) -> int | None:
        """Return for how many whole days a key will be valid; None where nothing is signed."""
        certificates = [one.certificate for one in self._keys()]
        return sign.days_left(certificates, self._now()) if certificates else None

    def spoken_of(self, text: str) -> list[str]:
        """Return the identifiers in a text of messages that were sent, oldest first."""
        words = set(_WORD.findall(text))
        return [name for name in self._messages if name in words]

    def about(self, area: str) -> list[str]:
        """Return the newest messages that name an area, newest first."""
        found = [
            message.identifier
            for message in reversed(self._messages.values())
            if any(area == code for info in message.infos for one in info.areas for _, code in one.geocodes)
        ]
        return found[:SHOWN_OF_AREA]

    def sent(self, name: str) -> datetime:
        """Return when a message was sent."""
        return self._messages[name].sent

    def headline(self, name: str, lang: str) -> str:
        """Return the headline of a message in a language."""
        infos = self._messages[name].infos
        return inert(next((one.headline for one in infos if one.language == lang), infos[0].headline))

    def newest(self, name: str) -> str | None:
        """Return the newest message that replaces one, or None."""
        return self._newest(name)

    def _kept(self, key: str, make: Callable[[], Answer]) -> Answer:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _xml(self, message: Message) -> Answer:
        body = to_xml(message)
        if keys := self._keys():
            # Where every key has ended an unsigned alert is better than none; operators are warned.
            with contextlib.suppress(ConfigError):
                body = sign.sign(body, sign.choose(keys, self._now()))
        return Answer(body, MEDIA_TYPE, cache=_LONG)

    def _feed(self) -> Answer:
        standing, now = self._thread.standing(), self._now()
        chosen: list[Message] = []
        room = ELEMENTS
        for message in sorted(self._messages.values(), key=lambda one: one.sent, reverse=True):
            stands = message.identifier in standing
            if not stands and message.sent < now - SHOWN:
                continue
            room -= _elements(message)
            if room > 0 or stands:
                chosen.append(message)
        updated = max((one.sent for one in chosen), default=self._began)
        body = to_atom(
            chosen,
            id=f"urn:tocsin:{self._epoch}",
            title=self._author.name.get("en", self._author.sender),
            updated=updated,
            url=self._author.web,
        )
        return Answer(body, _ATOM)

    def _html(self, message: Message, lang: str) -> Answer:
        words = _WORDS[lang]
        infos = [one for one in message.infos if one.language == lang] or list(message.infos)
        page = self._page.render(
            lang=lang, words=words, message=message, infos=[self._shown(one, lang) for one in infos],
            sent=self._zone.whole(message.sent, lang), actual=message.status == "Actual", prefix=PREFIX,
            replaced=self._newest(message.identifier), signed=bool(self._keys()),
            name=self._author.name.get(lang, self._author.sender),
        )  # fmt: skip
        return Answer(page.encode(), HTML)

    def _shown(self, info: Info, lang: str) -> dict[str, object]:
        return {
            "headline": inert(info.headline), "instruction": inert(info.instruction),
            "text": inert(info.description), "areas": [inert(one.desc) for one in info.areas],
            "until": self._zone.whole(info.expires, lang) if info.expires else "",
        }  # fmt: skip

    def _newest(self, name: str) -> str | None:
        found = None
        while (after := self._replaced.get(found or name)) is not None:
            found = after
        return found


class _Asked(Protocol):
    headers: dict[str, str]

    def first(self, name: str) -> str | None:
        """Return a field of the query."""


def wanted(request: _Asked) -> tuple[str, str]:
    """Return which form and which language somebody wants."""
    asked = request.first("lang") or ""
    lang = asked if asked in LANGUAGES else preferred(request.headers.get("accept-language", ""))
    return request.headers.get("accept", ""), lang


_LONG = "public, max-age=86400"  # a message never changes


def _elements(message: Message) -> int:
    """Return how many elements a message has at most."""
    return 20 + sum(30 + 14 * len(one.areas) for one in message.infos)
