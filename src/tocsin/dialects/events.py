"""One raise as the codes and words of the Common Alerting Protocol, which three dialects are made of.

An alert keeps its identifier while it stands.  It has no end of its own and is
gone when it is over.  Some clients take an alert without an expiry, or with one
that has passed, for none: `until` is then a day ahead, and moves on each hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from xml.sax.saxutils import escape

from tocsin.dialects.sight import Raise, Sight
from tocsin.model import AreaId, Level, Threat

SENDER = "tocsin"
LANGUAGES = {"en": "en-GB", "uk": "uk-UA"}

# event, headline ("... in {area}"), what to do
_WORDS = {
    "air": {
        "en": ("Air Raid Alert", "Go to the nearest shelter now."),
        "uk": ("Повітряна тривога", "Негайно пройдіть до найближчого укриття."),
    },
    "artillery": {
        "en": ("Artillery Shelling Alert", "Go to the nearest shelter now."),
        "uk": ("Загроза артобстрілу", "Негайно пройдіть до найближчого укриття."),
    },
    "urban_fights": {
        "en": ("Urban Fighting Alert", "Stay in shelter, away from windows."),
        "uk": ("Загроза вуличних боїв", "Залишайтеся в укритті, подалі від вікон."),
    },
    "chemical": {
        "en": ("Chemical Alert", "Stay inside. Close windows and doors."),
        "uk": ("Хімічна загроза", "Залишайтеся в приміщенні. Зачиніть вікна й двері."),
    },
    "nuclear": {
        "en": ("Radiation Alert", "Stay inside. Close windows and doors."),
        "uk": ("Радіаційна загроза", "Залишайтеся в приміщенні. Зачиніть вікна й двері."),
    },
}
NOT_KNOWN = Threat("not_known")  # stands where an alert's threat does, of an area that is unknown
_NOT_KNOWN = {
    "en": ("Status Unknown", "Nobody reports on this area now. This is no all clear: treat it as danger."),
    "uk": (
        "Стан невідомий",
        "Про цю територію зараз ніхто не повідомляє. Це не відбій: вважайте, що небезпека є.",
    ),
}
_OTHER = {
    "en": ("Alert", "Go to a safe place and follow the news."),
    "uk": ("Тривога", "Пройдіть у безпечне місце і стежте за новинами."),
}
EVENTS = tuple(words["en"][0] for words in (*_WORDS.values(), _OTHER))
"""Every event by its English name."""
_AHEAD = timedelta(hours=25)
_CATEGORY = {"chemical": "CBRNE", "nuclear": "CBRNE"}


class Event(NamedTuple):
    """One raise, coded."""

    id: str  # the same while it stands
    area: AreaId
    threat: Threat
    sent: datetime
    expires: datetime | None  # only where its source gave one
    until: datetime  # always ahead, while it stands
    severity: str
    category: str
    level: str
    text: str | None  # the source's own words
    urgency: str = "Immediate"
    certainty: str = "Observed"

    def event(self, lang: str) -> str:
        """Return what it is."""
        return self._words(lang)[0]

    def instruction(self, lang: str) -> str:
        """Return what to do."""
        return self._words(lang)[1]

    def _words(self, lang: str) -> tuple[str, str]:
        words = _NOT_KNOWN if self.threat is NOT_KNOWN else _WORDS.get(self.threat, _OTHER)
        return words[lang]

    def headline(self, sight: Sight, lang: str) -> str:
        """Return it in one line."""
        return f"{self.event(lang)}: {place(sight, self.area, lang)}"

    def description(self, sight: Sight, lang: str) -> str:
        """Return the source's own words, or else the headline."""
        return self.text or self.headline(sight, lang)


