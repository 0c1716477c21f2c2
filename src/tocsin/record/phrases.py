"""Phrases: how many of what, as "at least 14 of 17 attack drones" or "several buildings" say it.

A phrase is found from its number, or from a noun that stands without one.
What it belongs to, a launch or a loss, is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from tocsin.record.claims import Qualifier
from tocsin.record.grammar import Grammar, Number, Phrase, Scene
from tocsin.record.lexicon import Tag
from tocsin.record.nouns import MODIFIERS, NOUNS, PASSED, compound, counted_noun, noun_class
from tocsin.record.text import Sentence, Token

_QUALIFIERS = {
    "at_least": Qualifier.AT_LEAST,
    "about": Qualifier.ABOUT,
    "at_most": Qualifier.AT_MOST,
    "all": Qualifier.ALL,
    "both": Qualifier.ALL,
    "several": Qualifier.SEVERAL,
}
_FROM, _TO = frozenset(("from", "з", "із", "від")), frozenset(("to", "до"))  # of a range, in any language
_AGED = frozenset(("aged", "віком"))
_PEOPLE = ("", "person", "killed.n", "injured.n")
_SAYING = frozenset(("is", "are", "was", "were", "has", "have", "had", "-", "–", "—", "є", "був", "були"))


def look(sentence: Sentence, grammar: Grammar) -> Scene:
    """Return a sentence with its phrases."""
    tags = grammar.lexicon.tags(sentence.tokens)
    at = {tag.first: tag for tag in tags}
    scene = Scene(sentence, tags, at, [])
    used: set[int] = set()
    place = 0
    while place < len(sentence.tokens):
        number = None if place in used else grammar.number(sentence.tokens, place)
        phrase = None
        if number is not None and not _no_count(sentence.tokens, place, number, grammar, at):
            phrase = _counted(scene, place, number, grammar)
        if phrase is not None:
            scene.phrases.append(phrase)
            used.update(range(phrase.first, phrase.last))
            place = phrase.last
        else:
            place = number.last if number else place + 1
    for tag in tags:
        if (
            tag.says(*NOUNS)
            and not tag.says("explosion")
            and not used.intersection(range(tag.first, tag.last))
        ):
            bare = _bare(scene, tag, used, grammar)
            scene.phrases.append(bare)
            used.update(range(bare.first, bare.last))
    for tag in tags:
        if tag.says("several", "all", "both") and not used.intersection(range(tag.first, tag.last)):
            if _lone(scene, tag):
                qualifier = Qualifier.SEVERAL if tag.says("several") else Qualifier.ALL
                count = 2 if tag.says("both") else None
                scene.phrases.append(Phrase(tag.first, tag.last, "", count, qualifier))
        them = scene.at.get(tag.last)
        if tag.says("part") and them is not None and them.says("of_them"):  # "more than half of them"
            least = any(one.last == tag.first and one.says("at_least") for one in tags) or tag.says(
                "part.least"
            )
            qualifier = Qualifier.AT_LEAST if least else Qualifier.UNKNOWN
            scene.phrases.append(
                Phrase(tag.first, them.last, "", None, qualifier, of_them=True, fraction=True)
            )
            continue
        after = scene.tokens[tag.last].norm if tag.last < len(scene.tokens) else ""
        if (
            tag.says("part.alone")
            and not used.intersection(range(tag.first, tag.last))
            and after not in grammar.joins
        ):
            scene.phrases.append(Phrase(tag.first, tag.last, "", None, Qualifier.UNKNOWN, fraction=True))
    scene.phrases.sort(key=lambda one: one.first)
    scene.phrases[:] = _finished(scene, grammar)
    return scene


def _lone(scene: Scene, tag: Tag) -> bool:
    """Say whether "several" or "dozens" stands for people: "several were hurt", "injuring dozens"."""
    near = [one for one in scene.tags if 0 <= one.first - tag.last <= 3 or one.last == tag.first]
    nouns = [one for one in near if one.says(*NOUNS) and one.first >= tag.last]
    acts = ("kill", "injure") if tag.says("several") else ("down", "down_damage")
    extra = ("down", "down_damage") if tag.says("several.alone") else ()
    return not nouns and any(one.says(*acts, *extra) for one in near)


def _finished(scene: Scene, grammar: Grammar) -> list[Phrase]:
    """Return the phrases, each with what only its neighbours show: a list after "including", a place."""
    out: list[Phrase] = []
    named = _named_behind(scene)
    for phrase in scene.phrases:
        if out and (whole := _of_whole(scene, out[-1], phrase)) is not None:
            phrase, out[-1] = whole, replace(out[-1], included=True)
        if _none_of(scene, phrase):
            phrase = replace(phrase, included=True)
        if phrase.mass and phrase.head == "person" and phrase.first > named:
            phrase = replace(phrase, included=True)  # "three were hurt: a woman, her son and a neighbour"
        before = scene.tokens[phrase.first - 1].norm if phrase.first else ""
        if out and out[-1].included and not phrase.included:
            between = [word.norm for word in scene.tokens[out[-1].last : phrase.first]]
            after = scene.at.get(phrase.last)
            if (
                0 < len(between) <= 2
                and set(between) <= grammar.lists
                and (after is None or not after.says("kill", "injure"))
            ):
                phrase = replace(phrase, included=True)
        if out and out[-1].head == "?" and phrase.head in ("strikes", "weapon", "asset"):
            gap = scene.tokens[out[-1].last : phrase.first]
            if 0 < len(gap) <= 2 and gap[-1].norm in grammar.lists and gap[-1].norm != ",":
                out[-1] = replace(out[-1], head=phrase.head)  # "four missile and 72 air strikes"
        if (
            out
            and out[-1].head == phrase.head == "person"
            and out[-1].last == phrase.first - 1
            and before in ("-", "–", "—", "(")
        ):
            phrase = replace(phrase, included=True)  # "six people - two boys and four girls - died"
        if (
            phrase.of_them
            and phrase.head in ("", "person")
            and before in (",", "(")
            and _aside(scene, phrase)
        ):
            phrase = replace(phrase, included=True)  # "11 people, two of them children, were hurt"
        if before in grammar.places and not any(
            tag.last == phrase.first and tag.last - tag.first > 1 for tag in scene.tags
        ):
            phrase = replace(phrase, located=True)
        out.append(phrase)
    return out


def _none_of(scene: Scene, phrase: Phrase) -> bool:
    """Say whether nothing happened to any of them: "none of the 11 missiles was shot down"."""
    ends = {tag.last: tag for tag in scene.tags if tag.last <= phrase.first}
    of = ends.get(phrase.first)
    none = ends.get(of.first) if of is not None and of.says("out_of", "all") else None
    return none is not None and none.says("none", "nobody")


def _of_whole(scene: Scene, whole: Phrase, part: Phrase) -> Phrase | None:
    """Return the part with its whole, if that opens the sentence: "Of 120 missiles, 102 were intercepted"."""
    opening = scene.at.get(0)
    if opening is None or not opening.says("out_of") or opening.last < whole.first or whole.mass:
        return None
    gap = [word.norm for word in scene.tokens[whole.last : part.first]]
    if gap not in ([], [","]) or part.head not in ("", "?", whole.head) or whole.count is None:
        return None
    if part.count is None or part.count > whole.count:
        return None
    return replace(part, first=whole.first, head=whole.head, of=whole.count, noun=whole.noun)


def _named_behind(scene: Scene) -> int:
    """Return the colon behind which those are named who were counted before it, else the end."""
    for place, word in enumerate(scene.tokens):
        if word.norm == ":":
            counted = any(
                (one.count or 0) > 1 and one.last <= place and one.head in _PEOPLE for one in scene.phrases
            )
            told = any(tag.says("kill", "injure") and tag.first > place for tag in scene.tags)
            return place if counted and not told else len(scene.tokens)
    return len(scene.tokens)


def _aside(scene: Scene, phrase: Phrase) -> bool:
    """Say whether a part is only named: nothing is said of it before the next comma or the end."""
    for place in range(phrase.last, len(scene.tokens)):
        norm = scene.tokens[place].norm
        if norm in ",).;":
            return True
        tag = scene.at.get(place)
        if norm in _SAYING or (tag is not None and not tag.says(*NOUNS, "out_of", "nothing", "adjective")):
            return False
    return True


def _no_count(
    words: Sequence[Token], place: int, number: Number, grammar: Grammar, at: Mapping[int, Tag]
) -> bool:
    """Say whether a number is a day, a year, a time, an age, a model or a measure."""
    before = words[place - 1].norm if place else ""
    after = words[number.last].norm if number.last < len(words) else ""
    if before in ("/", "$", "€", "№", "#", "-", "–") and (
        before == "/" or words[place - 1].end == words[place].start
    ):
        return True
    if (
        after == "/"
        and words[number.last].start == words[number.last - 1].end
        and number.last + 1 < len(words)
    ):
        if words[number.last + 1].norm[0].isdigit():
            return True
    if before in grammar.months or after in grammar.months or after.rstrip(".") in grammar.months:
        return True
    if (
        1900 <= number.value <= 2100
        and words[place].norm.isdigit()
        and (place == 0 or before in grammar.places or after in ("", ",", ".", ")"))
    ):
        return True
    if before in _AGED:
        return True
    if (
        place >= 3
        and before in _TO
        and words[place - 2].norm.isdigit()
        and words[place - 3].norm in grammar.months
    ):  # "March 4 to 5"
        return True
    if before in _FROM and after in _TO and number.last + 1 < len(words):  # "rose from 12 to 19"
        if grammar.number(words, number.last + 1):
            return True
    aged = at.get(place - 2)
    if (
        before in grammar.apposed
        and aged is not None
        and aged.last == place - 1
        and aged.says("person.sg")
        and not after[:1].isalpha()
    ):
        return True  # "a boy of 13,"
    if after in grammar.joins and number.last + 1 < len(words):  # "aged 40 and 12"
        other = grammar.number(words, number.last + 1)
        tag = at.get(other.last) if other else None
        return tag is not None and tag.says("nothing")
    return False


def _counted(scene: Scene, place: int, number: Number, grammar: Grammar) -> Phrase | None:
    first, qualifier, included = _before(scene, place, grammar)
    if number.last < len(scene.tokens) and scene.tokens[number.last].norm == "+":  # "90+ wounded"
        number, qualifier = Number(number.value, number.last + 1), Qualifier.AT_LEAST
    count, of, last = number.value, None, number.last
    of_them = False
    tag = scene.at.get(last)
    if tag is not None and tag.says("of_them"):
        of_them, last = True, tag.last
    elif tag is not None and tag.says("out_of"):
        whole = _whole(scene, tag.last, grammar)
        if whole is not None:
            of, last = whole.value, whole.last
    head, inner, end, noun = counted_noun(scene, last, grammar)
    if head == "nothing":
        return None
    if of_them and head == "?":  # "nine of them could be shot down"
        head, end, noun = "", last, (last, last)
    if tag is not None and tag.says("out_of") and of is None and head in ("", "?"):
        later = counted_noun(scene, tag.last, grammar)
        if later[0] == "nothing":
            return None
        if later[0] not in ("", "?"):
            head, inner, end, noun = later
    behind = scene.at.get(end)
    if of is None and head not in ("", "?") and behind is not None and behind.says("out_of"):
        whole = _whole(scene, behind.last, grammar)  # "33 drones out of 40"
        if (
            whole is not None
            and whole.value >= count
            and counted_noun(scene, whole.last, grammar)[0] in ("", "?")
        ):
            of, last = whole.value, whole.last
    return Phrase(
        first, max(end, last), head, count, qualifier, of, _at_least(scene, tag), inner, False, included,
        of_them, noun=noun,
    )  # fmt: skip


def _at_least(scene: Scene, out_of: Tag | None) -> bool:
    tag = scene.at.get(out_of.last) if out_of is not None else None
    return tag is not None and tag.says("at_least")


def _whole(scene: Scene, place: int, grammar: Grammar) -> Number | None:
    """Return the Y of "X of Y", past words such as "more than"."""
    tag = scene.at.get(place)
    if tag is not None and tag.says("at_least", "about", "exactly", "all"):
        place = tag.last
    return grammar.number(scene.tokens, place) if place < len(scene.tokens) else None


def _before(scene: Scene, place: int, grammar: Grammar) -> tuple[int, Qualifier, bool]:
    """Return where the qualifiers before a number begin, what they say, and whether it is only *included*."""
    ends = {tag.last: tag for tag in scene.tags if tag.last <= place and tag.last > place - 6}
    qualifier = Qualifier.EXACT
    while True:
        tag = ends.get(place)
        if tag is None and place and scene.tokens[place - 1].norm in grammar.articles:
            place -= 1
            continue
        if tag is None:
            return place, qualifier, False
        if tag.says("including"):
            return place, qualifier, True
        said = next((_QUALIFIERS[name] for name in _QUALIFIERS if tag.says(name)), None)
        if said is None and not tag.says("exactly", "group"):
            return place, qualifier, False
        if said is not None and qualifier is Qualifier.EXACT:
            qualifier = said
        place = tag.first


class _Before(NamedTuple):
    """What stands before a noun that has no number."""

    first: int
    qualifier: Qualifier | None
    article: bool
    fraction: bool
    included: bool
    pair: bool


def _determined(scene: Scene, tag: Tag, used: set[int], grammar: Grammar) -> _Before:
    """Return where a phrase without a number begins, and what the words before its noun say."""
    first, qualifier = tag.first, None
    fraction = included = pair = False
    article = scene.tokens[first].norm in grammar.articles
    ends = {one.last: one for one in scene.tags if one.last <= tag.first}
    for _ in range(MODIFIERS):
        before = ends.get(first)
        if before is None:
            if first == 0 or first - 1 in used or not _adjective(scene, first - 1, article, grammar):
                break
            first -= 1
            article = article or scene.tokens[first].norm in grammar.articles
            continue
        said = next((_QUALIFIERS[name] for name in _QUALIFIERS if before.says(name)), None)
        included = included or before.says("including")
        if said is not None and said not in (Qualifier.ABOUT, Qualifier.AT_MOST):
            qualifier, pair = qualifier or said, pair or before.says("both")
        elif before.says("part"):
            fraction = True
        elif before.says("group", "weapon.mod", "exactly", "adjective"):
            article = article or before.says("exactly")
        else:
            break
        first = before.first
    return _Before(first, qualifier, article, fraction, included, pair)


def _adjective(scene: Scene, place: int, article: bool, grammar: Grammar) -> bool:
    """Say whether a word before a noun may belong to it; nothing stands before an article."""
    norm = scene.tokens[place].norm
    if norm in grammar.articles:
        return True
    return not article and norm not in grammar.stops and (norm[0].isalnum() or norm in PASSED)


def _describes(scene: Scene, tag: Tag, first: int, end: int, grammar: Grammar) -> bool:
    """Say whether a weapon only describes another noun: "drone attack", "debris of drones"."""
    following = scene.at.get(end)
    if following is not None and following.says("attack", "strikes", "debris"):
        return True
    if any(one.says("debris") and 0 <= first - one.last <= 3 for one in scene.tags):
        return True
    if end + 1 < len(scene.tokens) and scene.tokens[end].norm in grammar.lists:
        other = scene.at.get(end + 1)  # "a missile and drone strike"
        third = scene.at.get(other.last) if other is not None and other.says("weapon", "attack.n") else None
        if third is not None and third.says("attack", "attack.n", "strikes"):
            return True
    attack = any(one.last == first and one.says("attack.n") for one in scene.tags)
    return grammar.bare_one and attack and grammar.of_that(scene.tokens, tag)


def _bare(scene: Scene, tag: Tag, used: set[int], grammar: Grammar) -> Phrase:
    """Return a phrase without a number: one thing, several, all of them, or nobody knows how many."""
    end, last = compound(scene, tag, grammar)
    before = _determined(scene, tag, used, grammar)
    first, qualifier = before.first, before.qualifier
    if last.says("weapon") and _describes(scene, tag, first, end, grammar):
        return Phrase(first, end, "weapon.mod", None, Qualifier.UNKNOWN, mass=True, noun=(first, end))
    determined = before.article or grammar.bare_one
    one = determined and qualifier is None and not before.fraction and _is_one(scene, tag, last, grammar)
    if before.fraction:
        qualifier = Qualifier.AT_LEAST if qualifier is Qualifier.AT_LEAST else Qualifier.UNKNOWN
    if qualifier is None:
        qualifier = Qualifier.EXACT if one else Qualifier.UNKNOWN
    return Phrase(
        first,
        end,
        noun_class(last),
        1 if one else 2 if before.pair else None,
        qualifier,
        mass=True,
        included=before.included,
        fraction=before.fraction,
        noun=(first, end),
    )


def _is_one(scene: Scene, tag: Tag, last: Tag, grammar: Grammar) -> bool:
    """Say whether a noun is in the singular, by its class or else by its form."""
    if last.says("weapon.pl", "person.pl", "asset.pl"):
        return False
    if last.says("weapon.sg", "person.sg", "asset.sg"):
        return True
    return grammar.plural(scene.tokens, tag if grammar.bare_one else last) is False
