"""What the record keeps of sources, reports and claims: the values from which figures are made.

A `Source` speaks, a `ReportVersion` is a text as we saw it, a `KeptClaim` is a claim that was read in one,
tied to an incident and to its sources; a `Relation` or a `Retraction` is what a person or a later text said
of them.  `Evidence` is all of it together.  Every value is immutable and has the moment at which we saw it,
so that what was known at any moment can be asked again.  A `Figure` is always computed and never kept.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from tocsin.model import AreaId
from tocsin.record.claims import Claim


class SourceKind(StrEnum):
    """What a source is, from which its tier follows (rule R6)."""

    UN_BODY = "un_body"
    LOCAL_AUTHORITY = "local_authority"
    EMERGENCY_SERVICE = "emergency_service"
    STATE_LEADER = "state_leader"
    STATE_BODY = "state_body"
    MILITARY = "military"
    UTILITY = "utility"
    WIRE_AGENCY = "wire_agency"
    NEWS_MEDIA = "news_media"
    PHOTO_AGENCY = "photo_agency"
    NGO = "ngo"
    PERSON = "person"
    GROUP_UNNAMED = "group_unnamed"
    INSTRUMENT = "instrument"  # the alert log
    DATASET = "dataset"


class Source(Struct, frozen=True, omit_defaults=True):
    """Somebody who says something of an attack."""

    name: str  # the one name by which chains and reports call it
    kind: SourceKind
    group: str = ""  # who owns or commands it; sources of one group are not independent.  Empty: itself
    party: str = ""  # the side that it belongs to, as a country code; empty: none
    area: AreaId | None = None  # of a local body: the area that it speaks for
    aliases: tuple[str, ...] = ()  # what texts call it


class ReportVersion(Struct, frozen=True, omit_defaults=True):
    """One version of a published text, as we saw it."""

    report: str  # the same for all versions of a text
    version: int  # from 1
    publisher: str  # the name of a source
    seen: datetime
    text: str
    published: datetime | None = None
    credit: str = ""  # the wire that the text credits, as a source's name: "Reuters"
    cites: tuple[str, ...] = ()  # other sources that the text as a whole relies on
    correction: bool = False  # this version says that it corrects an earlier one
    retracted: bool = False  # this version takes the report back


class KeptClaim(Struct, frozen=True, omit_defaults=True):
    """A claim as read, with what a merge needs to know of it.

    Claims merge only where `incident`, `measure`, `population` and `scope` are equal (rule R1).
    """

    id: str
    report: str
    version: int
    claim: Claim
    chain: tuple[str, ...]  # names of sources, the innermost first, the publisher last
    stated: datetime  # the moment as of which it is said
    seen: datetime
    incident: str = ""  # empty: not tied to any
    measure: str = ""  # killed, injured, launched ...; empty: no figure
    population: str = ""  # civilians, children ...; empty: everybody
    scope: str = ""  # a weapon or an area that it is limited to; empty: the whole incident
    post: str = ""  # the post or statement in which the chain ends, where it is known by a name or address
    corrects: bool = False  # its own text says that an earlier count was wrong
    perpetrator: str = ""  # who did it, as this claim has it


class RelationKind(StrEnum):
    """How one claim stands to another claim or to an incident."""

    CORROBORATES = "corroborates"
    CONTRADICTS = "contradicts"
    REFINES = "refines"
    SAME_ORIGIN = "same_origin"
    SUBSTANTIATION_OF = "substantiation_of"  # the subject says that no proof was given for the object
    HEDGES = "hedges"
    MOTIVE_FOR = "motive_for"
    FOLLOWS = "follows"
    PART_OF = "part_of"
    POSSIBLY_SAME = "possibly_same"


class Relation(Struct, frozen=True, omit_defaults=True):
    """One claim (`subject`) stands so to another, or to an incident (`to`)."""

    subject: str
    kind: RelationKind
    to: str
    seen: datetime
    independent: bool | None = None
    note: str = ""


class Retraction(Struct, frozen=True, omit_defaults=True):
    """A claim, or a report with all its claims, was taken back."""

    of: str  # the id of a claim or of a report
    seen: datetime
    reason: str = ""


class Circumstances(Struct, frozen=True, omit_defaults=True):
    """What is known of an incident beside its claims, and decides how its sources rank."""

    harmed: str = ""  # the party that was attacked, as a country code; empty: not known
    areas: tuple[AreaId, ...] = ()  # where the harm was, each with the areas around it; empty: not known
    corroborated: bool = False  # the alert log or the strike table has it too
    accepted: bool = False  # the belligerent accepts that it did it
    discounted: bool = False  # a person ruled that it did not happen as claimed


class Evidence(Struct, frozen=True, omit_defaults=True):
    """All that figures are made from.  The order of what stands in it decides nothing."""

    sources: tuple[Source, ...] = ()
    reports: tuple[ReportVersion, ...] = ()
    claims: tuple[KeptClaim, ...] = ()
    relations: tuple[Relation, ...] = ()
    retractions: tuple[Retraction, ...] = ()


class Key(NamedTuple):
    """What a figure counts.  Only equal keys merge (rule R1)."""

    incident: str
    measure: str
    population: str = ""
    scope: str = ""


class Grade(StrEnum):
    """How well a figure is founded (rule R15)."""

    CONFIRMED = "confirmed"  # the belligerent accepts it
    FAIR = "fair"  # two independent groups, and the alert log or the strike table
    WEAK = "weak"
    CONTESTED = "contested"
    DISCOUNTED = "discounted"
    NOT_GRADED = "not_graded"  # there is no figure


class Figure(Struct, frozen=True):
    """How many, by the claims that may be used.  No claim: everything is None, never 0."""

    incident: str
    measure: str
    population: str
    scope: str
    low: int | None
    best: int | None
    high: int | None  # None with `open_above`: nobody gives an upper bound
    open_above: bool
    grade: Grade
    origins: int
    independent_groups: int
    single_party: bool  # all that say it belong to one side
    basis: tuple[str, ...]  # the claims that made low, best and high
    stale: tuple[str, ...]  # too old beside a better one (R8)
    superseded: tuple[str, ...]  # the same origin said something later (R4, R5)
    unsubstantiated: tuple[str, ...]  # listed, never used (R16)
    flags: tuple[str, ...]
    rules: tuple[str, ...]  # the rules that decided low, best and high, sorted as text
    as_of: datetime | None  # None: all that was ever seen