def event_of(sight: Sight, one: Raise) -> Event:
    """Return a raise, coded."""
    sent = one.status.since or sight.changed
    yellow = one.status.level is Level.YELLOW
    return Event(
        f"tocsin-{one.area}-{one.threat}-{int(sent.timestamp() * 1000)}",
        one.area,
        one.threat,
        sent,
        one.status.expires,
        one.status.expires or _soon(sight),
        "Severe" if yellow else "Extreme",
        _CATEGORY.get(one.threat, "Security"),
        str(one.status.level or Level.RED),
        one.status.text,
    )


def unknown_event(sight: Sight, area: AreaId, since: datetime) -> Event:
    """Return that an area is unknown, in the words that CAP 1.2 has for it (3.2.2: Unknown)."""
    return Event(
        f"tocsin-{area}-unknown-{int(since.timestamp() * 1000)}",
        area,
        NOT_KNOWN,
        since,
        None,
        _soon(sight),
        "Unknown",
        "Security",
        Level.YELLOW,
        None,
        "Unknown",
        "Unknown",
    )


def _soon(sight: Sight) -> datetime:
    return sight.as_of.replace(minute=0, second=0, microsecond=0) + _AHEAD


def place(sight: Sight, area: AreaId, lang: str) -> str:
    """Return an area with what it lies in: Bohodukhivskyi Raion, Kharkiv Oblast."""
    chain = sight.areas.chain(area)[:-1] or (area,)
    return ", ".join(sight.areas.name(above, lang) for above in chain)


def place_with_parts(sight: Sight, area: AreaId, lang: str) -> str:
    """Return an area with the raions in it, for clients that look for the name of one of them."""
    parts = [
        sight.areas.name(child, lang)
        for child in sight.areas.children(area)
        if sight.areas[child].level == "raion"
    ]
    return place(sight, area, lang) + (f" ({', '.join(parts)})" if parts else "")


def stamp(moment: datetime) -> str:
    """Return a time as CAP writes it: whole seconds, an offset and no Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def tag(name: str, text: str) -> str:
    """Return an element that holds a text."""
    return f"<{name}>{escape(text)}</{name}>"


def cap_xml(sight: Sight, one: Event, codes: Iterable[tuple[str, str]]) -> bytes:
    """Return an event as a CAP 1.2 message with an info a language.

    Args:
        sight: What is told at the moment.
        one: The event.
        codes: Pairs of a system's name and the area's code in it.
    """
    geocodes = "".join(
        f"<geocode>{tag('valueName', name)}{tag('value', code)}</geocode>" for name, code in codes
    )
    infos = "".join(_info(sight, one, lang, geocodes) for lang in LANGUAGES)
    head = (
        tag("identifier", one.id)
        + tag("sender", SENDER)
        + tag("sent", stamp(one.sent))
        + "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
    )
    alert = f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{head}{infos}</alert>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{alert}\n'.encode()


def _info(sight: Sight, one: Event, lang: str, geocodes: str) -> str:
    level = f"<parameter>{tag('valueName', 'awareness_level')}{tag('value', awareness(one))}</parameter>"
    return (
        "<info>"
        + tag("language", LANGUAGES[lang])
        + tag("category", one.category)
        + tag("event", one.event(lang))
        + "<responseType>Shelter</responseType>"
        + tag("urgency", one.urgency)
        + tag("severity", one.severity)
        + tag("certainty", one.certainty)
        + tag("effective", stamp(one.sent))
        + tag("onset", stamp(one.sent))
        + tag("expires", stamp(one.until))
        + tag("senderName", SENDER)
        + tag("headline", one.headline(sight, lang))
        + tag("description", one.description(sight, lang))
        + tag("instruction", one.instruction(lang))
        + level
        + f"<area>{tag('areaDesc', place_with_parts(sight, one.area, lang))}{geocodes}</area>"
        + "</info>"
    )


def awareness(one: Event) -> str:
    """Return the level as MeteoAlarm writes it: number, colour, word."""
    return "2; yellow; Moderate" if one.level == Level.YELLOW else "4; red; Extreme"
