"""What a bulletin is made from (`Known`) and what it comes to (`Sheet`), before it is drawn in any form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple, Protocol

from msgspec import Struct

from tocsin.model import AreaId
from tocsin.record.attacks import Attack
from tocsin.record.incidents import Record
from tocsin.record.kept import Figure, KeptClaim
from tocsin.record.waves import Alerted, Wave

FigureRow = tuple[str, str, int | None, int | None, int | None]


class Line(NamedTuple):
    """One sentence and the claims that it says."""

    text: str
    claims: tuple[str, ...]


class Section(NamedTuple):
    """One part of a bulletin."""

    name: str  # key, changed, contested, unknown, told, background, timeline, map, method
    title: str
    lines: list[Line]


class Cell(NamedTuple):
    """What the map shows of one area."""

    area: AreaId
    claims: int
    minutes: int  # under alert


class Saying(NamedTuple):
    """What one claim says of a figure."""

    claim: str
    who: str
    amount: str  # in words
    seen: datetime
    used: bool  # the figure is made of it


class FigureLine(NamedTuple):
    """A figure in words, with all that is said of it side by side."""

    figure: Figure
    what: str
    amount: str  # in words
    said: tuple[Saying, ...]  # in the order in which we saw them


class Sheet(Struct, frozen=True):
    """A bulletin, before it is drawn."""

    lang: str
    title: str
    period: str
    about: str  # as of when, and of how much it was made
    since: datetime
    until: datetime
    as_of: datetime
    sections: list[Section]
    cells: list[Cell]
    figures: tuple[FigureRow, ...]


class ShownClaim(Protocol):
    """A claim that may be shown, as coarse as it must be."""

    @property
    def kept(self) -> KeptClaim:
        """The claim."""

    @property
    def area(self) -> AreaId | None:
        """Its place, as fine as it may be."""

    @property
    def place(self) -> str:
        """Its place as written, if that may be named."""

    @property
    def quote(self) -> str | None:
        """Its words, if they may be quoted."""


class Known(Struct, frozen=True):
    """What a bulletin is made from."""

    since: datetime
    until: datetime  # exclusive
    as_of: datetime
    zone: tzinfo
    zone_name: str
    record: Record
    shown: Sequence[ShownClaim]
    held: int
    figures: Sequence[Figure]  # made of what is shown
    alerted: Sequence[Alerted]
    waves: Sequence[Wave]
    attacks: Sequence[Attack]
    joined: Mapping[str, Sequence[Wave]]  # by the id of an attack
    previous: Sequence[FigureRow] | None  # of the last bulletin on this time
    previous_at: datetime | None
    name: Callable[[AreaId], str]
    board: Sequence[AreaId]
    region: Callable[[AreaId], AreaId | None]  # the area of the board that another lies in
