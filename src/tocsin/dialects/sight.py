"""What the public is told at one moment, as the dialects ask for it.

The rules are those of the public door: a clear is shown only while one of its
sources vouches for it.  Whatever is asked here is answered from what was last
told; nothing is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar

from tocsin.areas import Areas
from tocsin.dialects.codes import Codes
from tocsin.model import THREATS, AreaId, Realm, SourceId, State, Threat
from tocsin.warn.told import Status, Told, worst

_T = TypeVar("_T")
AIR = THREATS[0]
_PACK = SourceId("pack")  # vouches for what has stood for years, and for nothing else


class Moment(Protocol):
    """When and where in the log an answer is made."""

    @property
    def seq(self) -> int:
        """The place in the log."""

    @property
    def realm(self) -> Realm:
        """The realm that is shown."""

    @property
    def as_of(self) -> datetime:
        """When."""

    @property
    def fresh(self) -> Mapping[SourceId, datetime]:
        """Until when each source vouches."""


class Land(NamedTuple):
    """The country that is shown."""

    areas: Areas
    codes: Codes
    zone: tzinfo
    name: Mapping[str, str]  # language -> name


class Raise(NamedTuple):
    """One area that is raised for one threat."""

    area: AreaId
    threat: Threat
    status: Status


class Sight:
    """What every area is told at one moment.

    Args:
        told: What was last told.
        land: The country.
        moment: When.  A realm other than the actual one is refused.
        changed: When what is told last changed, whole seconds; grows with every change.

    Raises:
        ValueError: It is of a realm that no dialect may carry.
    """

    def __init__(self, told: Told, land: Land, moment: Moment, changed: datetime) -> None:
        if moment.realm is not Realm.ACTUAL:
            raise ValueError(f"realm {moment.realm}: a dialect carries nothing but actual danger")
        self.land = land
        self.areas, self.codes, self.zone = land.areas, land.codes, land.zone
        self.as_of = moment.as_of
        self.seq = moment.seq
        self.changed = changed
        self._told = told
        self._fresh = moment.fresh
        self._made: dict[object, Any] = {}
        self._above_board = frozenset(area for one in self.areas.board for area in self.areas.chain(one)[1:])

    def status(self, area: AreaId, threat: Threat) -> Status:
        """Return what an area is told about a threat; a clear that nobody vouches for is unknown."""
        return self._shown(self._told.status(area, threat))

    def covers(self, area: AreaId, threat: Threat = AIR) -> bool:
        """Return whether somebody reports a threat in an area."""
        return self._told.status(area, threat).state is not State.NOT_COVERED

    def state(self, area: AreaId, threats: Iterable[Threat] | None = None) -> State:
        """Return the worst that an area is told; not covered where no threat is."""
        states = [self.status(area, threat).state for threat in (threats or self.threats)]
        return worst(states) if any(state is not State.NOT_COVERED for state in states) else State.NOT_COVERED

    def _shown(self, status: Status) -> Status:
        if status.state is not State.CLEAR:
            return status
        until = max((self._fresh[name] for name in status.sources if name in self._fresh), default=None)
        if until is None or until <= self.as_of:
            return Status(State.UNKNOWN, until or self.as_of)
        return status

    @property
    def threats(self) -> tuple[Threat, ...]:
        """Every threat that was ever spoken of."""
        return self._told.threats

    def _named(self, threat: Threat) -> Iterator[tuple[AreaId, Status]]:
        """Yield every area that is told something of its own, with what it is told."""
        for area, status in self._told.of_threat(threat):
            if area not in self._above_board:
                yield area, self._shown(status)

    def once(self, key: object, make: Callable[[Sight], _T]) -> _T:
        """Return what is made of this sight, made once for all who ask for it by the same key."""
        if key not in self._made:
            self._made[key] = make(self)
        made: _T = self._made[key]
        return made

    @cached_property
    def told_apart(self) -> frozenset[AreaId]:
        """The areas that are told something of their own; the others are as the nearest of them above."""
        return frozenset(area for threat in self.threats for area, _ in self._told.of_threat(threat))

    def known(self, threats: Iterable[Threat] | None = None) -> bool:
        """Return whether no covered area is unknown, and somebody covers more than what stands for years.

        Without a feed nothing would be unknown: all would be absent, which reads as an all clear.
        """
        covered = False
        for threat in threats or self.threats:
            for _, status in self._named(threat):
                if status.state is State.UNKNOWN:
                    return False
                covered = covered or (status.state is not State.NOT_COVERED and status.sources != (_PACK,))
        return covered

    @cached_property
    def known_for_all(self) -> bool:
        """Whether no covered area is unknown for any threat."""
        return self.known()

    @cached_property
    def known_for_air(self) -> bool:
        """Whether no covered area is unknown for air alerts."""
        return self.known((AIR,))

    def known_here(self, area: AreaId, threats: Iterable[Threat] | None = None) -> bool:
        """Return whether nothing that is covered is unknown in an area."""
        chosen = tuple(threats or self.threats)
        below = set(self.areas.below(area))
        return all(self.status(area, threat).state is not State.UNKNOWN for threat in chosen) and not any(
            status.state is State.UNKNOWN
            for threat in chosen
            for part, status in self._named(threat)
            if part in below
        )

    def raises(self, system: str, threats: Iterable[Threat] | None = None) -> list[Raise]:
        """Return what is raised, by the areas that a system has a code for, none inside another.

        A raise of an area without a code is one of the nearest area around it that has one.
        """
        found: list[Raise] = []
        for threat in threats or self.threats:
            by_area: dict[AreaId, Status] = {}
            for area, status in self._named(threat):
                carrier = self.carrier(area, system) if status.state is State.RAISED else None
                if carrier is not None:
                    by_area[carrier] = _graver(by_area.get(carrier), status)
            for area in sorted(by_area):
                if not any(above in by_area for above in self.areas.chain(area)[1:]):
                    found.append(Raise(area, threat, by_area[area]))
        return found

    def unknown(self, system: str) -> dict[AreaId, datetime]:
        """Return the covered areas of which something is not known, by a system's codes, with since when.

        An area without a code is shown by the nearest around it that has one, and a part by what it lies in.
        """
        found: dict[AreaId, datetime] = {}
        for threat in self.threats:
            for area, status in self._named(threat):
                carrier = self.carrier(area, system) if status.state is State.UNKNOWN else None
                if carrier is not None:
                    since = status.since or self.changed
                    found[carrier] = min(since, found.get(carrier, since))
        return {
            area: since
            for area, since in sorted(found.items())
            if not any(above in found for above in self.areas.chain(area)[1:])
        }

    def carrier(self, area: AreaId, system: str) -> AreaId | None:
        """Return the nearest area, up to the board level, that a system has a code for."""
        for above in self.areas.chain(area):
            if above in self._above_board:
                return None
            if self.codes.of(system, above) is not None:
                return above
        return None

    def touching(self, area: AreaId, raises: Iterable[Raise]) -> list[Raise]:
        """Return the raises of an area, of the areas around it and of its parts."""
        chain = self.areas.chain(area)
        return [one for one in raises if one.area in chain or area in self.areas.chain(one.area)]


def _graver(one: Status | None, other: Status) -> Status:
    """Return the raise that people must know of: a red one, else the earlier."""
    if one is None:
        return other
    return min(one, other, key=lambda status: (status.level == "yellow", str(status.since)))
