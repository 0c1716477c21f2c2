"""Nouns: what a number counts, as "air-launched Zircon missiles" or "the roof of a house" say it."""

from __future__ import annotations

from tocsin.record.grammar import Grammar, Scene
from tocsin.record.lexicon import Tag

NOUNS = (
    "weapon",
    "person",
    "killed.n",
    "injured.n",
    "missing.n",
    "customers",
    "asset",
    "service",
    "strikes",
    "hit.n",
    "locations",
    "explosion",
)
_ORDER = (
    *NOUNS[2:5],
    "weapon",
    "person",
    "customers",
    "asset",
    "strikes",
    "hit.n",
    "locations",
    "service",
    "explosion",
)
MODIFIERS = 7  # words between a number and its noun, "two air-launched anti-ship hypersonic Zircon missiles"
PASSED = "\"'“”«»„‘’/`"


def counted_noun(scene: Scene, place: int, grammar: Grammar) -> tuple[str, str, int, tuple[int, int]]:
    """Return what is counted: its class, what is said of it inside, where it ends, and its words."""
    words, start, inner = scene.tokens, place, ""
    unknown = 0
    while place < len(words) and place - start < MODIFIERS:
        tag = scene.at.get(place)
        norm = words[place].norm
        if tag is not None and tag.says("group") and place == start:
            return (
                "nothing",
                inner,
                place,
                (start, place),
            )  # "three waves of missiles": nobody knows how many missiles
        if tag is not None and tag.says("unit"):
            return "", inner, tag.last, (start, start)
        if tag is not None and tag.says("nothing"):
            return ("nothing" if place - start <= 1 else "?"), inner, place, (start, place)
        if tag is not None and tag.says(*NOUNS):
            end, last = compound(scene, tag, grammar)
            return noun_class(last), inner, end, (start, end)
        if (
            tag is not None
            and tag.says("kill", "injure", "missing", "down", "down_damage", "damage")
            and not inner
        ):
            ahead = _noun_ahead(scene, tag.last, grammar)
            if not ahead:
                break
            inner = next(
                name
                for name in ("kill", "injure", "missing", "damage", "down")
                if tag.says(name) or name == "down"
            )
            place = tag.last
            continue
        if norm in PASSED:
            place += 1
            continue
        if tag is not None and not tag.says("weapon.mod", "group", "adjective") and place > start + 3:
            break
        if (
            norm in grammar.stops
            or not norm[0].isalnum()
            or (
                tag is not None
                and tag.says("kill", "injure", "damage", "launch", "lost", "rescue", "of_them", "none", "hit")
            )
        ):
            break
        unknown += 1
        place = tag.last if tag is not None else place + 1
    return (
        ("?" if unknown else ""),
        "",
        (min(start + 1, place) if unknown else start),
        (start, min(start + unknown, place)),
    )


def _noun_ahead(scene: Scene, place: int, grammar: Grammar) -> bool:
    for ahead in range(place, min(place + 3, len(scene.tokens))):
        tag = scene.at.get(ahead)
        if tag is not None and tag.says("weapon", "person", "asset"):
            return True
        if scene.tokens[ahead].norm in grammar.stops or not scene.tokens[ahead].norm[0].isalnum():
            return False
    return False


def compound(scene: Scene, tag: Tag, grammar: Grammar) -> tuple[int, Tag]:
    """Return the last noun of a compound, "drone production plant": the noun that the others describe."""
    last = tag
    while True:
        following = scene.at.get(last.last)
        if following is None and last.last < len(scene.tokens) and scene.tokens[last.last].norm in PASSED:
            following = scene.at.get(last.last + 1)
        if following is None and last.says("weapon"):
            following = _name(scene, last, grammar)
        if following is not None and last.says("asset") and following.says("mod.asset"):
            ahead = scene.at.get(following.last)  # "the roof of a dwelling", in the case of "of"
            following = ahead if ahead is not None and ahead.says("asset") else None
        if (
            following is None and last.says("weapon") and last.last + 1 < len(scene.tokens)
        ):  # "Shahed kamikaze drones"
            ahead = scene.at.get(last.last + 1)
            if (
                ahead is not None
                and ahead.says("weapon")
                and scene.tokens[last.last].norm[0].isalpha()
                and scene.tokens[last.last].norm not in grammar.stops
            ):
                following = ahead
        if following is None or not following.says(*NOUNS) or not _continues(last, following):
            return _past_slash(scene, last.last), last
        last = following


def _past_slash(scene: Scene, end: int) -> int:
    """Return where a name ends that goes on behind a slash: "Х-59/69"."""
    words = scene.tokens
    while end + 1 < len(words) and words[end].norm == "/" and words[end + 1].start == words[end].end:
        if not any(sign.isdigit() for sign in words[end + 1].norm):
            break
        end += 2
    return end


def _name(scene: Scene, noun: Tag, grammar: Grammar) -> Tag | None:
    """Return the name that a weapon has: "БпЛА типу «Shahed»"."""
    for ahead in range(noun.last, min(noun.last + 4, len(scene.tokens))):
        tag = scene.at.get(ahead)
        if tag is not None:
            return tag if ahead > noun.last and tag.says("weapon") else None
        norm = scene.tokens[ahead].norm
        if norm not in PASSED and norm not in grammar.apposed and not any(sign.isdigit() for sign in norm):
            return None
    return None


def _continues(one: Tag, other: Tag) -> bool:
    return noun_class(one).partition(".")[0] == noun_class(other).partition(".")[0] or one.says("weapon.mod")


def noun_class(tag: Tag) -> str:
    """Return the class of a noun, the one that says most."""
    return next((name for name in _ORDER if tag.says(name)), "?")
