"""Context: who says it, when it was and where, as a sentence and those around it tell.

A language pack finds the expressions; what they govern is decided here, for every language alike.

Sources: 1. a source before its words governs what follows it, up to the next source;
2. a source behind its words governs what stands before it; 3. a sentence without a source takes that of
the quotation that it stands in, else of the sentence before it that opened with one, else of the next
sentence in its paragraph that closes with one; 4. what is left is the text's own account.

Days: the event's own day, else the day on which it was said, else the day of the last event, else the
day of publication.  A weekday is the last such day, the day of publication included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

RECENT_DAYS = 3  # how long before the publication an event may be and still be the news


class Rule(StrEnum):
    """How a place was found that its sentence does not name."""

    BEFORE = "place: of the words before"
    SEAT = "place: of who says it"
    NOWHERE = "place: not said"


class Speech(NamedTuple):
    """Somebody says something: characters of the text, and which side of them is governed."""

    start: int
    end: int
    source: str
    addressee: str = ""
    before: bool = False  # it stands behind what it governs
    opens: bool = False  # it opens its sentence
    anaphor: bool = False  # "said this": governs the sentences before
    pronoun: bool = False  # "he said": whoever spoke last
    relay: bool = False  # an outlet that passes it on


class When(NamedTuple):
    """A time in the text, resolved."""

    start: int
    end: int
    first: date | None  # None: it began on the same day
    last: date
    gloss: str = ""
    spoken: bool = False  # when it was said, not when it happened
    old: bool = False  # by its own words long past


class Where(NamedTuple):
    """A place in the text, as written."""

    start: int
    end: int
    words: str
    origin: bool = False  # from where it was launched


class Context(Struct):
    """What the language found in one sentence."""

    start: int
    end: int
    paragraph: int
    quoted: bool
    goes_on: bool  # begins with "also"
    breaks: list[int]  # where another clause begins that another may have said: "while"
    speeches: list[Speech]
    whens: list[When]
    wheres: list[Where]


class Vouched(NamedTuple):
    """Who vouches for a claim."""

    source: str
    addressee: str
    chain: tuple[str, ...]
    rule: str


def name_speakers(contexts: Sequence[Context]) -> None:
    """Put the names of those who spoke last in the place of "he" and "they"."""
    last: Speech | None = None
    for context in contexts:
        for number, speech in enumerate(context.speeches):
            if speech.pronoun:
                name = f"{last.source} ({speech.source})" if last else speech.source
                address = speech.addressee or (last.addressee if last else "")
                context.speeches[number] = speech._replace(source=name, addressee=address)
            elif not speech.relay:
                last = speech


def vouched(contexts: Sequence[Context], number: int, place: int, own: str) -> Vouched:
    """Return who vouches for what stands at a place of a sentence.

    Args:
        contexts: Of every sentence, in order.
        number: The sentence.
        place: The character where the claim begins.
        own: What to say where the text names nobody.
    """
    here = contexts[number]
    inside = _inside(here, place)
    if inside is not None:
        chain = tuple(
            dict.fromkeys(
                s.source for s in (inside, *reversed(here.speeches)) if s.start <= place or s is inside
            )
        )
        return Vouched(inside.source, inside.addressee, chain, "source: in the sentence")
    for find, rule in ((_around, "source: in the words around"), (_said_this, "source: said this")):
        found = find(contexts, number)
        if found is not None:
            return Vouched(found.source, found.addressee, (found.source,), rule)
    return Vouched(own, "", (), "source: the text itself")


def _inside(here: Context, place: int) -> Speech | None:
    opened = [s for s in here.speeches if not s.before and not s.anaphor and s.end <= place]
    closing = [s for s in here.speeches if s.before and s.start >= place]
    said = [s for s in here.speeches if s.start <= place < s.end and not s.anaphor]
    if said:
        return said[0]
    direct = [s for s in closing if not s.relay] or closing
    if opened and not (direct and _closer(here, opened[-1], direct[0], place)):
        return opened[-1]
    if direct:
        return direct[0]
    later = [s for s in here.speeches if not s.anaphor]
    if len(later) == 1 and later[0].before:
        return later[0]  # "..., officials said, with ten wounded": a tail has the source of its sentence
    return None


def _closer(here: Context, opened: Speech, closing: Speech, place: int) -> bool:
    """Say whether a source behind a place governs it, though another opened: "X said A, while B, Y said"."""
    if any(opened.end <= point <= place for point in here.breaks) and not any(
        place < point <= closing.start for point in here.breaks
    ):
        return True
    return any(s.before and opened.end <= s.start < place for s in here.speeches) or (
        closing.start - place < 80 and place - opened.end > 120
    )


def _around(contexts: Sequence[Context], number: int) -> Speech | None:
    here = contexts[number]
    if here.quoted:
        closing = _closing(contexts, number)
        if closing is not None:
            return closing
    for back in range(number - 1, -1, -1):
        other = contexts[back]
        gap = here.paragraph - other.paragraph
        if gap > 1 or (gap and not here.quoted):
            break
        if not other.speeches:
            continue
        speech = next((s for s in reversed(other.speeches) if not s.anaphor and not s.relay), None)
        if speech is None:
            continue
        if here.quoted or here.goes_on or speech.opens:
            return speech
        break
    return _closing(contexts, number)


def _closing(contexts: Sequence[Context], number: int) -> Speech | None:
    """Return who speaks at the end of the next sentence that names somebody, in the same paragraph."""
    here = contexts[number]
    for ahead in contexts[number + 1 :]:
        if ahead.paragraph != here.paragraph:
            break
        if ahead.speeches:
            speech = ahead.speeches[0]
            return speech if speech.before and not speech.anaphor else None
    return None


def _said_this(contexts: Sequence[Context], number: int) -> Speech | None:
    """Return who "reported this" right behind a sentence or its paragraph."""
    here = contexts[number]
    for ahead in contexts[number + 1 :]:
        if ahead.paragraph > here.paragraph + 1:
            break
        for speech in ahead.speeches:
            if speech.anaphor:
                return speech
        if ahead.speeches and ahead.paragraph != here.paragraph:
            break
    return None


def dated(
    contexts: Sequence[Context], number: int, place: int, published: date | None, *, state: bool = False
) -> tuple[When | None, str]:
    """Return when the event at a place of a sentence was, and by which rule.

    A state (missing, in hospital, without power) is of the time of the report, not of the attack before it.
    """
    here = contexts[number]
    events = [when for when in here.whens if not when.spoken]
    if events:
        return min(events, key=lambda when: _distance(when, place)), "day: in the sentence"
    spoken = [when for when in here.whens if when.spoken and not when.old]
    if spoken and not (published and (published - spoken[-1].last).days > 1):
        return spoken[-1], "day: when it was said"
    for other in () if state else reversed(contexts[:number]):
        for when in reversed(other.whens):
            if not when.spoken and not when.old and recent(when.last, published):
                return when, "day: of the event before"
    if published is not None:
        return When(place, place, None, published, "by context"), "day: of publication"
    return None, "day: not known"


def recent(day: date, published: date | None) -> bool:
    """Say whether a day is near enough to the publication to be the news."""
    return published is None or timedelta(0) <= published - day <= timedelta(days=RECENT_DAYS)


def _distance(when: When, place: int) -> int:
    return when.start - place if when.start >= place else (place - when.end) // 2


def located(
    contexts: Sequence[Context], number: int, start: int, end: int, limit: tuple[int, int]
) -> tuple[str, str]:
    """Return where a claim of a sentence was, as written, and by which rule.

    Args:
        contexts: Of every sentence, in order.
        number: The sentence.
        start: Where the claim begins.
        end: Where it ends.
        limit: Where the claims before and behind it end and begin.
    """
    here = [where for where in contexts[number].wheres if not where.origin]
    near = [where for where in here if where.start >= start and where.end <= max(limit[1], end)]
    if near:
        return near[0].words, "place: beside it"
    earlier = [where for where in here if where.start < start]
    if earlier:
        return earlier[-1].words, "place: in the sentence"
    if here:
        return here[0].words, "place: in the sentence"
    for named in (True, False):
        for other in reversed(contexts[:number]):
            found = [
                where
                for where in other.wheres
                if not where.origin and (not named or re.search(r"[^\W\d_a-zа-яіїєґ]", where.words))
            ]
            if found:
                return f"[{found[-1].words}]", Rule.BEFORE
    return "", Rule.NOWHERE
