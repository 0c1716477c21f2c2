"""Where it was, in Ukrainian: "у Києві", "на Київщині", "по Харківській області", "в Оболонському районі"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.record.context import Where
from tocsin.record.text import Token

_BEFORE = frozenset(
    ["у", "в", "на", "по", "над", "під", "біля", "поблизу", "навколо", "через", "вздовж", "щодо"]
)
_FROM = frozenset(["з", "із", "зі", "від"])
_HEADS = re.compile(
    r"(?:област|обл$|район|міст[оауі]|столиц|регіон|громад|сел[іоа]$|селищ|передміст|"
    r"центр[іу]$|півдн|півноч|півночі|схо[дi]|сході|заход|країн|територі|області|"
    r"узбережж|околиц|локаці)"
)
_JOIN = frozenset(("та", "і", "й", ",", "міста", "також"))
_INSIDE = re.compile(
    r"(?:област|обл$|район|міст|столиц|регіон|громад|сел[іоа]|селищ|передміст|"
    r"всій|всієї|усій|більшост|україн|центральн|північ|півден|східн|захід|повітрян|"
    r"локаці|територі|простор|цьому|одному|двох|трьох|півдн|півноч|сході|заході)"
)
_ATTACKED = re.compile(r"(?:атакува|атаку[єю]|обстріля)")
_LAND = re.compile(r"\w+(?:щин|ччин)(?:а|и|і|у|ою)$")
_SITES = ("вокзал", "автовокзал", "аеропорт", "ринк", "завод", "лікарн", "університет", "медичн")
_COUNTED = frozenset(
    ["двох", "трьох", "чотирьох", "п'яти", "шести", "семи", "восьми", "дев'яти", "десяти", "одній"]
)
_NOT = re.compile(
    r"(?:повітряні$|повітряних$|збройн|генштаб|міноборон|дснс|поліці|відомств|"
    r"адміністраці|командуванн|зсу$|сил[аи]?$|силах|\w{0,2}мва$|телеграм|telegram|"
    r"фейсбук|facebook|ефірі|соцмереж|понеділ|вівтор|серед|четвер|п'ятниц|субот|"
    r"неділ|січн|лютого|бпла|шахед|shahed|каналі|зв'язк|іскандер|повідомлен|"
    r"х-\d|кинджал|калібр|циркон|\w{0,3}ова$|зсу$|рф$|youtube|whatsapp|viber)"
)


def wheres(words: Sequence[Token], text: str) -> list[Where]:
    """Return the places that a sentence names."""
    found: list[Where] = []
    place = 0
    while place < len(words):
        norm = words[place].norm
        start = place + 1
        if norm in _BEFORE or norm in _FROM or _ATTACKED.match(norm):
            end = _reach(words, start)
            if end > start and _is_place(words[start:end]) and not _body(words, end):
                first = place if norm in _BEFORE else start
                found.append(
                    Where(
                        words[first].start,
                        words[end - 1].end,
                        text[words[first].start : words[end - 1].end],
                        norm in _FROM,
                    )
                )
                place = end
                continue
        elif _LAND.match(norm) and words[place].text[:1].isupper():
            end = max(place + 1, _reach(words, place))
            origin = place > 0 and words[place - 1].norm in _FROM
            found.append(
                Where(
                    words[place].start,
                    words[end - 1].end,
                    text[words[place].start : words[end - 1].end],
                    origin,
                )
            )
            place = end
            continue
        elif norm.startswith("район") and place and words[place - 1].text[:1].isupper():
            end = _reach(words, place)
            found.append(
                Where(
                    words[place - 1].start,
                    words[end - 1].end,
                    text[words[place - 1].start : words[end - 1].end],
                )
            )
            place = end
            continue
        place += 1
    if not any(where.start <= words[0].end for where in found):
        found = [*_opening(words, text), *found]
    return found


def _reach(words: Sequence[Token], place: int) -> int:
    """Return where a place ends: capital letters, and words such as "district" and "and" between them."""
    end = place
    while end < len(words) and end - place < 20:
        word = words[end]
        if _NOT.match(word.norm):
            break
        if word.norm in _JOIN:
            following = words[end + 1] if end + 1 < len(words) else None
            if (
                following is None
                or not (following.text[:1].isupper() or _INSIDE.match(following.norm))
                or _NOT.match(following.norm)
            ):
                break
        elif word.norm == "м" or (word.norm == "." and end > place and words[end - 1].norm == "м"):
            pass
        elif word.norm.isdigit() or word.norm in _COUNTED:
            if end + 1 >= len(words) or not words[end + 1].norm.startswith(("локац", "населен")):
                break
        elif (
            end > place
            and end + 1 < len(words)
            and words[end - 1].text[:1].isupper()
            and words[end + 1].text[:1].isupper()
            and word.norm.startswith(_SITES)
        ):
            pass
        elif not (word.text[:1].isupper() or _INSIDE.match(word.norm)):
            break
        end += 1
    while end > place and words[end - 1].norm in _JOIN:
        end -= 1
    return end


def _is_place(words: Sequence[Token]) -> bool:
    return any(word.text[:1].isupper() for word in words) or any(_HEADS.match(word.norm) for word in words)


def _body(words: Sequence[Token], end: int) -> bool:
    """Say whether it is an office, "в Одеській обласній адміністрації", not the land."""
    return end < len(words) and words[end].norm.startswith(
        ("обласн", "військов", "адміністр", "міськ", "райдерж", "ода", "ова", "прокурат", "поліці")
    )


def _opening(words: Sequence[Token], text: str) -> list[Where]:
    """Return a place that opens the sentence: "Ніжин та околиці знову атакували"."""
    first = next((n for n, word in enumerate(words) if word.norm[0].isalpha()), None)
    if first is None or not words[first].text[:1].isupper():
        return []
    for ahead in range(first + 1, min(first + 5, len(words))):
        if re.match(r"(?:атакува|атакують|обстріля|зазна)", words[ahead].norm):
            end = max(first + 1, _reach(words, first))
            if re.match(
                r"(?:мер|голов|начальник|очільник|речни|керівни|міністр|президент|поліці|рятувальник|ворог|росі|окупант|противник|агресор|вночі|рф|російськ|армі|військ)",
                words[first].norm,
            ):
                return []
            return [
                Where(words[first].start, words[end - 1].end, text[words[first].start : words[end - 1].end])
            ]
    return []
