"""The kinds the log holds, and the values they are made of.  Read this first.

tocsin keeps one log a realm.  An entry is one of three things:

heard   `Signal`   a source says that an area is raised, clear, or was raised in error
        `Contact`  a source went quiet, or is back and says all that it holds raised
        `Episode`  an alert that had ended before we heard of it (an import); history only
        `Report`   somebody published a text; it changes no alert
ruled   `Contract` a person decided what a source may report, and how long its silence counts
        `Approval` a person sent, proposed, approved, refused or reviewed exactly one order
        `Lapse`    time was up: a raise expired, or nobody vouched for a clear in time
        `Aside`    two people ruled that a raise counts no more: its source is silent
        `Ruling`   a person decided what holds of reports, claims and incidents
said    `Alert`    what we told the public: these areas, this threat, this state
        `Bulletin` a situation report that we gave out

Nothing here reads a clock, a file or a socket.  Every time is aware UTC.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType

from msgspec import Struct

AreaId = NewType("AreaId", str)  # "UA80": the code of an area in its country pack
Threat = NewType("Threat", str)  # "air", or any code that a source uses; kept, never dropped
SourceId = NewType("SourceId", str)  # the name of a key, or "pack"
Place = int  # the seq of an entry in its log, from 1

THREATS = tuple(Threat(t) for t in ("air", "artillery", "urban_fights", "chemical", "nuclear"))
"""The threats that '*' in a contract stands for, in the order in which pages show them."""


class Realm(StrEnum):
    """Where an entry belongs.  Realms never meet: each has a log, a board and outlets of its own."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"
    REPLAY = "replay"  # a day of the past, told again on its own clock


class State(StrEnum):
    """What an area is told about one threat, or about all of them together."""

    RAISED = "raised"
    PARTLY = "partly"  # a part of the area is raised, the area as a whole is not
    UNKNOWN = "unknown"  # nobody can speak for it; never to be shown or counted as clear
    CLEAR = "clear"
    NOT_COVERED = "not_covered"  # no source is contracted to report this threat here


WORST_FIRST = (State.RAISED, State.PARTLY, State.UNKNOWN, State.CLEAR, State.NOT_COVERED)


class Act(StrEnum):
    """What a signal says.  *Clear*: the danger is over.  *Cancelled*: it was sent in error."""

    RAISED = "raised"
    CLEAR = "clear"
    CANCELLED = "cancelled"


class Level(StrEnum):
    """How high a raise is, where its source says so."""

    YELLOW = "yellow"
    RED = "red"


class Decided(StrEnum):
    """What a ruling does."""

    MERGE = "merge"  # these incidents are one, the first
    SPLIT = "split"  # these claims are of an incident of their own
    ACCEPT = "accept"  # this figure, incident or claim holds, whatever else is said
    RETRACT = "retract"  # this claim or report counts no more
    WITHHOLD = "withhold"  # this claim or report is not to be shown
    RELEASE = "release"  # this claim or report may be shown, against its embargo


class Signal(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="signal"):
    """A source said that one threat in one area is raised, clear, or was raised in error.

    ``sent`` is the source's own time.  When it was heard stands on the entry.
    """

    realm: Realm
    source: SourceId
    id: str  # the source's own name for this message, unique for that source for ever
    area: AreaId
    threat: Threat
    state: Act
    sent: datetime
    subtype: str | None = None  # open vocabulary: drones, ballistic, cruise, guided_bombs, mig31k ...
    level: Level | None = None
    expires: datetime | None = None
    text: str | None = None


class Contact(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="contact"):
    """A source went quiet (``held`` false), or is there and says all that it holds raised.

    Only changes are logged, not every sign of life.
    """

    realm: Realm
    source: SourceId
    held: bool
    sent: datetime
    raised: tuple[tuple[AreaId, Threat], ...] = ()


class Episode(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="episode"):
    """An alert that began and ended before we heard of it.  It changes no present state."""

    realm: Realm
    source: SourceId
    area: AreaId
    threat: Threat
    since: datetime
    until: datetime  # exclusive
    inferred: bool = False  # the end was invented upstream: it ends as unknown, not as clear


class Contract(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="contract"):
    """What a source is to report from now on.  No areas: the contract has ended."""

    realm: Realm
    source: SourceId
    areas: tuple[AreaId, ...]  # each with all that lies in it
    threats: tuple[Threat, ...]  # "*" is every threat
    silence_s: float = 60.0  # after this long without contact its clears are unknown
    max_age_s: float = 900.0  # a signal older than this when heard is late: kept, never sounded


