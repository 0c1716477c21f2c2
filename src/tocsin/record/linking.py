"""Linking: which phrase belongs to which act, "14 drones" to "shot down".

Every phrase goes to the act that is nearest of those that may take it.  Near is counted in
costs: a word 1, a comma 3, another act 8, the wrong side of the act 5, and so on (``_COSTS``).
What fits no act within ``_FAR`` belongs to none: we would rather miss a claim than invent one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from tocsin.record.claims import Qualifier
from tocsin.record.grammar import Grammar, Phrase, Scene
from tocsin.record.lexicon import Tag

ACTS = (
    "launch", "attack", "down", "down_damage", "lost", "kill", "injure", "missing", "rescue",
    "damage", "hit", "outage", "track", "fire", "fall",
)  # fmt: skip
_TAKES: Mapping[str, tuple[str, ...]] = {
    "weapon": ("launch", "attack", "down", "down_damage", "lost", "hit", "track"),
    "strikes": ("launch", "under"),
    "person": ("kill", "injure", "missing", "rescue", "outage"),
    "customers": ("outage",),
    "asset": ("damage", "down_damage", "hit", "fire", "outage"),
    "locations": ("hit", "hit.n", "fall"),
    "": (
        "kill",
        "injure",
        "missing",
        "rescue",
        "down",
        "down_damage",
        "launch",
        "lost",
        "outage",
        "fall",
        "damage",
    ),
    "?": ("kill", "injure", "damage", "missing", "rescue", "down_damage"),
}
_FAR = 26
JOINED = -1  # the cost of a phrase that goes on with the one before it
_ITSELF = {
    "killed.n": "kill",
    "injured.n": "injure",
    "missing.n": "missing",
    "hit.n": "hit",
    "down": "down",
    "damage": "damage",
    "kill": "kill",
    "injure": "injure",
    "missing": "missing",
}
_AS_NOUN = {"kill": "killed.n", "injure": "injured.n", "missing": "missing.n"}  # "fatalities: 5"
_NEAR = {"": 7, "?": 6}  # a number without a known noun must stand beside its act
_COSTS = {",": 3, ";": 12, ":": 5, "—": 4, "–": 4, "(": 5, ")": 3, '"': 2, "“": 2, "”": 2, "«": 1, "»": 1}


class Link(NamedTuple):
    """A phrase and its act."""

    phrase: Phrase
    act: Tag
    kind: str  # the class of the act that takes it
    cost: int


def link(scene: Scene, grammar: Grammar) -> list[Link]:
    """Return the phrases of a sentence with their acts, in the order of the text."""
    road = _road(scene, grammar)
    acts = [
        (tag, grammar.voice(scene.tokens, scene.tags, tag))
        for tag in scene.tags
        if tag.says(*ACTS, *_AS_NOUN.values(), "under")
    ]
    found: list[Link] = []
    for phrase in scene.phrases:
        opening = scene.at.get(0)
        if phrase.included and opening is not None and opening.last == phrase.first:
            kind = next((k for k in ("kill", "injure") if opening.says(f"including.{k}")), None)
            if kind is not None:  # "Among the wounded were three children.": a sentence of its own
                part = replace(phrase, included=False, of_them=True)
                found.append(Link(part, opening, kind, 0))
                continue
        if phrase.included or phrase.head in ("weapon.mod", "service", "explosion"):
            continue
        if phrase.mass and _same_body(scene, phrase, found):
            continue
        own = _ITSELF.get(phrase.inner) or _ITSELF.get(phrase.head)
        if own is not None:
            if (
                not phrase.mass
                or phrase.qualifier not in (Qualifier.UNKNOWN, Qualifier.EXACT)
                or _there_is(scene, phrase)
            ):
                found.append(Link(phrase, Tag(phrase.first, phrase.last, frozenset((own,))), own, 0))
            continue
        if (phrase.mass or phrase.fraction) and (phrase.head == "strikes" or _maybe(scene, phrase)):
            continue
        best = _best(scene, phrase, acts, road, grammar)
        if best is not None and found and _same_list(scene, best, found[-1], grammar):
            best = best._replace(act=found[-1].act, kind=found[-1].kind)
        if best is not None and found and _named_too(scene, best, found[-1]):
            continue
        if best is not None and phrase.head == "" and found and _same(best, found[-1]):
            best = best._replace(cost=JOINED)
        if best is not None:
            found.append(best)
        elif (
            found
            and found[-1].kind not in ("fire", "damage", "hit")
            and _joined(scene, found[-1], phrase, grammar)
        ):
            found.append(Link(phrase, found[-1].act, found[-1].kind, JOINED))
    return found


def _same_body(scene: Scene, phrase: Phrase, found: Sequence[Link]) -> bool:
    """Say whether it only names again whose body was found: "the bodies of two people"."""
    if phrase.head == "killed.n":
        return any(one.first == phrase.last and one.count for one in scene.phrases)
    before = found[-1].phrase if found else None
    return before is not None and before.head == "killed.n" and before.last == phrase.first


def _there_is(scene: Scene, phrase: Phrase) -> bool:
    """Say whether it is what is told: "there are wounded"."""
    for tag in scene.tags:
        if tag.says("there_is") and 0 <= phrase.first - tag.last <= 2:
            return True
        near = 0 <= phrase.first - tag.last <= 4 or 0 <= tag.first - phrase.last <= 4
        if phrase.head == "killed.n" and tag.says("find") and near:
            return True  # "the body of a woman was found"
    return False


def _named_too(scene: Scene, one: Link, before: Link) -> bool:
    """Say whether it only names more of a counted list: "90 drones of the type A, B and other types"."""
    if not one.phrase.mass or one.phrase.count is not None or one.phrase.head != "weapon":
        return False
    if before.phrase.last == one.phrase.first or (
        before.phrase.of_them and one.phrase.first - before.phrase.last < 4
    ):
        return True  # "six hits of attack drones", "30 of them are Shaheds"
    same = (
        before.phrase.count
        and not before.phrase.mass
        and one.act is before.act
        and before.phrase.head in ("weapon", "")
    )
    return bool(same) and one.phrase.first >= before.phrase.last


def _same(one: Link, before: Link) -> bool:
    """Say whether a figure without a noun goes on behind another: "wounded 21 people: 12 in the east"."""
    return (
        one.act is before.act
        and one.act.last <= before.phrase.first
        and before.phrase.last <= one.phrase.first
    )


def _same_list(scene: Scene, one: Link, before: Link, grammar: Grammar) -> bool:
    """Say whether it goes on with the list before it: "damaged a roof and a barn, broke windows"."""
    first, second = before.phrase, one.phrase
    if first.head != second.head or not before.act.last <= first.first or one.act.first < second.last:
        return False
    between = scene.tokens[first.last : second.first]
    after = scene.tokens[second.last].norm if second.last < len(scene.tokens) else ""
    return len(between) == 1 and between[0].norm in grammar.lists and between[0].norm != "," and after == ","


def _road(scene: Scene, grammar: Grammar) -> list[int]:
    """Return the cost of the way from the beginning to each token."""
    road = [0]
    acts = {tag.first for tag in scene.tags if tag.says(*ACTS)}
    free = {place for one in scene.phrases if one.included for place in range(one.first - 2, one.last + 1)}
    for place, word in enumerate(scene.tokens):
        if place in free:
            road.append(road[-1])  # "16 people, including four children, were hurt"
            continue
        cost = _COSTS.get(word.norm, 1)
        if word.norm in grammar.clauses:
            cost += 4
        if place in acts:
            cost += 7
        road.append(road[-1] + cost)
    return road


def _best(
    scene: Scene, phrase: Phrase, acts: Sequence[tuple[Tag, str]], road: Sequence[int], grammar: Grammar
) -> Link | None:
    best: Link | None = None
    limit = _NEAR.get(phrase.head, _FAR)
    risen = any(tag.last == phrase.first and tag.says("rise") for tag in scene.tags)
    limit = _FAR if risen else limit
    for act, voice in acts:
        kinds = [name for name in _TAKES.get(phrase.head, ()) if act.says(name, _AS_NOUN.get(name, name))]
        if not kinds or (phrase.first < act.last and act.first < phrase.last):
            continue
        kind = _kind(phrase, kinds)
        right = phrase.first >= act.last
        if kind == "attack" and not _by_means(scene, phrase, right, grammar):
            continue
        cost = road[phrase.first] - road[act.last] if right else road[act.first] - road[phrase.last]
        if not right and _dashed(scene, phrase, act):
            cost = 1
        if voice == "none" or (voice == "right!" and not right) or (risen and not right):
            continue
        if (
            kind == "attack"
            and phrase.count is None
            and act.says("attack.n")
            and not _carried_out(scene, act)
        ):
            continue
        if voice == ("left" if right else "right"):
            cost += 6
        if phrase.located and kind == "fire":
            continue
        if (
            phrase.located
            and right
            and (phrase.mass or phrase.count is None)
            and phrase.head != "locations"
            and kind in ("damage", "down_damage", "hit", "fire")
        ):
            continue  # "damaged a balcony in a house": not the house
        if is_future(scene, act):
            continue
        if kind in ("hit", "track", "lost", "rescue") or (kind == "outage" and phrase.head == "person"):
            cost += 1
        far = limit + 8 if scene.tokens[act.first].norm in grammar.counts else limit
        if cost <= far and (best is None or cost < best.cost):
            best = Link(phrase, act, kind, cost)
    return best


def _kind(phrase: Phrase, kinds: Sequence[str]) -> str:
    return kinds[-1] if phrase.head == "asset" and "damage" not in kinds else kinds[0]


def _by_means(scene: Scene, phrase: Phrase, right: bool, grammar: Grammar) -> bool:
    """Say whether the attack was made with it, "attacked the port with ten drones", not upon it."""
    if not right or not grammar.means:
        return True
    before = phrase.first - 1
    while before > 0 and (
        scene.tokens[before].norm in grammar.articles or not scene.tokens[before].norm[0].isalnum()
    ):
        before -= 1
    return scene.tokens[before].norm in grammar.means or _after_means(scene, phrase, grammar)


def _after_means(scene: Scene, phrase: Phrase, grammar: Grammar) -> bool:
    """Say whether it follows in a list, "with two missiles and ten drones"."""
    earlier = [one for one in scene.phrases if one.last <= phrase.first and one.head == phrase.head]
    if not earlier:
        return False
    between = scene.tokens[earlier[-1].last : phrase.first]
    return any(word.norm in grammar.joins for word in between) and len(between) < 14


def _joined(scene: Scene, link_before: Link, phrase: Phrase, grammar: Grammar) -> bool:
    """Say whether a phrase goes on with what the one before it began, "12 in the east, 9 in the west"."""
    before, own = link_before.phrase, link_before.act
    between = [word.norm for word in scene.tokens[before.last : phrase.first]]
    if (
        phrase.head not in ("", before.head)
        or (phrase.count is None and not phrase.of_them)
        or len(between) > (40 if phrase.head == "weapon" else 14)
    ):
        return False
    broken_down = between[-1:] and between[-1] in (":", "—", "–", "-", "(")
    if not broken_down and any(
        tag.says(*ACTS)
        for tag in scene.tags
        if before.last <= tag.first < phrase.first and tag.first != own.first
    ):
        return False
    behind = [word.norm for word in scene.tokens[phrase.last : phrase.last + 2]]
    after = next((norm for norm in behind if norm not in ("-", "–", "—")), "")
    return phrase.of_them or after in grammar.places or phrase.head == before.head != ""


def _dashed(scene: Scene, phrase: Phrase, act: Tag) -> bool:
    """Say whether only a dash stands between: "двоє – поранені"."""
    between = scene.tokens[phrase.last : act.first]
    return len(between) == 1 and between[0].norm in ("-", "–", "—")


def _maybe(scene: Scene, phrase: Phrase) -> bool:
    """Say whether it is only possible: "which may have been cruise missiles"."""
    if phrase.head == "person":
        return False  # people who may be under the rubble are missing
    maybe = [tag for tag in scene.tags if tag.says("drill", "hedge.may")]
    if phrase.fraction:
        return any(0 <= tag.first - phrase.last <= 1 for tag in maybe)
    return any(tag.last <= phrase.first <= tag.last + 3 for tag in maybe)


def _carried_out(scene: Scene, act: Tag) -> bool:
    """Say whether an attack is what is told, "carried out an attack", not when or why: "after the attack"."""
    return any(tag.says("under", "launch") and 0 <= act.first - tag.last <= 4 for tag in scene.tags)


def is_future(scene: Scene, act: Tag) -> bool:
    """Say whether it is only feared or planned: "threatening to leave the town without light".

    People who may be under the rubble are missing.
    """
    if act.says("missing"):
        return False
    for tag in scene.tags:
        if tag.says("drill") and tag.last <= act.first <= tag.last + 5:
            return all(word.norm[0].isalnum() for word in scene.tokens[tag.last : act.first])
    return False
