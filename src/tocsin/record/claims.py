"""Claims: what one text says of an attack, each tied to its exact words.

Four rules hold for every claim.

1.  A claim whose span does not say it does not exist: ``text[span_start:span_end]`` carries it.
2.  Unknown is no number.  ``count`` is None where the text gives none, and 0 only where it says *none*.
3.  A claim is never changed.  What is learnt later is another claim or a ruling.
4.  A claim knows the rules that made it (``because``), so that a person can check each step.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from tocsin.model import AreaId


class Topic(StrEnum):
    """What a claim is about."""

    LAUNCHED = "launched"
    INTERCEPTED = "intercepted"
    KILLED = "killed"
    INJURED = "injured"
    MISSING = "missing"
    DAMAGE = "damage"
    OUTAGE = "outage"
    EXPLOSION = "explosion"
    DEBRIS = "debris"
    ALERT = "alert"
    STATEMENT = "statement"


class Qualifier(StrEnum):
    """How a count is to be taken."""

    EXACT = "exact"
    AT_LEAST = "at_least"
    ABOUT = "about"
    AT_MOST = "at_most"
    ALL = "all"
    SEVERAL = "several"
    NONE = "none"
    UNKNOWN = "unknown"


class Polarity(StrEnum):
    """How a text stands to what a claim says."""

    ASSERTED = "asserted"
    DENIED = "denied"  # said not to have happened
    UNCONFIRMED = "unconfirmed"  # said not to be known
    SUPERSEDED = "superseded"  # a later figure in the same text replaces it
    RETRACTED = "retracted"  # the same text takes it back
    NONE_REPORTED = "none_reported"  # somebody gave no comment


class Said(StrEnum):
    """What a text says of an alert."""

    RAISED = "raised"
    ACTIVE = "active"
    WARNING = "warning"
    CLEARED = "cleared"
    FALSE_ALARM = "false_alarm"


class Step(NamedTuple):
    """One rule that made a claim, and the words that it took."""

    rule: str
    words: str


class Claim(Struct, frozen=True, omit_defaults=False):
    """One claim.  Offsets count Unicode code points of the text as it was given."""

    kind: Topic
    count: int | None
    count_qualifier: Qualifier
    span_start: int
    span_end: int
    text_span: str  # exactly text[span_start:span_end]
    of: int | None = None  # the Y of "X of Y", or the total that this is a part of
    object: str = ""  # weapon, thing or people, as written
    place: str = ""  # as written; [in brackets] where it comes from the words around
    area: AreaId | None = None  # the area that the place is, where that is certain
    place_precision: str = "unknown"  # the level of that area
    when: str = ""  # YYYY-MM-DD, or A/B, with a gloss in brackets
    attributed_to: str = ""  # who vouches for it, as written; "(own account)": the text itself
    chain: tuple[str, ...] = ()  # from the innermost source to the outermost
    addressee: str = ""  # where or to whom it was said
    hedges: tuple[str, ...] = ()
    background: bool = False  # an earlier or a cumulative event, not the news of this text
    polarity: Polarity = Polarity.ASSERTED
    substantiated: bool | None = None  # False: the text says that no proof was given; None: it does not say
    alert_state: Said | None = None
    because: tuple[Step, ...] = ()


class Document(Struct, frozen=True):
    """A text, and what is known about it.

    ``published`` may be a date or a moment in ISO 8601; what follows it is ignored.
    """

    text: str
    doc_id: str = ""
    published: str | None = None
    channel: str = ""
    lang: str | None = None  # None: found from the text
