"""One threat over all areas: what everybody says of it, and what each area is to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from tocsin.areas import Areas
from tocsin.model import AreaId, Level, SourceId, State, Threat
from tocsin.warn.source import Source
from tocsin.warn.told import NOT_COVERED, Status
from tocsin.warn.words import Mark, Node, Word

_LEVELS = (None, Level.YELLOW, Level.RED)


class Disagreement(NamedTuple):
    """Some sources hold an area raised, others that may speak of it say clear since."""

    area: AreaId
    threat: Threat
    raised: tuple[SourceId, ...]
    clear: tuple[SourceId, ...]


class ThreatMap:
    """What the sources say of one threat, area by area, and what it comes to.

    Args:
        areas: The country's areas.
        threat: Which threat.
        sources: What is known of the sources; owned by the board.
        listed: The areas that are told apart; owned by the board.
    """

    def __init__(
        self, areas: Areas, threat: Threat, sources: Mapping[SourceId, Source], listed: AbstractSet[AreaId]
    ) -> None:
        self.threat = threat
        self.nodes: dict[AreaId, Node] = {}
        self._areas = areas
        self._sources = sources
        self._listed = listed
        self._open: set[AreaId] = set()  # that some source holds raised
        self._aside: set[AreaId] = set()  # where a raise was set aside
        self._open_below: dict[AreaId, set[AreaId]] = {}
        self._nodes_below: dict[AreaId, set[AreaId]] = {}

    def word(self, source: SourceId, area: AreaId) -> Word:
        """Return what a source says of an area."""
        node = self.nodes.get(area)
        if node is None:
            node = self.nodes[area] = Node()
            for above in self._areas.chain(area)[1:]:
                self._nodes_below.setdefault(above, set()).add(area)
        word = node.words.get(source)
        if word is None:
            word = node.words[source] = Word()
        return word

    def mark(self, area: AreaId) -> None:
        """Keep the index of what is raised in step with the words."""
        is_open = is_aside = False
        for word in self.nodes[area].words.values():
            is_open = is_open or word.open
            is_aside = is_aside or word.aside is not None
        (set.add if is_aside else set.discard)(self._aside, area)
        if is_open == (area in self._open):
            return
        change = set.add if is_open else set.discard
        change(self._open, area)
        for above in self._areas.chain(area)[1:]:
            change(self._open_below.setdefault(above, set()), area)

    def around(self, area: AreaId) -> Iterator[AreaId]:
        """Yield the listed areas that a word about one area can change."""
        yield from self._areas.chain(area)
        yield from (part for part in self._areas.below(area) if part in self._listed)

    def spoken_of(self, area: AreaId) -> bool:
        """Return whether anybody used this threat of the area, of one around it or of a part."""
        return bool(self._nodes_below.get(area)) or any(one in self.nodes for one in self._areas.chain(area))

    def held_by(self, source: SourceId) -> Iterator[AreaId]:
        """Yield the areas that a source holds raised."""
        for area in [*self._open]:  # a copy: it may be asked while the board hears
            word = self.nodes[area].words.get(source)
            if word is not None and word.open:
                yield area

    def disagreements(self) -> Iterator[Disagreement]:
        """Yield the areas that are raised by one source and clear by another."""
        for area in sorted(self._open):
            raised = _names(self._holding(area))
            clear = tuple(sorted(self._covering(area) - {*raised}))
            if clear:
                yield Disagreement(area, self.threat, raised, clear)

    def was_raised(self, source: SourceId, area: AreaId) -> bool:
        """Return whether a source ever said anything of an area, an area around it or a part of it."""
        around = [above for above in self._areas.chain(area) if above in self.nodes]
        parts = self._nodes_below.get(area, set())
        return any(source in self.nodes[near].words for near in (*around, *parts))

    def status(self, area: AreaId) -> Status:
        """Return what an area is to be told, without ``since`` where only history knows it."""
        holders = self._holding(area)
        if holders:
            return _raised(holders)
        parts = self._open_below.get(area)
        if parts:
            held = [word for part in parts for word in self._holding(part)]
            return Status(State.PARTLY, min(word.since for word in held), _names(held))
        aside = self._set_aside(area)
        names = tuple(sorted({name for name, _ in aside}))
        spoken = self.spoken_of(area)
        near = bool(aside) or self._is_aside_below(area)
        if not near and not any(
            source.touches(area, self.threat, spoken) for source in self._sources.values()
        ):
            return NOT_COVERED
        vouching = self._clear_by(area)
        if vouching:
            return Status(State.CLEAR, sources=tuple(sorted(vouching)))
        if aside:
            return Status(State.UNKNOWN, sources=names, set_aside=True)
        return Status(State.UNKNOWN)

    def _holding(self, area: AreaId) -> list[Word]:
        return [
            word
            for above in self._areas.chain(area)
            if above in self._open
            for word in self.nodes[above].words.values()
            if word.open
        ]

    def _set_aside(self, area: AreaId) -> list[tuple[SourceId, Mark]]:
        """Return the sources whose raise of an area, or of one around it, was set aside."""
        if not self._aside:
            return []
        return [
            (SourceId(name), word.aside)
            for above in self._areas.chain(area)
            if above in self._aside
            for name, word in self.nodes[above].words.items()
            if word.aside is not None
        ]

    def _is_aside_below(self, area: AreaId) -> bool:
        return any(area in self._areas.chain(one) for one in self._aside)

    def _clear_by(self, area: AreaId) -> set[SourceId]:
        """Return the sources by which an area is clear: as a whole, or by the parts that make it up.

        Either way every part that somebody ever spoke of must be clear too.  Empty when it is not clear.
        """
        vouching = self._covering(area)
        parts = () if vouching else self._areas.whole_children(area)
        if not vouching and (not parts or parts[0] not in self._listed):
            return set()  # nobody spoke of any part: they are as the area is
        for part in (*parts, *self._nodes_below.get(area, ())):
            more = self._clear_by(part)
            if not more:
                return set()
            vouching |= more
        return vouching

    def _covering(self, area: AreaId) -> set[SourceId]:
        """Return the sources whose clear covers an area and is no older than any raise of it.

        Where a raise was set aside only an all clear counts that was sent and heard after that.
        """
        asides = [aside for _, aside in self._set_aside(area)]
        chain = [self.nodes[above] for above in self._areas.chain(area) if above in self.nodes]
        newest = max((node.newest_raise for node in chain if node.newest_raise is not None), default=None)
        vouching = set()
        for name, source in self._sources.items():
            if not source.speaks_of(area, self.threat):
                continue
            words = [node.words[name] for node in chain if name in node.words]
            times = [
                word.cleared_at
                for word in words
                if word.cleared_at and source.vouches(word) and all(_is_after(word, one) for one in asides)
            ]
            stated_at = source.stated_at
            if source.held and stated_at and all(word.settled_by(stated_at) for word in words):
                times += [] if asides else [stated_at]
            if times and (newest is None or max(times) >= newest):
                vouching.add(name)
        return vouching


def _is_after(word: Word, aside: Mark) -> bool:
    return word.clear_place > aside.place and word.cleared_at is not None and word.cleared_at > aside.sent


def _raised(words: list[Word]) -> Status:
    """Return the status of an area that these words hold raised."""
    raises = [word.newest for word in words if word.newest]
    newest = max(raises, key=lambda one: one.rank).signal
    signals = [one.signal for one in raises]
    ends = [signal.expires for signal in signals]
    return Status(
        State.RAISED,
        since=min(word.since for word in words),
        sources=_names(words),
        subtype=newest.subtype,
        level=max((signal.level for signal in signals), key=_LEVELS.index),
        expires=None if None in ends else max(end for end in ends if end is not None),
        text=newest.text,
    )


def _names(words: list[Word]) -> tuple[SourceId, ...]:
    return tuple(sorted({word.raises[0].signal.source for word in words}))