class Step(StrEnum):
    """What a person did with an order."""

    SENT = "sent"  # one person was enough
    SENT_ALONE = "sent_alone"  # it takes two, and a rule made beforehand let one send: to be reviewed
    PROPOSED = "proposed"  # nothing was sent; it waits for a second person
    APPROVED = "approved"
    REFUSED = "refused"
    REVIEWED = "reviewed"


class Approval(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="approval"):
    """A person sent, proposed, approved, refused or reviewed exactly what hashes to ``order``.

    The signals of an order have ids that begin with its own.  Where a passkey
    signed, the three base64url fields prove it: the challenge in ``client_data``
    is the hash.
    """

    realm: Realm
    order: str  # SHA-256 of the order's body, hex
    step: Step
    person: str
    authority: SourceId  # the source that they speak as
    credential: str  # "passkey:..." or "code"
    address: str  # where they sat, as the desk saw it
    screen: str  # SHA-256 of what their screen said, hex
    sent: datetime
    body: str | None = None  # the order itself, JSON; with the first step only
    client_data: str | None = None
    authenticator_data: str | None = None
    signature: str | None = None


class Lapse(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="lapse"):
    """What the entry at ``because`` said no longer holds: its time was up."""

    realm: Realm
    source: SourceId
    area: AreaId
    threat: Threat
    because: Place


class Aside(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="aside"):
    """Two people ruled that what a silent source holds raised counts no more, until it speaks again.

    It is no clear: the area is unknown.  The source's next raise or contact that lists it brings it back.
    """

    realm: Realm
    source: SourceId  # whose raise it is
    id: str  # it begins with that of the order that two people approved
    area: AreaId
    threat: Threat
    by: SourceId  # the authority of the two
    sent: datetime


class Alert(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="alert"):
    """What we told the public.  The place of its entry is the id that subscribers resume from.

    ``areas`` have all come to the same state for the same cause; the first is
    the one that the cause was about, or the largest.  An area that is not
    named is as the nearest area above it that ever was.
    """

    realm: Realm
    areas: tuple[AreaId, ...]
    threat: Threat
    state: State
    since: datetime | None  # None: it never was anything else
    because: tuple[Place, ...]  # the entries that caused it
    sources: tuple[SourceId, ...] = ()
    subtype: str | None = None
    level: Level | None = None
    expires: datetime | None = None
    text: str | None = None
    cancelled: bool = False  # it was sent in error, said its source: not an all clear
    late: bool = False  # the cause was old when it was heard: shown, never sounded
    set_aside: bool = False  # unknown: an office set a silent source's raise aside; not an all clear


class Report(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="report"):
    """Somebody published a text.  It is kept word for word, and nothing that it says is carried out.

    A text that was changed is another version of the same ``doc``; an earlier one is never replaced.
    """

    realm: Realm
    source: SourceId  # who published it, by its name among the record's sources
    doc: str  # the name of the text, the same for all of its versions
    text: str
    sha256: str  # of the text in UTF-8
    filed_by: str  # the key, or the command, that put it in
    published: str | None = None  # a date or a moment, ISO 8601; None: not known
    version: int = 1
    lang: str | None = None
    url: str | None = None
    credit: str | None = None  # the wire that it credits
    original: str | None = None  # SHA-256 of the file that the text was taken from
    correction: bool = False  # this version says that an earlier one was wrong
    retracted: bool = False  # this version takes the text back
    embargoed_until: datetime | None = None


class Ruling(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="ruling"):
    """A person decided something about the record, and says why."""

    realm: Realm
    id: str
    act: Decided
    about: tuple[str, ...]  # claims ("12.3"), reports ("12") or incidents
    reason: str
    by: str


class Bulletin(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="bulletin"):
    """A situation report that we gave out: what was known of a stretch of time, as of a moment."""

    realm: Realm
    since: datetime
    until: datetime  # exclusive
    as_of: datetime
    lang: str
    text: str
    because: tuple[Place, ...]  # the reports and rulings that it was made from
    by: str
    figures: tuple[tuple[str, str, int | None, int | None, int | None], ...] = ()
    """Of each figure: incident, what is counted, low, best, high; high None: open above, or not known."""


RECORD = (Report, Ruling, Bulletin)
"""The kinds of the record.  The warning half passes them by."""

Kind = Signal | Contact | Episode | Contract | Approval | Lapse | Aside | Alert | Report | Ruling | Bulletin
