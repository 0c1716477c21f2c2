"""What an accepted message is to do: raise, clear, cancel, or wait for a person.

1.  Danger is raised wherever any language says so; the worst of the languages counts.
2.  An all clear needs AllClear in every language, msgType Update, and a reference to a message that
    was heard, of the same sender.  Anything less clears nothing and goes to a person.
3.  A cancel ends what it refers to as *sent in error*.  That is no all clear.
4.  An update that leaves an area out says nothing about it: what was raised there stands.
5.  Where no area can be told, nothing is raised, and it goes to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.cap import message as cap
from tocsin.cap.known import Known
from tocsin.cap.lint import Verdict
from tocsin.cap.message import Info, Message, Pair, Reference
from tocsin.cap.read import Reading
from tocsin.model import Act, AreaId, Realm


class Effect(Struct, frozen=True):
    """One thing that a message does.

    ``infos`` say it, one a language.  ``areas`` are all that they name.  A cancel names no areas: it
    ends what the messages in ``ends`` raised.
    """

    act: Act
    infos: tuple[Info, ...] = ()
    areas: tuple[cap.Area, ...] = ()
    expires: datetime | None = None
    severity: str = "Unknown"
    ends: tuple[Reference, ...] = ()


class Meaning(Struct, frozen=True):
    """All that a message does, and why a person must look at it, if so."""

    realm: Realm | None
    effects: tuple[Effect, ...] = ()
    person: tuple[str, ...] = ()


def meaning(reading: Reading, known: Known) -> Meaning:
    """Return what a message is to do.

    Args:
        reading: A message that `Known.judge` has judged.
        known: What was heard before it.
    """
    message = reading.message
    if reading.verdict is not Verdict.ACCEPTED or message is None:
        held = [one.rule for one in reading.findings if one.verdict is Verdict.QUARANTINED]
        refused = any(one.verdict is Verdict.REFUSED for one in reading.findings)
        return Meaning(None, person=() if refused else tuple(dict.fromkeys(held)))
    if message.realm is None or message.type in ("Ack", "Error"):
        return Meaning(message.realm)
    resolved = tuple(
        one for one in message.references if one.sender == message.sender and known.resolves(one)
    )
    if message.type == "Cancel":
        return Meaning(message.realm, (Effect(Act.CANCELLED, message.infos, ends=resolved),))
    continues = message.type == "Update" and bool(resolved)
    effects: list[Effect] = []
    person: list[str] = [] if message.infos else ["no-info"]
    for infos in _groups(message):
        effect = _effect(infos, resolved if message.type == "Update" else ())
        if effect.act is Act.CLEAR and not continues:
            person.append("all clear of nothing that was heard")
        elif not any(area.polygons or area.circles or area.geocodes for area in effect.areas):
            person.append("no area that can be told")
        else:
            effects.append(effect)
            if any(area.dropped for area in effect.areas):
                person.append("a part of its areas was dropped")
    return Meaning(message.realm, tuple(effects), tuple(dict.fromkeys(person)))


def _groups(message: Message) -> Iterable[tuple[Info, ...]]:
    """Yield the infos that say the same thing in several languages.

    They are the first of each language, then the second, and so on, if each language has as many; else
    nobody knows which belongs to which, and each stands alone.
    """
    spoken: dict[str, list[Info]] = {}
    for info in message.infos:
        spoken.setdefault(info.language, []).append(info)
    if len({len(infos) for infos in spoken.values()}) > 1:
        return [(info,) for info in message.infos]
    return list(zip(*spoken.values(), strict=True))


def _effect(infos: Sequence[Info], ends: tuple[Reference, ...]) -> Effect:
    clear = all("AllClear" in info.responses for info in infos)
    expires = [info.expires for info in infos]
    latest = None if None in expires else max(one for one in expires if one is not None)
    areas = dict.fromkeys(area for info in infos for area in info.areas)
    return Effect(
        Act.CLEAR if clear else Act.RAISED,
        tuple(infos),
        tuple(areas),
        None if clear else latest,
        # The order of the standard is from the worst down, and Unknown last: it may be anything.
        min((info.severity for info in infos), key=cap.SEVERITIES.index, default="Unknown"),
        ends,
    )


def areas_by_code(area: cap.Area, areas: Areas) -> tuple[tuple[AreaId, ...], tuple[Pair, ...]]:
    """Return the areas that the geocodes of a CAP area name, each once, and the codes that name none.

    A `valueName` is compared without case, blanks and dashes: ``ISO 3166-2`` is ``iso_3166_2``.
    """
    index = {
        (_plain(system), code): one.id
        for one in areas
        for system, code in (("tocsin", one.id), *one.codes.items())
    }
    found = {pair: index.get((_plain(pair.name), pair.value)) for pair in area.geocodes}
    named = dict.fromkeys(one for one in found.values() if one is not None)
    return tuple(named), tuple(pair for pair, one in found.items() if one is None)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
