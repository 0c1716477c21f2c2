"""What one alert says in CAP: an info for each language, from one coded event.

The languages differ in words only.  Danger is Shelter; only a clear is AllClear; what nobody can speak
for is Unknown in every code, and its words say to treat it as danger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.cap import words
from tocsin.cap.message import Area, Info, Message, Pair, Reference
from tocsin.cap.values import plain
from tocsin.model import Alert, AreaId, Level, Realm, State
from tocsin.wire import utc

HOLDS = timedelta(hours=24)  # how long a message without an expiry of its own counts; it is said again before
CLEAR_SHOWN = timedelta(hours=1)  # how long an all clear is shown
SCHEMES = (("katottg", "KATOTTG"), ("iso_3166_2", "ISO 3166-2"))  # our name of a code, and CAP's
OURS = "TOCSIN"  # the valueName of our own codes

STATUSES = {Realm.ACTUAL: "Actual", Realm.EXERCISE: "Exercise", Realm.TEST: "Test"}
"""The realms that CAP can carry.  A replay is in none of them: nothing of it leaves by CAP."""

_CODES = {  # responseType, urgency, severity, certainty
    "raised": ("Shelter", "Immediate", "Severe", "Observed"),
    "partly": ("Shelter", "Immediate", "Severe", "Possible"),
    "unknown": ("Shelter", "Unknown", "Unknown", "Unknown"),
    "clear": ("AllClear", "Past", "Minor", "Observed"),
    "cancelled": ("None", "Unknown", "Unknown", "Unknown"),
}
_CBRNE = ("chemical", "nuclear")


class Author(Struct, frozen=True):
    """Who signs what we say."""

    sender: str  # "tocsin@example.org": no blank, comma, < or &
    name: dict[str, str]  # language -> name: {"uk": "...", "en": "..."}
    web: str = ""  # where a message's page is: this, and its identifier behind it


class Part(Struct, frozen=True):
    """Some areas of which an alert says one thing."""

    alert: Alert
    areas: tuple[AreaId, ...]

    @property
    def said(self) -> str:
        """What it says: raised, partly, unknown, clear or cancelled."""
        if self.alert.state in (State.RAISED, State.PARTLY):
            return self.alert.state.value
        if self.alert.cancelled:
            return "cancelled"
        return "clear" if self.alert.state is State.CLEAR else "unknown"


def compose(
    parts: Sequence[Part],
    *,
    identifier: str,
    sent: datetime,
    kind: str,
    references: Sequence[Reference],
    areas: Areas,
    author: Author,
) -> Message:
    """Return a message.

    Args:
        parts: What it says, all of one realm.
        identifier: Its name, never used again.
        sent: When it is sent; whole seconds.
        kind: Alert, Update or Cancel.
        references: The earlier messages that it ends or replaces.
        areas: The country's areas.
        author: Who says it.

    Raises:
        KeyError: The parts are of a replay.
    """
    status = STATUSES[parts[0].alert.realm]
    infos = [
        _info(part, language, identifier, sent, status, areas, author)
        for part in parts
        for language in words.LANGUAGES
    ]
    return Message(
        identifier=identifier,
        sender=author.sender,
        sent=sent,
        status=status,
        type=kind,
        scope="Public",
        note=""
        if status == "Actual"
        else f"This is the {parts[0].alert.realm} realm: there is no real danger.",
        references=tuple(references),
        infos=tuple(infos),
    )


def expiry(part: Part, sent: datetime) -> datetime:
    """Return until when a part holds if nothing more is said, in whole seconds.

    A raise that its source let expire holds until then, and is not longer than it says; without an
    expiry it holds for a day, and is said again before that.
    """
    if part.said in ("clear", "cancelled"):
        return sent + CLEAR_SHOWN
    expires = part.alert.expires if part.said != "unknown" else None
    if expires is None:
        return sent + HOLDS
    return max(utc(expires).replace(microsecond=0), sent + timedelta(seconds=1))


def _info(
    part: Part, language: str, identifier: str, sent: datetime, status: str, areas: Areas, author: Author
) -> Info:
    alert, said = part.alert, part.said
    response, urgency, severity, certainty = _CODES[said]
    if said in ("raised", "partly") and alert.level is Level.RED:
        severity = "Extreme"
    spoken = "set_aside" if alert.set_aside else said
    event = words.event_of(alert.threat, language)
    mark = words.MARKS[status][words.LANGUAGES.index(language)] if status in words.MARKS else ""
    names = ", ".join(areas.name(one, language) for one in part.areas)
    return Info(
        event=event, language=language, categories=("CBRNE",) if alert.threat in _CBRNE else ("Security",),
        responses=(response,), urgency=urgency, severity=severity, certainty=certainty,
        event_codes=(Pair(OURS, alert.threat),), effective=sent, expires=expiry(part, sent),
        sender_name=author.name.get(language, author.sender),
        headline=mark + words.headline_of(spoken, event, names, language),
        description=plain(alert.text)[0] if alert.text else "",
        instruction=words.instruction_of(spoken, alert.threat, language),
        web=author.web + identifier if author.web else "", parameters=_parameters(alert, said),
        areas=tuple(_area(one, areas, language) for one in part.areas),
    )  # fmt: skip


def _parameters(alert: Alert, said: str) -> tuple[Pair, ...]:
    """Return what CAP has no element for; a program reads it, so it is the same in every language."""
    told = {
        "STATE": said,
        "SUBTYPE": alert.subtype,
        "LEVEL": alert.level,
        "LATE": "true" if alert.late else None,
        "SET-ASIDE": "true" if alert.set_aside else None,
    }
    pairs = [Pair(f"{OURS}-{name}", str(value)) for name, value in told.items() if value]
    if alert.since is not None:
        pairs.append(Pair(f"{OURS}-SINCE", utc(alert.since).isoformat()))
    return tuple(pairs)


def _area(area: AreaId, areas: Areas, language: str) -> Area:
    codes = areas[area].codes
    known = [Pair(name, codes[system]) for system, name in SCHEMES if system in codes]
    return Area(desc=areas.name(area, language), geocodes=(Pair(OURS, area), *known))
