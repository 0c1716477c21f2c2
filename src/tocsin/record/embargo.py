"""The embargo: what may be shown of a claim at a moment.  It is asked before any export, feed or search.

The rules, S1 to S16 of the safety design, in the order in which they are asked:

    S14  a person withheld it, or it is under an embargo of its own: held
    S6   air defence at work, flights under way, movements of arms or troops: never shown
    S8   hospitals and morgues: never shown           S9   shelters: never with a place
    S10  soldiers' deaths only after an official notice
    S4   energy, gas and water: only what an official body published, never finer than it did
    S2   military objects: held for 12 h and while the alert lasts, then by oblast, and only if official
    S3   what is not known to be anything else is treated as military
    S5   time, place and casualties that no official body has: held for 12 h
    S1   civilian objects: no finer than the settlement for 3 h and while the alert lasts
    S7   an address or coordinates are never quoted   S10  nor is a victim's name
    S12  what is put together is as coarse as its coarsest part (`coarsest`)

S11 is where this is called; S13 binds the warning half; S15 the desk; S16 the bulletin's method.
The clock runs from the latest moment at which the event can have ended, not from its publication.
This is engineering, not legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from msgspec import Struct

from tocsin.record.claims import Claim, Topic

CIVILIAN_HOLD = timedelta(hours=3)
MILITARY_HOLD = timedelta(hours=12)


class Object(StrEnum):
    """What was hit, or what is told of."""

    CIVILIAN = "civilian"
    ENERGY = "energy"  # with gas and water, by analogy
    MILITARY = "military"
    UNKNOWN = "unknown"  # treated as military (S3)
    PEOPLE = "people"
    SOLDIERS = "soldiers"
    MEDICAL = "medical"
    SHELTER = "shelter"
    DEFENCE = "defence"  # air defence, flights, movements (S6)
    TALLY = "tally"  # how many were launched or intercepted
    STATEMENT = "statement"  # words that tell of no impact


class Fineness(IntEnum):
    """How fine a place may be shown, the coarsest first."""

    HELD = 0  # nothing of the claim at all
    COUNTRY = 1
    OBLAST = 2
    SETTLEMENT = 3
    AS_SAID = 4


class Case(Struct, frozen=True):
    """What decides about a claim."""

    object: Object
    ended: datetime  # the latest moment at which the event can have ended
    official: bool = False  # an official body published this detail itself
    alert: bool = False  # an alert is in force at the place
    embargoed_until: datetime | None = None
    withheld: bool = False  # by a ruling
    released: bool = False  # by a ruling: the clock of S1, S2 and S5 has been lifted


class Verdict(Struct, frozen=True):
    """What may be shown, and by which rule."""

    fineness: Fineness
    rule: str
    until: datetime | None = None  # when to ask again; None: time alone changes nothing

    @property
    def shown(self) -> bool:
        """Whether anything of it may be shown."""
        return self.fineness is not Fineness.HELD


def visible(case: Case, at: datetime) -> Verdict:
    """Return what may be shown of a claim at a moment."""
    if case.withheld:
        return Verdict(Fineness.HELD, "S14")
    if case.embargoed_until is not None and at < case.embargoed_until and not case.released:
        return Verdict(Fineness.HELD, "S14", case.embargoed_until)
    if case.object in _NEVER:
        return Verdict(Fineness.HELD, _NEVER[case.object])
    if case.object is Object.SHELTER:
        return Verdict(Fineness.COUNTRY, "S9")
    if case.object is Object.STATEMENT:
        return Verdict(Fineness.AS_SAID, "S16")
    if case.object is Object.ENERGY:
        return Verdict(Fineness.AS_SAID if case.official else Fineness.HELD, "S4")
    if case.object is Object.SOLDIERS and not case.official:
        return Verdict(Fineness.HELD, "S10")
    if case.object in (Object.MILITARY, Object.UNKNOWN):
        return _military(case, at)
    return _civilian(case, at)


def _military(case: Case, at: datetime) -> Verdict:
    rule = "S2" if case.object is Object.MILITARY else "S3"
    if not case.official:
        return Verdict(Fineness.HELD, rule)
    open_at = case.ended + MILITARY_HOLD
    if not case.released and (at < open_at or case.alert):
        return Verdict(Fineness.HELD, rule, open_at if at < open_at else None)
    return Verdict(Fineness.OBLAST, rule)


def _civilian(case: Case, at: datetime) -> Verdict:
    open_at = case.ended + MILITARY_HOLD
    if not case.official and not case.released and at < open_at:
        return Verdict(Fineness.HELD, "S5", open_at)
    if case.object is Object.TALLY:
        return Verdict(Fineness.OBLAST, "S6")
    fine_at = case.ended + CIVILIAN_HOLD
    if not case.released and (at < fine_at or case.alert):
        return Verdict(Fineness.SETTLEMENT, "S1", fine_at if at < fine_at else None)
    return Verdict(Fineness.AS_SAID, "S1")


_NEVER = {Object.DEFENCE: "S6", Object.MEDICAL: "S8"}


def coarsest(parts: Iterable[Fineness]) -> Fineness:
    """Return how fine several things may be shown together (S12); nothing together is held."""
    return min(parts, default=Fineness.HELD)


# What a claim is about, in English and Ukrainian.  A word that is missing makes a claim *unknown*, which is
# held longest: a gap here delays, it does not reveal.
_WORDS: tuple[tuple[Object, str], ...] = (
    (
        Object.DEFENCE,
        r"air.defen[cs]e (?:is |are )?(?:work|position|batter)|patriot|troop movement|convoy of"
        r"|ппо (?:працю|відпрац)|позиці\w+ ппо|колон\w+ (?:військ|техніки)",
    ),
    (Object.MEDICAL, r"hospital|clinic|morgue|maternity|лікарн|пологов|морг\b|поліклінік|шпитал"),
    (Object.SHELTER, r"shelter|укритт|бомбосховищ"),
    (
        Object.ENERGY,
        r"power (?:plant|station|line|grid|supply)|substation|electric|energy|gas (?:pipe|line|main)|pipeline"
        r"|water (?:supply|main|pipe)|heating|refiner|oil depot"
        r"|\bтец\b|\bтес\b|\bгес\b|підстанц|електр|енерг|газопров|газогон|водопост|водогін|теплопост"
        r"|нафтобаз|критичн\w+ інфраструктур",
    ),
    (
        Object.MILITARY,
        r"militar|army|airfield|air ?base|barrack|ammunition|depot|warship"
        r"|військов|аеродром|казарм|склад боєприпас|полігон|частин\w+ зсу",
    ),
    (
        Object.CIVILIAN,
        r"apartment|resident|house|home|building|school|kindergarten|shop|store|market|mall|church|cars?\b|fire"
        r"|vehicle|street|yard|office|hotel|museum|university|garage|roof|window"
        r"|будин|будівл|квартир|школ|садоч|садок|магазин|ринок|ринку|церкв|собор|авто|вулиц|двор|офіс|готел"
        r"|музе|університет|гараж|дах|вікн|житл|пожеж",
    ),
)
_FIND = tuple((what, re.compile(words, re.IGNORECASE)) for what, words in _WORDS)
_SOLDIER = re.compile(r"soldier|servicem|troops|військовослужб|військових|солдат|бійц", re.IGNORECASE)
_PEOPLE = (Topic.KILLED, Topic.INJURED, Topic.MISSING)
_ADDRESS = re.compile(
    r"\d{1,3}\.\d{3,}\s*[,;°]|\b\d+\s?[°º]"  # coordinates
    r"|\b(?:street|st\.|avenue|lane|вул\.|вулиц\w+|просп\w*\.?|пров\w*\.?|бульв\w*\.?)"
    r"|\b(?:house|building|буд\.|будинок)\s+(?:no\.?\s*)?\d",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b[A-ZА-ЯІЇЄҐ][\w'’-]+ [A-ZА-ЯІЇЄҐ][\w'’-]+")


def object_of(claim: Claim, around: str = "") -> Object:
    """Return what a claim is about; what no word tells is unknown.

    Args:
        claim: Its words decide.
        around: The rest of its sentence, asked only where its own words tell nothing.
    """
    words = f"{claim.text_span} {claim.object}"
    fixed = next((what for what, find in _FIND[:3] if find.search(words)), None)
    if fixed is not None and not (fixed is Object.MEDICAL and claim.kind in _PEOPLE):  # taken to hospital
        return fixed
    if claim.kind in _PEOPLE:
        return Object.SOLDIERS if _SOLDIER.search(words) else Object.PEOPLE
    if claim.kind in (Topic.LAUNCHED, Topic.INTERCEPTED):
        return Object.TALLY
    if claim.kind in (Topic.STATEMENT, Topic.ALERT):
        return Object.STATEMENT
    if claim.kind is Topic.OUTAGE:
        return Object.ENERGY
    found = next((what for what, find in _FIND[3:] if find.search(words)), None)
    if found is not None:
        return found
    if claim.kind is Topic.DEBRIS:
        return Object.CIVILIAN  # no object was chosen where debris falls, and none is named
    return next((what for what, find in _FIND if find.search(around)), Object.UNKNOWN)


def placeable(words: str) -> bool:
    """Return whether a place may be named as it is written: no address, no coordinates (S7)."""
    return not _ADDRESS.search(words)


def quotable(claim: Claim) -> bool:
    """Return whether the words of a claim may be shown where all of its place may be (S7, S10)."""
    if _ADDRESS.search(claim.text_span):
        return False
    if claim.kind in _PEOPLE and _FIND[1][1].search(claim.text_span):
        return False  # which hospital (S8)
    return not (claim.kind in _PEOPLE and claim.count in (None, 1, 2) and _NAMED.search(claim.text_span))
