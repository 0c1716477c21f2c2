"""What the public was last told: the fold of the alerts.

The board compares with it to find what is still to be said, and the public
door shows it.  Both hold nothing else, so a subscriber who merges the alerts
knows, for every area, what the board knows.

An area that no alert named is as the nearest area above it that one did name.
Areas of the board level begin as *not covered* and ask nobody above them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from tocsin.areas import Areas
from tocsin.model import THREATS, WORST_FIRST, Alert, AreaId, Level, SourceId, State, Threat


class Status(Struct, frozen=True, omit_defaults=True):
    """What an area is told about one threat: the fields of an `Alert` that stay."""

    state: State
    since: datetime | None = None
    sources: tuple[SourceId, ...] = ()
    subtype: str | None = None
    level: Level | None = None
    expires: datetime | None = None
    text: str | None = None
    cancelled: bool = False
    set_aside: bool = False


NOT_COVERED = Status(State.NOT_COVERED)


def status_of(alert: Alert) -> Status:
    """Return what an alert tells each of its areas."""
    return Status(
        alert.state, alert.since, alert.sources,
        alert.subtype, alert.level, alert.expires, alert.text, alert.cancelled, alert.set_aside,
    )  # fmt: skip


def worst(states: Iterable[State]) -> State:
    """Return the state of an area, given those of its threats; unknown where none is covered."""
    among = set(states)
    for state in WORST_FIRST[:-1]:
        if state in among:
            return state
    return State.UNKNOWN


class Told:
    """What every area was last told about every threat."""

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self._board = frozenset(areas.board)
        self._told: dict[Threat, dict[AreaId, Status]] = {threat: {} for threat in THREATS}

    def copy(self) -> Told:
        """Return another one that knows the same."""
        other = Told(self._areas)
        other._told = {threat: dict(told) for threat, told in self._told.items()}
        return other

    @property
    def threats(self) -> tuple[Threat, ...]:
        """Every threat that was ever spoken of, the known ones first."""
        return tuple(self._told)

    def hear(self, alert: Alert) -> None:
        """Take one alert in."""
        self.tell(alert.threat, alert.areas, status_of(alert))

    def tell(self, threat: Threat, areas: Iterable[AreaId], status: Status) -> None:
        """Take in what some areas are told of a threat from now on."""
        told = self._told.get(threat)
        if told is None:
            told = self._told[threat] = {}
        for area in areas:
            told[area] = status

    def of_threat(self, threat: Threat) -> Iterator[tuple[AreaId, Status]]:
        """Yield every area that an alert named for a threat, and what it is told."""
        yield from self._told.get(threat, {}).items()

    def named(self, area: AreaId, threat: Threat) -> Status | None:
        """Return what an alert told this very area, or None."""
        return self._told.get(threat, {}).get(area)

    def status(self, area: AreaId, threat: Threat) -> Status:
        """Return what an area is told about a threat."""
        told = self._told.get(threat)
        if told:
            for above in self._areas.chain(area):
                if above in told:
                    return told[above]
                if above in self._board:
                    break
        return NOT_COVERED

    def statuses(self, area: AreaId) -> dict[Threat, Status]:
        """Return what an area is told about every threat."""
        return {threat: self.status(area, threat) for threat in self._told}

    def state(self, area: AreaId) -> State:
        """Return the worst that an area is told."""
        return worst(self.status(area, threat).state for threat in self._told)

    def vouchers(self) -> set[tuple[SourceId, ...]]:
        """Return who vouches for the areas that are told clear, each set of sources once."""
        return {
            status.sources
            for told in self._told.values()
            for status in told.values()
            if status.state is State.CLEAR
        }

    def finer(self) -> Iterator[AreaId]:
        """Yield the areas below the board level that are told something else than their parent, in order."""
        named = {area for told in self._told.values() for area in told}
        for area in sorted(named):
            parent = self._areas[area].parent
            if area in self._board or parent is None:
                continue
            if any(self.status(area, threat) != self.status(parent, threat) for threat in self._told):
                yield area
