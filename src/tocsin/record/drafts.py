"""Drafts: what the phrases and acts of one sentence claim, before it is known who says it, when and where.

The rules, by the name that ``--explain`` shows:

counted     a phrase and its act: "shot down 14 drones"
of          "14 of 17 drones": of those that were launched, 31
relative    "all 20 drones that were launched": launched too
noun        the noun says it alone: "nine fatalities"
inside      the phrase says it inside: "five dead children"
none        "no casualties": none were killed, none were injured
act         an act without a phrase: "was left without power"
event       explosions, alerts, fires
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from tocsin.record.claims import Polarity, Qualifier, Said, Step, Topic
from tocsin.record.grammar import Grammar, Phrase, Scene
from tocsin.record.lexicon import Tag
from tocsin.record.linking import ACTS, JOINED, Link, is_future, link
from tocsin.record.text import tokens

_TOPICS = {
    "launch": Topic.LAUNCHED, "attack": Topic.LAUNCHED, "under": Topic.LAUNCHED,
    "down": Topic.INTERCEPTED, "down_damage": Topic.INTERCEPTED,
    "kill": Topic.KILLED, "injure": Topic.INJURED, "missing": Topic.MISSING,
    "damage": Topic.DAMAGE, "hit": Topic.DAMAGE, "fire": Topic.DAMAGE, "outage": Topic.OUTAGE,
    "fall": Topic.DEBRIS, "lost": Topic.STATEMENT, "rescue": Topic.STATEMENT, "track": Topic.ALERT,
}  # fmt: skip
_WIDEST = 170  # characters; a span that would be wider holds the phrase alone
PEOPLE = (Topic.KILLED, Topic.INJURED, Topic.MISSING)


class Draft(Struct):
    """A claim in the making."""

    kind: Topic
    count: int | None
    qualifier: Qualifier
    start: int
    end: int
    anchor: int  # the character that decides who says it
    object: str = ""
    head: str = ""
    of: int | None = None
    polarity: Polarity = Polarity.ASSERTED
    alert_state: Said | None = None
    sentence: int = 0
    subset: bool = False
    opened_by: int | None = None  # the sentence that opened the list
    state: bool = False  # it holds at the time of the report: "in hospital"
    part: bool = False  # "9 in the west": a part of the figure before it
    mass: bool = False
    rule: str = ""
    steps: tuple[Step, ...] = ()


def draft(scene: Scene, text: str, grammar: Grammar, denied: Sequence[Draft] = ()) -> list[Draft]:
    """Return what a sentence claims by its phrases, in the order of the text.

    Args:
        scene: The sentence.
        text: The text.
        grammar: Its language.
        denied: What the sentence says that there was none of; no act in there is linked.
    """
    linked = _scoped(scene, link(scene, grammar), grammar)
    people = {one.act.first for one in linked if one.phrase.head == "person"}
    absent = [(one.start, one.end) for one in denied]
    links = [
        one
        for one in linked
        if not (one.act.says("injure") and one.phrase.head == "asset" and one.act.first in people)
        and not any(start <= scene.tokens[one.act.first].start < end for start, end in absent)
    ]
    debris = next((tag for tag in scene.tags if tag.says("debris")), None)
    hits = {one.act.first for one in links if one.kind == "hit" and one.phrase.head in ("asset", "locations")}
    counted_hits = {
        one.act.first
        for one in links
        if one.kind == "hit"
        and one.phrase.head == "weapon"
        and one.phrase.count is not None
        and not one.phrase.mass
    }
    found: list[Draft] = []
    places: dict[int, int] = {}  # where the first thing of a list ends
    merged: dict[tuple[int, str], Draft] = {}
    for number, one in enumerate(links):
        if one.kind == "hit" and _idle_hit(one, hits, counted_hits):
            continue
        if one.kind == "hit" and _own_strike(scene, one):
            continue
        if _part_of_counted(one, links) or _where_only(one, links):
            continue
        made = _counted(scene, text, one, debris, later=number > 0 and links[number - 1].act is one.act)
        if made is None:
            continue
        if made.mass and made.qualifier is not Qualifier.SEVERAL and one.phrase.head == "asset":
            key = (one.act.first, made.kind)
            first = merged.get(key)
            if first is not None and not _elsewhere(scene, first, one, grammar):
                _merge(text, first, places[id(first)], made, grammar)
                continue
            merged[key], places[id(made)] = made, made.end
        if made.kind is Topic.DEBRIS and made.count is None:
            first = merged.setdefault((-1, made.kind), made)
            if first is not made:  # what the same debris did is one claim
                continue
        found.append(made)
        found += _more(scene, text, one, made)
    return found + _attacks(scene, text, found)


def _token(scene: Scene, place: int) -> int:
    """Return the first token behind a character."""
    return next((n for n, word in enumerate(scene.tokens) if word.start >= place), len(scene.tokens))


def _elsewhere(scene: Scene, first: Draft, one: Link, grammar: Grammar) -> bool:
    """Say whether a place stands between two things: "a hotel in Odesa and houses in Mykolaiv"."""
    between = scene.tokens[_token(scene, first.end) : one.phrase.first]
    return any(a.norm in grammar.places and b.text[:1].isupper() for a, b in pairwise(between))


def _merge(text: str, first: Draft, end: int, made: Draft, grammar: Grammar) -> None:
    """Put a thing without a number to the first of its list: one claim, of nobody knows how many."""
    first.end = max(first.end, made.end) if made.end - first.start <= _WIDEST else first.end
    first.object = f"{first.object}, {made.object}"
    if any(word.norm in grammar.joins for word in tokens(text[end : made.anchor])):
        first.count, first.qualifier = None, Qualifier.UNKNOWN


def _where_only(one: Link, links: Sequence[Link]) -> bool:
    """Say whether things are only where those are that are counted: "120 windows in three houses"."""
    if not one.phrase.located or one.phrase.head != "asset":
        return False
    same = [other.phrase for other in links if other.act is one.act and other is not one]
    return any(p.head == "asset" and not p.mass and not p.located for p in same)


def _part_of_counted(one: Link, links: Sequence[Link]) -> bool:
    """Say whether a thing without a number is a part of those counted: "windows in 17 houses"."""
    if one.phrase.head != "asset" or one.phrase.count is not None or not one.phrase.mass:
        return False
    return any(
        other.act is one.act
        and other.phrase.located
        and other.phrase.count is not None
        and not other.phrase.mass
        for other in links
    )


def _attacks(scene: Scene, text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """Read "launched a massive drone attack on the port": something was launched, nobody says how many."""
    for phrase in [*scene.phrases, *_adjectives(scene)]:
        if phrase.head != "weapon.mod" or any(one.kind is Topic.LAUNCHED for one in drafts):
            continue
        for tag in scene.tags:
            if is_future(scene, tag):
                continue
            follows = scene.at.get(phrase.last)
            if follows is None or not follows.says("attack", "strikes"):
                continue
            if tag.says("launch", "under") and 0 <= phrase.first - tag.last <= 5:
                first, last = tag.first, min(phrase.last + 1, len(scene.tokens))
                return [
                    Draft(
                        Topic.LAUNCHED,
                        None,
                        Qualifier.UNKNOWN,
                        scene.tokens[first].start,
                        scene.tokens[last - 1].end,
                        scene.tokens[first].start,
                        _object(scene, text, phrase),
                        "weapon",
                        mass=True,
                        rule="act",
                        steps=(Step("act", scene.words(text, first, last)),),
                    )
                ]
    return []


def _adjectives(scene: Scene) -> list[Phrase]:
    """Return what an adjective says of an attack: "ракетно-дронова атака"."""
    return [
        Phrase(
            tag.first, tag.last, "weapon.mod", None, Qualifier.UNKNOWN, mass=True, noun=(tag.first, tag.last)
        )
        for tag in scene.tags
        if tag.says("adjective.weapon")
        and (after := scene.at.get(tag.last)) is not None
        and after.says("attack", "strikes")
    ]


def _own_strike(scene: Scene, one: Link) -> bool:
    """Say whether a party tells of its own strike, which is a statement of that party."""
    return any(tag.says("own_strike") and 0 <= one.act.first - tag.last <= 6 for tag in scene.tags)


def _idle_hit(one: Link, hits: set[int], counted: set[int]) -> bool:
    """Say whether "missiles" in "missiles hit a school" or "six missiles hit four places" adds nothing."""
    if one.phrase.head == "weapon":
        return one.phrase.mass and one.act.first in hits
    return one.act.first in counted


def _scoped(scene: Scene, links: Sequence[Link], grammar: Grammar) -> list[Link]:
    """Return the links with "at least" carried over "and": "at least three killed and nine injured"."""
    out: list[Link] = []
    for one in links:
        before = out[-1] if out else None
        if (
            before is not None
            and before.phrase.qualifier is Qualifier.AT_LEAST
            and one.phrase.qualifier is Qualifier.EXACT
            and one.phrase.count is not None
            and not one.phrase.mass
            and _coordinated(scene, before, one, grammar)
        ):
            one = one._replace(phrase=_with(one.phrase, Qualifier.AT_LEAST))
        out.append(one)
    return out


def _with(phrase: Phrase, qualifier: Qualifier) -> Phrase:
    return replace(phrase, qualifier=qualifier)


def _coordinated(scene: Scene, one: Link, other: Link, grammar: Grammar) -> bool:
    between = scene.tokens[one.phrase.last : other.phrase.first]
    active = grammar.voice(scene.tokens, scene.tags, one.act) == "right"
    return (
        not active
        and 0 < len(between) <= 6
        and between[-1].norm in grammar.joins
        and not any(word.norm in ",;:.()" for word in between)
        and _TOPICS[one.kind] in PEOPLE
    )


def _counted(scene: Scene, text: str, one: Link, debris: Tag | None, *, later: bool) -> Draft | None:
    phrase = one.phrase
    kind = _TOPICS[one.kind]
    if one.kind == "down_damage" and phrase.head in ("asset", "?"):
        kind = Topic.DAMAGE
    if kind is Topic.OUTAGE and phrase.head == "" and phrase.count is not None and phrase.count > 2000:
        return None
    if kind is Topic.ALERT and phrase.head != "weapon":
        return None
    if kind is Topic.STATEMENT and phrase.count is None and phrase.qualifier is not Qualifier.SEVERAL:
        return None
    count, qualifier = phrase.count, phrase.qualifier
    if kind is Topic.DEBRIS and (debris is None or count is None):
        return None
    if kind is Topic.DAMAGE and debris is not None and _cause(debris, one):
        kind = Topic.DEBRIS
        if phrase.mass and count == 1:
            count, qualifier = None, Qualifier.UNKNOWN
    if kind is Topic.ALERT:
        count, qualifier = None, Qualifier.SEVERAL if qualifier is Qualifier.SEVERAL else Qualifier.UNKNOWN
    first, last = _extent(scene, phrase, one.act, later)
    if kind is Topic.DEBRIS and debris is not None:
        first, last = min(first, debris.first), max(last, debris.last)
    start, end = scene.tokens[first].start, scene.tokens[last - 1].end
    if one.cost == JOINED:
        start, end = scene.tokens[phrase.first].start, scene.tokens[_tail(scene, phrase) - 1].end
    elif end - start > _WIDEST:
        start, end = scene.tokens[phrase.first].start, scene.tokens[phrase.last - 1].end
    words = scene.words(text, one.act.first, one.act.last)
    return Draft(
        kind,
        count,
        qualifier,
        start,
        end,
        scene.tokens[phrase.first].start,
        _object(scene, text, phrase),
        phrase.head,
        phrase.of,
        part=one.cost == JOINED,
        state=one.kind == "missing" or one.act.says("state"),
        alert_state=Said.ACTIVE if kind is Topic.ALERT else None,
        subset=phrase.of_them,
        mass=phrase.mass,
        rule="counted",
        steps=(
            Step("phrase", scene.words(text, phrase.first, phrase.last)),
            Step(f"act: {one.kind} (cost {one.cost})", words),
        ),
    )


def _tail(scene: Scene, phrase: Phrase) -> int:
    """Return where the words behind a phrase end that say where it was: "9 in the west"."""
    last = phrase.last
    while last < min(len(scene.tokens), phrase.last + 4) and scene.tokens[last].norm[0].isalnum():
        last += 1
    return last


def _cause(debris: Tag, one: Link) -> bool:
    return (abs(debris.first - one.act.first) < 25 and one.kind != "hit") or debris.last <= one.act.first


def _extent(scene: Scene, phrase: Phrase, act: Tag, later: bool) -> tuple[int, int]:
    """Return the tokens that say it; of a list behind its act the later items stand alone."""
    if later and act.last <= phrase.first:
        return phrase.first, phrase.last
    return min(phrase.first, act.first), max(phrase.last, act.last)


def _object(scene: Scene, text: str, phrase: Phrase) -> str:
    first, last = phrase.noun
    return scene.words(text, first, last) if last > first else ""


def _more(scene: Scene, text: str, one: Link, made: Draft) -> list[Draft]:
    """Return what else the phrase of an interception says: how many there were."""
    phrase = one.phrase
    if made.kind is not Topic.INTERCEPTED:
        return []
    if phrase.of is not None:
        qualifier = Qualifier.AT_LEAST if phrase.of_least else Qualifier.EXACT
        return [_copy(made, phrase.of, qualifier, "of")]
    follows = [tag for tag in scene.tags if phrase.last <= tag.first <= phrase.last + 4]
    launched = next((tag for tag in follows if tag.says("launch")), None)
    if launched is not None and phrase.count is not None and not phrase.mass and one.act.last <= phrase.first:
        more = _copy(made, phrase.count, Qualifier.EXACT, "relative")
        more.start, more.end = scene.tokens[phrase.first].start, scene.tokens[launched.last - 1].end
        return [more]
    return []


def _copy(made: Draft, count: int, qualifier: Qualifier, rule: str) -> Draft:
    return Draft(
        Topic.LAUNCHED,
        count,
        qualifier,
        made.start,
        made.end,
        made.anchor,
        made.object,
        made.head,
        rule=rule,
        steps=(*made.steps, Step(rule, str(count))),
    )


__all__ = ["ACTS", "PEOPLE", "Draft", "draft"]
