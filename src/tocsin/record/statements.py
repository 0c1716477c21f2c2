"""Statements: what somebody says of an attack that is no figure, and what a text says that it cannot know."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.record.claims import Polarity, Qualifier, Step, Topic
from tocsin.record.context import Context
from tocsin.record.drafts import Draft
from tocsin.record.grammar import Scene
from tocsin.record.lexicon import Tag


def statements(
    scenes: Sequence[Scene], contexts: Sequence[Context], drafts: Sequence[Draft], text: str
) -> list[Draft]:
    """Return one statement for each sentence that somebody says and that claims nothing else.

    Also what is not known: "could not independently verify", "no immediate comment".
    """
    found: list[Draft] = []
    for number, (scene, context) in enumerate(zip(scenes, contexts, strict=True)):
        unknown = next((tag for tag in scene.tags if tag.says("not_clear")), None)
        comment = unknown is not None and unknown.says("not_clear.comment")
        yet = [tag for tag in scene.tags if tag.says("unknown_yet")]
        mine = [one for one in drafts if one.sentence == number]
        if unknown is not None or (yet and not mine):
            polarity = Polarity.NONE_REPORTED if comment else Polarity.UNCONFIRMED
            found.append(_whole(scene, number, polarity, "not clear"))
        elif not mine and not scene.sentence.headline and (context.speeches or scene.sentence.quoted):
            found.append(_whole(scene, number, Polarity.ASSERTED, "said"))
        if not any(one.sentence == number for one in found):
            found += [_declared(scene, number, tag) for tag in scene.tags if tag.says("declares")]
    return found


def _declared(scene: Scene, number: int, tag: Tag) -> Draft:
    """Return what somebody promised, urged or rejected, from the verb to the end of its clause."""
    last = tag.last
    while last < len(scene.tokens) and scene.tokens[last].norm not in ".,;!?":
        last += 1
    made = _whole(scene, number, Polarity.ASSERTED, "declared")
    made.start = made.anchor = scene.tokens[tag.first].start
    made.end = scene.tokens[last - 1].end
    return made


def _whole(scene: Scene, number: int, polarity: Polarity, rule: str) -> Draft:
    start, end = scene.sentence.start, scene.sentence.end
    return Draft(
        Topic.STATEMENT,
        None,
        Qualifier.UNKNOWN,
        start,
        end,
        start,
        head="event",
        polarity=polarity,
        sentence=number,
        rule=rule,
        steps=(Step(rule, ""),),
    )
