"""Judging: which drafts stand, and how the text stands to them.

1.  A list goes on with what its opening line began.
2.  What is said again without a number is not claimed again.
3.  An older figure that the same text replaces is *superseded*; one that it takes back, *retracted*.
4.  "All" without a number means the number said just before, if it is of the same kind of weapon.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from tocsin.record.claims import Polarity, Qualifier, Step, Topic
from tocsin.record.drafts import PEOPLE, Draft
from tocsin.record.grammar import Scene

_LISTED = (Topic.LAUNCHED, Topic.INTERCEPTED, Topic.DAMAGE, Topic.KILLED, Topic.INJURED)
_WIDEST = 180  # characters of a span that holds "all" and the number that it means
_HEADING = 4  # tokens of a heading
_PROSE = 3  # sentences before a list that closes a report
_FAR = 2  # sentences between a number and the "all" that means it


def continue_lists(scenes: Sequence[Scene], drafts: list[Draft], text: str) -> list[Draft]:
    """Return the drafts with those of lists, whose items name no act of their own."""
    out: list[Draft] = []
    opening: Draft | None = None
    hanging, opened = False, 0
    for number, scene in enumerate(scenes):
        mine = [one for one in drafts if one.sentence == number]
        out += mine
        if not mine and number and (part := _part_of_before(scene, out, text, number)) is not None:
            out.append(part)
            continue
        ends = text[: scene.sentence.end].rstrip()[-1:]
        item = scene.sentence.bullet or hanging
        if not mine and item and opening is not None:
            listed = _items(scene, text, opening, number)
            for one in listed:
                one.opened_by = opened
            out += listed
            hanging = hanging and bool(listed)
            continue
        opens = ends == ":"
        begun = _begun(scene) if opens else None
        if opens and (mine or begun):
            kind = begun or mine[-1].kind
            base = next((one for one in mine if one.kind is kind), mine[0] if mine else None)
            opening = (
                Draft(
                    kind,
                    None,
                    Qualifier.UNKNOWN,
                    0,
                    0,
                    0,
                    of=base.count if base and base.kind is kind else None,
                )
                if kind in _LISTED
                else None
            )
            opened = number
        hanging = opens and opening is not None
        if not opens and not scene.sentence.bullet:
            opening = None
    return out


def _part_of_before(scene: Scene, out: Sequence[Draft], text: str, number: int) -> Draft | None:
    """Return the part of the last toll that a sentence is about: "Three of them are doctors."."""
    phrase = scene.phrases[0] if scene.phrases else None
    before = out[-1] if out and out[-1].sentence == number - 1 else None
    if phrase is None or before is None or before.kind not in PEOPLE or not before.count:
        return None
    if not phrase.of_them or phrase.count is None or phrase.count > before.count or phrase.first > 1:
        return None
    start, end = scene.tokens[phrase.first].start, scene.tokens[-1].end
    step = Step("part of the figure before", scene.words(text, phrase.first, phrase.last))
    return Draft(
        before.kind,
        phrase.count,
        phrase.qualifier,
        start,
        end,
        start,
        head="person",
        of=before.count,
        sentence=number,
        subset=True,
        rule="part",
        steps=(step,),
    )


def _begun(scene: Scene) -> Topic | None:
    """Return what the opening line of a list began, by its last act."""
    for tag in reversed(scene.tags):
        if tag.says("down", "down_damage"):
            return Topic.INTERCEPTED
        if tag.says("launch", "attack"):
            return Topic.LAUNCHED
    return None


def _items(scene: Scene, text: str, opening: Draft, number: int) -> list[Draft]:
    found: list[Draft] = []
    for phrase in scene.phrases:
        opens = phrase.head == "weapon" and not found and phrase.first <= 2
        if (
            phrase.included
            or (phrase.count is None and not opens)
            or phrase.head not in ("weapon", "person", "asset", "?", "weapon.mod")
        ):
            if not (phrase.of_them and found):
                continue
        if found and not phrase.of_them and phrase.head != "weapon":
            continue
        if phrase.mass and not opens:
            continue
        start, end = scene.tokens[phrase.first].start, scene.tokens[phrase.last - 1].end
        first, last = phrase.noun
        found.append(
            Draft(
                opening.kind,
                phrase.count,
                phrase.qualifier,
                start,
                end,
                start,
                scene.words(text, first, last) if last > first else "",
                phrase.head,
                opening.of,
                sentence=number,
                subset=phrase.of_them,
                rule="list",
                steps=(Step("list", scene.words(text, phrase.first, phrase.last)),),
            )
        )
    return found


def recaps(scenes: Sequence[Scene], text: str) -> set[int]:
    """Return the sentences that go back over what was told before.

    They stand under a heading that says so ("Background:"), or in a list of dashes that closes a report
    and that no line opened.
    """
    found: set[int] = set()
    for number, scene in enumerate(scenes):
        if len(scene.tokens) <= _HEADING and any(tag.says("recap") for tag in scene.tags):
            found.update(range(number + 1, len(scenes)))
            break
    first = len(scenes)
    while first and scenes[first - 1].sentence.bullet:
        first -= 1
    if _PROSE <= first < len(scenes) and scenes[first].tokens[0].norm in ("-", "–", "•"):
        if not text[: scenes[first].sentence.start].rstrip().endswith(":"):
            found.update(range(first, len(scenes)))
    return found


def settle(scenes: Sequence[Scene], drafts: list[Draft], located: Collection[int]) -> list[Draft]:
    """Return the drafts that stand, by their place in the text.

    Args:
        scenes: The sentences.
        drafts: What they claim.
        located: The sentences that name a place of their own.
    """
    drafts.sort(key=lambda one: (one.sentence, one.start, one.end))
    for one in drafts:
        _fill_all(one, drafts)
    kept = _once(scenes, drafts)
    _supersede(scenes, kept, located)
    _replaced(scenes, kept)
    _retract(scenes, kept)
    return kept


def _fill_all(one: Draft, drafts: Sequence[Draft]) -> None:
    if one.qualifier is not Qualifier.ALL or one.count is not None or one.kind is not Topic.INTERCEPTED:
        return
    for other in reversed([d for d in drafts if d.kind is Topic.LAUNCHED and d.start < one.start]):
        near = one.sentence - other.sentence < _FAR and one.end - other.start < _WIDEST
        if near and other.count is not None and other.qualifier is Qualifier.EXACT:
            one.count, one.start = other.count, other.start  # the number must stand in the span
            one.steps = (*one.steps, Step("all of", str(other.count)))
        return


def _once(scenes: Sequence[Scene], drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts without those that say again, and without a number, what another says."""
    kept: list[Draft] = []
    for one in drafts:
        same = [d for d in drafts if d is not one and d.kind is one.kind and d.kind is not Topic.STATEMENT]
        if any(_inside(one, d) and (d in kept or d.count is not None) for d in same):
            continue
        if one.count is None and one.mass and _again(scenes, one, same):
            continue
        kept.append(one)
    return kept


