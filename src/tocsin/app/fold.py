"""Folding a log into a board: all of it, or from the last checkpoint on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tocsin import wire
from tocsin.areas import Areas
from tocsin.log import Entry, Link, Log, checked
from tocsin.model import RECORD, Alert, Kind, Place
from tocsin.warn.board import Board

RECENT = 10_000  # alerts that a subscriber can resume from without a snapshot
_TAIL = 3 * RECENT  # entries before a checkpoint that are read for them

Learn = Callable[[datetime, Kind], None]


class Said(NamedTuple):
    """An alert that is durably in the log, and its place."""

    seq: Place
    at: datetime
    alert: Alert


class Kept(NamedTuple):
    """A board that was kept, and the place up to which it has heard."""

    link: Link
    board: Board


class Folded(NamedTuple):
    """What a log comes to."""

    board: Board
    recent: deque[Said]  # the newest alerts, oldest first
    floor: Place  # no alert behind this place is missing from them
    unchecked: Place  # the entries up to here were not learned, and not all of them checked


def nothing(at: datetime, kind: Kind) -> None:
    """Learn nothing."""


def fold(log: Log, areas: Areas, kept: Kept | None = None, learn: Learn = nothing) -> Folded:
    """Return what a log comes to; each entry that is read is checked against the hash chain.

    Args:
        log: Any engine.
        areas: The country's areas.
        kept: Where to begin, if that is worth it; the entry at its place has its hash.
        learn: Given every kind of the warning half but the alerts, which the board hears here.

    Raises:
        LogBroken: The log cannot be trusted.
    """
    if kept is None or kept.link.seq <= _TAIL:
        board, known, begin = Board(areas, log.realm), 0, None
    else:
        board, known, begin = kept.board, kept.link.seq, _before(log, kept.link.seq)
    recent: deque[Said] = deque(maxlen=RECENT)
    for entry in checked(log, begin):
        kind = kind_of(entry)
        if entry.seq > known and kind is not None:
            board.learn(entry.seq, entry.at, kind)
        if isinstance(kind, Alert):
            recent.append(Said(entry.seq, entry.at, kind))
        elif kind is not None and entry.seq > known and not isinstance(kind, RECORD):
            learn(entry.at, kind)
    floor = recent[0].seq if len(recent) == RECENT else begin.seq if begin else 0
    return Folded(board, recent, floor, known)


def _before(log: Log, known: Place) -> Link:
    """Return the link a tail before a place.  The chain from there must lead to that place's own hash."""
    entry = next(log.read(known - _TAIL - 1, 1))
    return Link(entry.seq, entry.hash)


def kind_of(entry: Entry) -> Kind | None:
    """Return what an entry says; None where its words were erased."""
    return None if entry.body is None else wire.decode(entry.body)
