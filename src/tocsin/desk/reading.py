"""What people will read of an order, in every language, before it is sent; and what its text may be.

All languages come from one coded event.  A text that was written in one
language marks the others as not translated, and never keeps an older one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.cap import words
from tocsin.cap.values import plain
from tocsin.desk.orders import MOST_TEXT
from tocsin.errors import SubscriberError
from tocsin.model import AreaId, Realm, Threat

LANGUAGES = words.LANGUAGES
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\ud800-\udfff]")
_LINK = re.compile(r"(?i)\b[a-z][a-z0-9+.\-]*://|\bwww\.|\b[\w\-]+\.(?:com|net|org|info|ua|ru|me|gov)\b|@")
_NUMBER = re.compile(r"\d(?:[\s().\-/]*\d){6,}")  # a telephone number has seven digits or more
_MISSING = {"uk": "(українською не перекладено)", "en": "(not translated into English)"}


class Reading(Struct, frozen=True):
    """What people read in one language."""

    language: str
    headline: str
    text: str
    instruction: str


def text_of(given: Mapping[str, str]) -> str | None:
    """Return the text that goes out, from what was typed for each language; None where nothing was.

    Raises:
        SubscriberError: Too long, or it has characters that hide others, a link, a telephone number.
    """
    typed = {lang: _checked(lang, given.get(lang, "")) for lang in LANGUAGES}
    said = {lang: text for lang, text in typed.items() if text}
    if not said:
        return None
    missing = [_MISSING[lang] for lang in LANGUAGES if lang not in said]
    return " ".join([" / ".join(said.values()), *missing])


def _checked(lang: str, text: str) -> str:
    text = " ".join(text.split("\r\n")).replace("\n", " ").strip()
    if len(text) > MOST_TEXT:
        raise SubscriberError(f"text {lang}: {len(text)} characters", todo=f"write at most {MOST_TEXT}")
    if _CONTROL.search(text) or plain(text)[1]:
        raise SubscriberError(
            f"text {lang}: it has characters that hide or reorder others; nothing was sent",
            todo="type it by hand instead of pasting it",
        )
    if _LINK.search(text) or _NUMBER.search(text):
        raise SubscriberError(
            f"text {lang}: links and telephone numbers are not taken from a keyboard; nothing was sent",
            todo="leave it out: what people are to call or open stands on the pages of the office",
        )
    return text


def read_by_people(
    act: str, threat: Threat, chosen: Sequence[AreaId], text: str | None, realm: Realm, areas: Areas
) -> list[Reading]:
    """Return what people read of an order, in each language; ``act`` as `Order.does` says it."""
    mark = "" if realm is Realm.ACTUAL else "Exercise" if realm is Realm.EXERCISE else "Test"
    readings = []
    for number, language in enumerate(LANGUAGES):
        names = ", ".join(areas.name(area, language) for area in chosen)
        line = words.headline_of(act, words.event_of(threat, language), names, language)
        sign = words.MARKS[mark][number] if mark else ""
        readings.append(
            Reading(language, sign + line, text or "", words.instruction_of(act, threat, language))
        )
    return readings


def hash_of(lines: Sequence[str]) -> str:
    """Return the hash of what a screen says, in hex."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
