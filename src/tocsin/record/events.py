"""Events: what a sentence claims without counting it: nobody hurt, power out, explosions, debris, alerts.

Also the statements: what somebody says of an attack that is no figure, and what a text says that it
does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.record.claims import Polarity, Qualifier, Said, Step, Topic
from tocsin.record.drafts import Draft
from tocsin.record.grammar import Grammar, Scene
from tocsin.record.lexicon import Tag
from tocsin.record.linking import ACTS, is_future

_REACH = 9  # words between "no" and the last thing that there is none of
_ALERT_STATES = (
    (Said.FALSE_ALARM, "alert.false"),
    (Said.CLEARED, "alert.clear"),
    (Said.ACTIVE, "alert.active"),
    (Said.RAISED, "alert.raise"),
    (Said.WARNING, "alert.warn"),
)
_SHORT = 14  # tokens of a message that is nothing but an alert
_SIDES = 14  # words between an explosion and what is said of it


def events(scene: Scene, text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """Return what a sentence claims beside its phrases and beside what it denies."""
    found = [*_explosions(scene, text), *_alerts(scene, text), *_outages(scene, text, drafts)]
    if not any(one.kind in (Topic.DEBRIS, Topic.DAMAGE) and one.count != 0 for one in drafts):
        found += _damage(scene, text, drafts)
    return found


def make(
    scene: Scene, text: str, kind: Topic, first: int, last: int, rule: str, *,
    qualifier: Qualifier = Qualifier.UNKNOWN, count: int | None = None, what: Tag | None = None,
    polarity: Polarity = Polarity.ASSERTED, state: Said | None = None,
) -> Draft:  # fmt: skip
    """Return a draft over the tokens from ``first`` up to, not including, ``last``."""
    words = scene.words(text, first, last)
    start, end = scene.tokens[first].start, scene.tokens[last - 1].end
    thing = scene.words(text, what.first, what.last) if what is not None else ""
    return Draft(
        kind,
        count,
        qualifier,
        start,
        end,
        start,
        thing,
        "event",
        polarity=polarity,
        alert_state=state,
        mass=True,
        rule=rule,
        steps=(Step(rule, words),),
    )


def denials(scene: Scene, text: str, grammar: Grammar) -> list[Draft]:
    """Read "no casualties or damage": a count of 0 for each kind that is named."""
    found: list[Draft] = []
    for tag in scene.tags:
        if tag.says("unhurt"):
            found.append(
                make(
                    scene, text, Topic.INJURED, tag.first, tag.last, "none", qualifier=Qualifier.NONE,
                    count=0, what=tag, polarity=Polarity.DENIED,
                )
            )  # fmt: skip
        after = tag.says("none.after")
        if not (tag.says("none") or tag.says("nobody")) or any(one.says("unknown_yet") for one in scene.tags):
            continue
        kinds, first, last = _kinds(scene, tag, after, grammar)
        if after and not kinds:
            kinds, first, last = _kinds(scene, tag, False, grammar)
        for kind in dict.fromkeys(kinds):
            if any(one.kind is kind for one in found):
                continue  # "without casualties, there is no damage": said once
            found.append(
                make(
                    scene,
                    text,
                    kind,
                    first,
                    last,
                    "none",
                    qualifier=Qualifier.NONE,
                    count=0,
                    what=tag,
                    polarity=Polarity.DENIED,
                )
            )
    return found


def _kinds(scene: Scene, tag: Tag, after: bool, grammar: Grammar) -> tuple[list[Topic], int, int]:
    """Return the kinds that there is none of, and the tokens that say so."""
    kinds: list[Topic] = []
    first, last = tag.first, tag.last
    nobody = tag.says("nobody")
    near = [one for one in scene.tags if (one.last <= tag.first if after else one.first >= tag.last)]
    for one in reversed(near) if after else near:
        edge = first - one.last if after else one.first - last
        between = scene.tokens[one.last : first] if after else scene.tokens[last : one.first]
        if edge > (3 if kinds else _REACH if after else 4) or any(
            word.norm in ";:.(" or word.norm in grammar.clauses for word in between
        ):
            break
        said = _absent(one, nobody)
        if not said:
            if one.says("at_least", "several", "launch", "weapon", "asset.sg", "down") or grammar.number(
                scene.tokens, one.first
            ):
                break
            continue
        kinds += said
        first, last = min(first, one.first), max(last, one.last)
    return kinds, first, last


def _absent(tag: Tag, nobody: bool) -> list[Topic]:
    if tag.says("casualties"):
        return [Topic.KILLED, Topic.INJURED]
    if tag.says("killed.n") or tag.says("kill"):
        return [Topic.KILLED]
    if tag.says("injured.n") or tag.says("injure"):
        return [Topic.INJURED]
    if tag.says("damage", "damage.n", "fire", "down_damage", "hit.n") and not nobody:
        return [Topic.DAMAGE]
    return []


def _explosions(scene: Scene, text: str) -> list[Draft]:
    found = []
    for tag in scene.tags:
        if not tag.says("explosion"):
            continue
        said = [one for one in scene.tags if one.says("explode") and _told_of(scene, one, tag)]
        if not said:
            continue
        near = min(said, key=lambda one: abs(one.first - tag.first))
        counted = next(
            (one for one in scene.phrases if one.head == "explosion" and one.last == tag.last), None
        )
        several = tag.says("explosion.pl")
        count, qualifier = (None, Qualifier.SEVERAL) if several else (1, Qualifier.EXACT)
        if counted is not None:
            count, qualifier = counted.count, counted.qualifier
        first, last = min(tag.first, near.first), max(tag.last, near.last)
        first = first if counted is None else min(first, counted.first)
        found.append(
            make(
                scene,
                text,
                Topic.EXPLOSION,
                first,
                last,
                "event",
                what=tag,
                qualifier=qualifier,
                count=count,
            )
        )
        break
    return found


def _told_of(scene: Scene, said: Tag, noun: Tag) -> bool:
    """Say whether an explosion is what is told, not what did harm: "the blast broke windows in houses"."""
    first, last = min(said.last, noun.last), max(said.first, noun.first)
    if last - first > _SIDES:
        return False
    if len(scene.tokens[said.first].norm) > 2:
        return True
    return not any(tag.says(*ACTS) for tag in scene.tags if first <= tag.first < last)


def _alerts(scene: Scene, text: str) -> list[Draft]:
    """Read sirens and alerts: raised, in force, warned of, cleared, false."""
    short = len(scene.tokens) <= _SHORT
    noun = next((tag for tag in scene.tags if tag.says("alert.n")), None)
    if noun is None:
        return _tracks(scene, text) if short else []
    everywhere = Qualifier.ALL if any(tag.says("all") for tag in scene.tags) else Qualifier.UNKNOWN
    for state, name in _ALERT_STATES:
        said = [tag for tag in scene.tags if tag.says(name) and abs(tag.first - noun.first) <= _SIDES]
        if said:
            near = min(said, key=lambda one: abs(one.first - noun.first))
            first, last = min(noun.first, near.first), max(noun.last, near.last)
            if short:
                first, last = 0, len(scene.tokens)
            known = None if state is Said.CLEARED and _threat_alone(scene) else state
            return [
                make(
                    scene,
                    text,
                    Topic.ALERT,
                    first,
                    last,
                    "event",
                    what=noun,
                    state=known,
                    qualifier=everywhere,
                )
            ]
    if short and not any(
        tag.says("advice") for tag in scene.tags
    ):  # a message of a channel: "Kyiv: air raid alert!"
        last = len(scene.tokens)
        return [
            make(
                scene, text, Topic.ALERT, 0, last, "event", what=noun, state=Said.RAISED, qualifier=everywhere
            )
        ]
    return []


def _threat_alone(scene: Scene) -> bool:
    """Say whether only a threat is said to be over: the alert may still be in force, so it is not cleared."""
    nouns = [tag for tag in scene.tags if tag.says("alert.n")]
    return any(tag.says("alert.n.threat") for tag in nouns) and not any(
        tag.says("alert.n.siren") for tag in nouns
    )


def _tracks(scene: Scene, text: str) -> list[Draft]:
    """Read a message that only says what flies where: "two missiles towards the port"."""
    if any(tag.says(*ACTS) for tag in scene.tags):
        return []
    weapon = next((phrase for phrase in scene.phrases if phrase.head == "weapon"), None)
    if weapon is None or not any(
        tag.says("towards") and 0 <= tag.first - weapon.last <= 2 for tag in scene.tags
    ):
        return []
    return [make(scene, text, Topic.ALERT, 0, len(scene.tokens), "event", state=Said.ACTIVE)]


def _outages(scene: Scene, text: str, drafts: Sequence[Draft]) -> list[Draft]:
    if any(one.kind is Topic.OUTAGE for one in drafts):
        return []
    service = next((phrase for phrase in scene.phrases if phrase.head == "service"), None)
    for tag in scene.tags:
        if not tag.says("outage"):
            continue
        if (tag.says("outage.cut") and service is None) or is_future(scene, tag):
            continue
        first, last = tag.first, tag.last
        if tag.says("outage.cut") and service is not None:
            first, last = min(first, service.first), max(last, service.last)
        several = tag.says("outage.pl")
        return [
            make(
                scene,
                text,
                Topic.OUTAGE,
                first,
                last,
                "act",
                what=tag,
                qualifier=Qualifier.SEVERAL if several else Qualifier.UNKNOWN,
            )
        ]
    return []


def _damage(scene: Scene, text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """Read damage, fires and debris that nothing is counted of."""
    if any(tag.says("unknown_yet", "extent") for tag in scene.tags):
        return []
    covered = [(one.start, one.end) for one in drafts]
    debris = next((tag for tag in scene.tags if tag.says("debris")), None)
    if debris is not None and any(one.kind is Topic.DEBRIS for one in drafts):
        return []
    for tag in scene.tags:
        place = scene.tokens[tag.first].start
        if debris is not None and tag.says("damage", "fire", "hit", "lost", "fall"):
            first, last = min(tag.first, debris.first), max(tag.last, debris.last)
            return [make(scene, text, Topic.DEBRIS, first, last, "event", what=debris)]
        if (
            debris is None
            and tag.says("damage.n", "fire")
            and not any(start <= place < end for start, end in covered)
        ):
            qualifier = Qualifier.SEVERAL if tag.says("fire.pl") else Qualifier.UNKNOWN
            return [
                make(
                    scene,
                    text,
                    Topic.DAMAGE,
                    max(0, tag.first - 2),
                    tag.last,
                    "event",
                    what=tag,
                    qualifier=qualifier,
                )
            ]
    return []
