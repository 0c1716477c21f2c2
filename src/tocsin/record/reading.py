"""Reading: from a text to its claims.  The same text gives the same claims, on every machine.

1.  A sentence is looked up in the lexicon of its language (``lexicon``), its phrases are found
    (``phrases``) and given to their acts (``linking``), which makes drafts (``drafts``, ``events``).
2.  The whole text decides which stand (``judging``), who says them, when and where (``context``).

What is read is never carried out: a text changes no alert and no setting, whatever it asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from msgspec import Struct

from tocsin.errors import SourceGarbled
from tocsin.record.claims import Claim, Document, Polarity, Qualifier, Step, Topic
from tocsin.record.context import (
    Context,
    Rule,
    Speech,
    Vouched,
    When,
    Where,
    dated,
    located,
    name_speakers,
    recent,
    vouched,
)
from tocsin.record.drafts import Draft, draft
from tocsin.record.events import denials, events
from tocsin.record.grammar import Grammar, Scene
from tocsin.record.judging import continue_lists, recaps, settle
from tocsin.record.phrases import look
from tocsin.record.places import Gazetteer
from tocsin.record.statements import statements
from tocsin.record.text import Sentence, Token, sentences

_ONE_REPORT = (Topic.LAUNCHED, Topic.INTERCEPTED)
_REPORT_SENTENCES = 4  # how far one report of an air force reaches without naming it again
BLOCK = 4_000  # words that are judged together; a report has fewer, and a book would take their square
LONGEST_SENTENCE = 4_000  # characters that are searched for sources and days; none real is longer
LONGEST_TEXT = 2_000_000  # characters; a longer text is no report
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")


class Language(Struct, frozen=True):
    """What a language pack gives: see ``tocsin.languages``."""

    code: str
    grammar: Grammar
    abbreviations: Collection[str]
    speeches: Callable[[str, int], list[Speech]]  # a sentence, where it begins
    whens: Callable[[str, int, date | None], list[When]]  # the same, and the day of publication
    wheres: Callable[[Sequence[Token], str], list[Where]]  # the words, the text


def read(document: Document, language: Language, gazetteer: Gazetteer, zone: tzinfo) -> list[Claim]:
    """Return the claims of a text, in its order.

    Args:
        document: The text, and when it was published.
        language: In which it is read.
        gazetteer: The places of a country.
        zone: In which a day begins and ends.

    Raises:
        SourceGarbled: The text is no text, or too long; or the day of publication is no date.
    """
    _check(document.text)
    published = day(document.published, zone)
    parts = sentences(document.text, language.abbreviations)
    claims: list[Claim] = []
    for block in _blocks(parts):
        claims += _read(block, document, published, language, gazetteer)
    return claims


def _blocks(parts: Sequence[Sentence]) -> Iterator[Sequence[Sentence]]:
    """Give the sentences of a text by blocks that are judged together; a report is one."""
    first = words = 0
    for number, part in enumerate(parts):
        if words and words + len(part.tokens) > BLOCK:
            yield parts[first:number]
            first, words = number, 0
        words += len(part.tokens)
    yield parts[first:]


def _read(
    parts: Sequence[Sentence],
    document: Document,
    published: date | None,
    language: Language,
    gazetteer: Gazetteer,
) -> list[Claim]:
    """Return the claims of a report, or of one part of a text that is longer than any report."""
    text = document.text
    scenes = [look(part, language.grammar) for part in parts]
    contexts = [_context(part, text, language, published) for part in parts]
    name_speakers(contexts)
    drafts: list[Draft] = []
    for number, scene in enumerate(scenes):
        denied = denials(scene, text, language.grammar)
        mine = [*denied, *draft(scene, text, language.grammar, denied)]
        mine += events(scene, text, mine)
        for one in mine:
            one.sentence = number
        drafts += mine
    located = {number for number, context in enumerate(contexts) if any(not w.origin for w in context.wheres)}
    drafts = settle(scenes, continue_lists(scenes, drafts, text), located)
    drafts += statements(scenes, contexts, drafts, text)
    drafts.sort(key=lambda one: (one.start, one.end))
    own = f"{own_name(document.channel)} (own account)".strip()
    whole = _Whole(
        text, scenes, contexts, drafts, published, own, gazetteer, language.code, recaps(scenes, text)
    )
    return [_claim(one, number, whole) for number, one in enumerate(drafts)]


def _check(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise SourceGarbled(
            f"reading a text: it has {len(text):,} characters, more than {LONGEST_TEXT:,}",
            todo="give one report at a time",
        )
    if "\x00" in text[:4096]:
        raise SourceGarbled("reading a text: it is binary", todo="give plain text in UTF-8")


def day(published: str | None, zone: tzinfo) -> date | None:
    """Return the local day of a publication; what follows a date is ignored.

    Raises:
        SourceGarbled: It does not begin with a date.
    """
    if not published:
        return None
    moment = _MOMENT.match(published)
    try:
        if moment:
            at = datetime.fromisoformat(moment[0])
            return at.astimezone(zone).date() if at.tzinfo else at.date()
        found = _DATE.match(published)
        if found:
            return date.fromisoformat(found[0])
    except ValueError:
        pass
    raise SourceGarbled(
        f"reading a text: published is {published[:40]!r}, not a date",
        todo="give it as 2026-02-28 or 2026-02-28T08:00+02:00",
    )


def own_name(channel: str) -> str:
    """Return the short name of a channel: "Reuters via a site" is Reuters."""
    return re.split(r" via | / | \(", channel)[0].strip() or "the text"


def _context(part: Sentence, text: str, language: Language, published: date | None) -> Context:
    words = text[part.start : min(part.end, part.start + LONGEST_SENTENCE)]
    return Context(
        part.start,
        part.end,
        part.paragraph,
        part.quoted,
        _goes_on(part, language.grammar),
        [word.start for word in part.tokens if word.norm in language.grammar.contrast],
        language.speeches(words, part.start),
        language.whens(words, part.start, published),
        language.wheres(part.tokens, text),
    )


def _goes_on(part: Sentence, grammar: Grammar) -> bool:
    first = next((word.norm for word in part.tokens if word.norm[0].isalnum()), "")
    return first in grammar.also


class _Whole(NamedTuple):
    """All that was found in a text."""

    text: str
    scenes: Sequence[Scene]
    contexts: Sequence[Context]
    drafts: Sequence[Draft]
    published: date | None
    own: str  # who speaks where the text names nobody
    gazetteer: Gazetteer
    language: str
    recaps: Collection[int]  # the sentences that go back over what was told before


def _claim(one: Draft, number: int, whole: _Whole) -> Claim:
    text, contexts = whole.text, whole.contexts
    said = _vouched(one, whole.drafts, contexts, whole.own)
    when, day_rule = dated(contexts, one.sentence, one.start, whole.published, state=one.state)
    place, place_rule = located(contexts, one.sentence, one.start, one.end, _limit(one, number, whole))
    place, place_rule = _supplied(place, place_rule, said.source, whole)
    found = whole.gazetteer.find(place)
    scene = whole.scenes[one.sentence]
    hedges = [tag for tag in scene.tags if tag.says("hedge", "unconfirmed")]
    return Claim(
        kind=one.kind,
        count=one.count,
        count_qualifier=one.qualifier,
        span_start=one.start,
        span_end=one.end,
        text_span=text[one.start : one.end],
        of=one.of,
        object=one.object,
        place=place,
        area=found.area,
        place_precision=found.precision,
        when=_written(when),
        attributed_to=said.source,
        chain=said.chain,
        addressee=said.addressee,
        hedges=tuple(scene.words(text, tag.first, tag.last) for tag in hedges),
        background=one.sentence in whole.recaps or _is_background(one, scene, when, whole.published),
        polarity=_polarity(one, scene),
        substantiated=False if any(tag.says("no_proof") for tag in scene.tags) else None,
        alert_state=one.alert_state,
        because=(
            *one.steps,
            Step(said.rule, said.source),
            Step(day_rule, _written(when)),
            Step(place_rule, place),
        ),
    )


def _supplied(place: str, rule: str, source: str, whole: _Whole) -> tuple[str, str]:
    """Return a place that its sentence does not name: that of who speaks, else of the words before.

    It is called by its name, if it is one certain area: "[Харків]", not "[по Харкову]".
    """
    if rule not in (Rule.BEFORE, Rule.NOWHERE):
        return place, rule
    gazetteer = whole.gazetteer
    seat, before = gazetteer.seat(source), gazetteer.find(place).area
    if seat is not None and (before is None or not gazetteer.inside(before, seat)):
        return f"[{gazetteer.name(seat, whole.language)}]", Rule.SEAT
    plain = gazetteer.plain_name(place, whole.language)
    return (f"[{plain}]", rule) if plain else (place, rule)


def _vouched(one: Draft, drafts: Sequence[Draft], contexts: Sequence[Context], own: str) -> Vouched:
    """Return who vouches for a claim; what was shot down is of the report that says what was launched."""
    if one.opened_by is not None:
        opener = contexts[one.opened_by]
        return vouched(contexts, one.opened_by, opener.end, own)
    said = vouched(contexts, one.sentence, one.anchor, own)
    if said.source != own or one.kind not in _ONE_REPORT:
        return said
    for other in reversed([d for d in drafts if d.kind in _ONE_REPORT and d.start < one.start]):
        if one.sentence - other.sentence > _REPORT_SENTENCES or other.opened_by is not None:
            break
        before = vouched(contexts, other.sentence, other.anchor, own)
        if before.source != own:
            return before._replace(rule="source: of the same report")
    return said


def _limit(one: Draft, number: int, whole: _Whole) -> tuple[int, int]:
    """Return where the sentence begins, and where the next claim in it does, else where the sentence ends."""
    here = whole.contexts[one.sentence]
    later = whole.drafts[number + 1 :]
    after = [d.start for d in later if d.sentence == one.sentence and d.start >= one.end]
    return here.start, (after[0] if after else here.end)


def _written(when: When | None) -> str:
    if when is None:
        return "unknown"
    days = (
        when.last.isoformat() if when.first is None else f"{when.first.isoformat()}/{when.last.isoformat()}"
    )
    return f"{days} ({when.gloss})" if when.gloss else days


def _is_background(one: Draft, scene: Scene, when: When | None, published: date | None) -> bool:
    before = [
        tag for tag in scene.tags if tag.says("background") and scene.tokens[tag.first].start <= one.end
    ]
    if before:
        return True
    return when is not None and not when.spoken and (when.old or not recent(when.last, published))


def _polarity(one: Draft, scene: Scene) -> Polarity:
    if one.polarity is not Polarity.ASSERTED or one.kind is Topic.STATEMENT:
        return one.polarity
    if (
        one.count is None
        and one.qualifier is not Qualifier.SEVERAL
        and any(tag.says("unconfirmed", "unknown_yet") for tag in scene.tags)
    ):
        return Polarity.UNCONFIRMED
    return one.polarity
