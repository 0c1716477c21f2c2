"""A board in a form that can be kept, so that a start need not fold the whole log again.

It holds what `Board` holds and nothing that cannot be folded from the log: it
may be lost at any time.  It is only good for the rules that made it, and for
the areas that it names; whoever keeps it sees to that.  It holds the words of
what still stands, so whoever erases an entry drops what was saved before.

This module knows the board from the inside; nobody else does.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.areas import Areas
from tocsin.model import AreaId, Contract, Lapse, Place, Realm, Signal, SourceId, Threat
from tocsin.warn.board import Board, Due
from tocsin.warn.source import Source
from tocsin.warn.threat import ThreatMap
from tocsin.warn.told import Status
from tocsin.warn.words import Mark, Raise, Word


class SavedWord(Struct, array_like=True):
    """A `Word`, and whose it is."""

    source: SourceId
    raises: list[tuple[Place, Signal, bool]]
    cleared_at: datetime | None
    clear_place: Place
    clear_heard_at: datetime | None
    cancelled_at: datetime | None
    lapsed: list[Place]
    aside: tuple[Place, datetime] | None


class SavedNode(Struct, array_like=True):
    """A `Node`, and of which area and threat it is."""

    threat: Threat
    area: AreaId
    newest_raise: datetime | None
    words: list[SavedWord]


class SavedSource(Struct, array_like=True):
    """A `Source`, and its name."""

    name: SourceId
    contract: Contract | None
    held: bool
    stated_at: datetime | None
    alone: list[Place]


class SavedTold(Struct, array_like=True):
    """What some areas were told alike."""

    threat: Threat
    status: Status
    areas: list[AreaId]


class SavedBoard(Struct):
    """A `Board`."""

    realm: Realm
    threats: list[Threat]
    listed: list[AreaId]
    sources: list[SavedSource]
    nodes: list[SavedNode]
    due: list[tuple[Place, datetime, Lapse]]
    told: list[SavedTold]


def save(board: Board) -> bytes:
    """Return a board as bytes.  Between two hearings: what it still has to say is not kept."""
    maps = board._maps.values()
    return msgspec.msgpack.encode(
        SavedBoard(
            board.realm,
            list(board._maps),  # in the order in which they came up: a contract for all takes them so
            sorted(board._listed),
            [_source(name, source) for name, source in sorted(board.sources.items())],
            [node for one in maps for node in _nodes(one)],
            [(place, due.at, due.lapse) for place, due in sorted(board._due.items())],
            [told for threat in board.told.threats for told in _told(board, threat)],
        )
    )


def restore(areas: Areas, body: bytes) -> Board:
    """Return the board that was saved.

    Raises:
        ValueError: It is none, or of other areas.
    """
    try:
        saved = msgspec.msgpack.decode(body, type=SavedBoard)
    except msgspec.DecodeError as error:
        raise ValueError(f"no saved board: {error}") from error
    named = {
        *saved.listed,
        *(node.area for node in saved.nodes),
        *(a for told in saved.told for a in told.areas),
    }
    if strange := [area for area in named if area not in areas]:
        raise ValueError(f"it names areas that are not there: {', '.join(sorted(strange)[:3])}")
    board = Board(areas, saved.realm)
    for one in saved.sources:
        board.sources[one.name] = _to_source(areas, one)
    board._listed.update(saved.listed)
    for threat in saved.threats:
        board._map(threat)
    board._new.clear()
    for node in saved.nodes:
        _to_node(board._map(node.threat), node)
    board._due.update((place, Due(at, lapse)) for place, at, lapse in saved.due)
    for told in saved.told:
        board.told.tell(told.threat, told.areas, told.status)
    return board


def _source(name: SourceId, source: Source) -> SavedSource:
    return SavedSource(name, source.contract, source.held, source.stated_at, sorted(source.alone))


def _to_source(areas: Areas, saved: SavedSource) -> Source:
    source = Source(areas)
    if saved.contract is not None:
        source.agree(saved.contract)
    source.held, source.stated_at, source.alone = saved.held, saved.stated_at, set(saved.alone)
    return source


def _nodes(one: ThreatMap) -> list[SavedNode]:
    return [
        SavedNode(one.threat, area, node.newest_raise, [_word(*item) for item in sorted(node.words.items())])
        for area, node in sorted(one.nodes.items())
    ]


def _word(source: str, word: Word) -> SavedWord:
    raises = [(one.place, one.signal, one.stated) for one in word.raises]
    ends = (word.cleared_at, word.clear_place, word.clear_heard_at, word.cancelled_at)
    return SavedWord(SourceId(source), raises, *ends, sorted(word.lapsed), word.aside)


def _to_node(one: ThreatMap, saved: SavedNode) -> None:
    for kept in saved.words:
        word = one.word(kept.source, saved.area)
        word.raises = [Raise(*item) for item in kept.raises]
        word.cleared_at, word.clear_place = kept.cleared_at, kept.clear_place
        word.clear_heard_at, word.cancelled_at = kept.clear_heard_at, kept.cancelled_at
        word.lapsed = set(kept.lapsed)
        word.aside = Mark(*kept.aside) if kept.aside is not None else None
    one.nodes[saved.area].newest_raise = saved.newest_raise
    one.mark(saved.area)


def _told(board: Board, threat: Threat) -> list[SavedTold]:
    alike: dict[Status, list[AreaId]] = {}
    for area, status in sorted(board.told.of_threat(threat), key=lambda told: told[0]):
        alike.setdefault(status, []).append(area)
    return [SavedTold(threat, status, areas) for status, areas in alike.items()]