def _inside(one: Draft, other: Draft) -> bool:
    """Say whether a draft without a number lies in another that says the same."""
    return (
        one.count is None
        and one.qualifier is not Qualifier.SEVERAL
        and other.start <= one.start
        and one.end <= other.end
    )


def _again(scenes: Sequence[Scene], one: Draft, same: Sequence[Draft]) -> bool:
    if scenes[one.sentence].sentence.headline:
        return len(scenes) > 1 and one.kind is not Topic.ALERT
    if one.kind is Topic.LAUNCHED:
        both = "-дрон" in one.object  # an attack by missiles and drones
        return one.qualifier is Qualifier.UNKNOWN and any(
            d.count is not None and d.head == one.head and (both or _alike(d, one)) for d in same
        )
    if one.kind in PEOPLE:
        return one.qualifier is Qualifier.UNKNOWN and any(d.count is not None for d in same)
    return False


def _alike(one: Draft, other: Draft) -> bool:
    """Say whether one of two weapons is called as the other is, or less exactly."""
    a, b = ({word[:4] for word in re.findall(r"[^\W\d_]{3,}", d.object.casefold())} for d in (one, other))
    return bool(a and b) and (a <= b or b <= a)


def _supersede(scenes: Sequence[Scene], drafts: Sequence[Draft], located: Collection[int]) -> None:
    """Mark the figures that a later one replaces: "rose to 15"."""
    for later in drafts:
        if (
            later.kind not in PEOPLE
            or later.count is None
            or later.subset
            or later.polarity is not Polarity.ASSERTED
        ):
            continue
        if not any(tag.says("update") for tag in scenes[later.sentence].tags):
            continue
        older = [one for one in drafts if _older(one, later) and not _former(scenes, later)]
        corrected = any(tag.says("update.correct") for tag in scenes[later.sentence].tags)
        largest = max((one.count or 0 for one in older), default=0)
        for one in older:
            grown = (later.count or 0) > (one.count or 0)
            if corrected or (grown and (one.count == largest or one.sentence not in located)):
                one.polarity = Polarity.SUPERSEDED


def _former(scenes: Sequence[Scene], one: Draft) -> bool:
    """Say whether it is told as an earlier figure: "police earlier put the toll at 27"."""
    scene = scenes[one.sentence]
    return any(
        tag.says("former") and -60 <= one.start - scene.tokens[tag.first].start <= 80 for tag in scene.tags
    )


def _replaced(scenes: Sequence[Scene], drafts: Sequence[Draft]) -> None:
    """Mark the figures that are told as earlier ones, if the text has a larger one."""
    for one in drafts:
        if one.kind not in PEOPLE or not one.count or one.subset or not _former(scenes, one):
            continue
        news = [d for d in drafts if d.kind is one.kind and d is not one and not _former(scenes, d)]
        if any((d.count or 0) > one.count and not d.subset for d in news):
            one.polarity = Polarity.SUPERSEDED


def _older(one: Draft, later: Draft) -> bool:
    """Say whether it is an earlier figure of the same kind, and of the whole."""
    whole = not one.subset and not one.part
    other = one.count not in (None, 0, later.count)
    return whole and other and one.kind is later.kind and one.sentence < later.sentence


def _retract(scenes: Sequence[Scene], drafts: Sequence[Draft]) -> None:
    """Mark what a later sentence of the text takes back."""
    for number, scene in enumerate(scenes):
        if not any(tag.says("retract") for tag in scene.tags):
            continue
        here = [one for one in drafts if one.sentence == number and one.kind is not Topic.STATEMENT]
        for denied in here:
            denied.polarity = Polarity.UNCONFIRMED
            for one in drafts:
                if one.kind is denied.kind and one.sentence < number and one.polarity is Polarity.ASSERTED:
                    one.polarity = Polarity.RETRACTED
