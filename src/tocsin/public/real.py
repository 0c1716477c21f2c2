"""The page *is this real?*: somebody pastes an identifier or the words of a picture, and reads what we know.

It never says that something is false: it says what was sent and what holds now, and whoever asks compares.
What it looks up lies in memory; a long text costs no more than its first `WORDS` words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from jinja2 import Environment

from tocsin.areas import Areas
from tocsin.model import AreaId
from tocsin.public.when import Zone
from tocsin.public.words import LANGUAGES, inert

TEXT, WORDS, AREAS = 1_000, 150, 5  # letters, words and areas of a text that are looked at
_NAME = 4  # the most words that the name of an area has here
_OURS = re.compile(r"\b[0-9a-f]{8}-\d+\b")  # EPOCH-SEQ
_SAID = {
    "uk": {
        "title": "Чи це справді?",
        "ask": "Вставте ідентифікатор повідомлення або слова з картинки чи допису.",
        "check": "Перевірити",
        "sent": "Так, це надіслали ми",
        "replaced": "його замінило новіше",
        "not_sent": "Такого повідомлення серед наших немає",
        "kept": "Ми пам’ятаємо останні дві тисячі повідомлень.",
        "now": "Зараз",
        "last": "Останні повідомлення",
        "none_last": "Повідомлень про цю територію серед останніх немає.",
        "nothing": "Тут немає ні відомої нам території, ні нашого повідомлення. Назвіть область чи громаду.",
        "compare": "Порівняйте з тим, що ви прочитали. Якщо сумніваєтеся, дійте як під час тривоги.",
        "map": "Карта тривог",
    },
    "en": {
        "title": "Is this real?",
        "ask": "Paste the identifier of a message, or the words of a picture or a post.",
        "check": "Check",
        "sent": "Yes, we sent this",
        "replaced": "a newer one has replaced it",
        "not_sent": "We have no message of this name",
        "kept": "We remember the last two thousand messages.",
        "now": "Now",
        "last": "Last messages",
        "none_last": "None of the last messages is about this area.",
        "nothing": "We know no area and no message of ours in this. Name an oblast, a raion or a hromada.",
        "compare": "Compare with what you have read. If in doubt, act as during an alert.",
        "map": "Map of alerts",
    },
}


class Sent(Protocol):
    """The messages that were sent (`tocsin.public.cap.Shelf`)."""

    def spoken_of(self, text: str) -> list[str]:
        """Return the identifiers in a text of messages that were sent."""

    def about(self, area: str) -> list[str]:
        """Return the newest messages that name an area."""

    def sent(self, name: str) -> datetime:
        """Return when a message was sent."""

    def headline(self, name: str, lang: str) -> str:
        """Return its headline."""

    def newest(self, name: str) -> str | None:
        """Return the newest that replaces it."""


class Line(NamedTuple):
    """One message, as the page shows it."""

    name: str
    sent: str
    headline: str
    newest: str | None


class RealPage:
    """The page.

    Args:
        environment: Where its template is.
        areas: The country's areas.
        zone: In which times are shown.
        style: Where the style sheet is.
        look: Says in words what an area is told: of a board, a language.
    """

    def __init__(
        self,
        environment: Environment,
        areas: Areas,
        zone: Zone,
        style: str,
        look: Callable[[AreaId, Mapping[str, Any], str], str],
    ) -> None:
        self._template = environment.get_template("real.html")
        self._areas, self._zone, self._style, self._look = areas, zone, style, look
        self.messages: Sent | None = None

    def html(self, text: str, board: Mapping[str, Any], lang: str) -> bytes:
        """Return what is known of a text, as of a board's moment."""
        text, now = text[:TEXT], datetime.fromisoformat(board["as_of"])
        found = self.messages.spoken_of(text) if self.messages else []
        places = [
            {
                "now": self._look(area, board, lang),
                "last": [self._line(name, now, lang) for name in self._about(area)],
            }
            for area in self._named(text)
        ]
        return self._template.render(
            lang=lang, words=_SAID[lang], others=[one for one in LANGUAGES if one != lang], style=self._style,
            text=inert(text), asked=bool(text.strip()), sent=[self._line(name, now, lang) for name in found],
            missing=[name for name in dict.fromkeys(_OURS.findall(text)) if name not in found],
            places=places,
        ).encode()  # fmt: skip

    def _about(self, area: AreaId) -> list[str]:
        return self.messages.about(area) if self.messages else []

    def _line(self, name: str, now: datetime, lang: str) -> Line:
        assert self.messages is not None
        sent = self._zone.clock(self.messages.sent(name), now, lang)
        return Line(name, sent, self.messages.headline(name, lang), self.messages.newest(name))

    def _named(self, text: str) -> list[AreaId]:
        """Return the areas that a text names; of names that lie in each other the longest."""
        words = re.findall(r"[\w'’ʼ.-]*\w\.?", text)[:WORDS]
        named: dict[AreaId, None] = {}
        place = 0
        while place < len(words) and len(named) < AREAS:
            for size in range(min(_NAME, len(words) - place), 0, -1):
                areas = self._whole(" ".join(words[place : place + size]))
                if areas:
                    named.update(dict.fromkeys(areas))
                    break
            place += size
        return list(named)[:AREAS]

    def _whole(self, name: str) -> Iterable[AreaId]:
        """Return the areas of a name; of those that lie in each other the largest alone."""
        areas = self._areas.named(name)
        return [area for area in areas if not set(self._areas.chain(area)[1:]).intersection(areas)]
