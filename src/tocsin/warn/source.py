"""What the board knows of one source: what it may speak of, and whether it can be heard."""

from __future__ import annotations

from datetime import datetime

from tocsin.areas import Areas
from tocsin.model import THREATS, AreaId, Contract, Place, Threat
from tocsin.warn.words import Word


class Source:
    """What the board knows of one source: its contract, and whether it can be heard."""

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self.contract: Contract | None = None
        self.held = False
        self.stated_at: datetime | None = None  # the newest contact that was logged
        self.alone: set[Place] = set()  # clears that it vouches for one by one, while contact is not held
        self._roots: frozenset[AreaId] = frozenset()
        self._above: frozenset[AreaId] = frozenset()

    def agree(self, contract: Contract) -> None:
        """Take a new contract; one without areas ends the old one.

        A statement was about all that the source was contracted for when it was made.  It says nothing
        of what the new contract adds, so it is void; and after an end its next words are its first.
        """
        old = self.contract
        if old is None or (old.areas, old.threats) != (contract.areas, contract.threats):
            self.stated_at = None
        if not contract.areas:
            self.held = False
            self.alone.clear()
        self.contract = contract if contract.areas else None
        self._roots = frozenset(contract.areas)
        self._above = frozenset(above for root in contract.areas for above in self._areas.chain(root)[1:])

    def speaks_of(self, area: AreaId, threat: Threat) -> bool:
        """Return whether the contract covers an area as a whole."""
        if self.contract is None or not ("*" in self.contract.threats or threat in self.contract.threats):
            return False
        return not self._roots.isdisjoint(self._areas.chain(area))

    def vouches(self, word: Word) -> bool:
        """Return whether its all clear stands: its last word is one, and it can be heard."""
        return word.clear and (self.held or word.clear_place in self.alone)

    def touches(self, area: AreaId, threat: Threat, spoken: bool) -> bool:
        """Return whether the contract covers an area or a part of it.

        ``spoken``: somebody has used this threat here.  "*" stands for the
        known threats everywhere, and for any other code only where it was used.
        """
        if self.contract is None:
            return False
        if area not in self._above and self._roots.isdisjoint(self._areas.chain(area)):
            return False
        if threat in self.contract.threats:
            return True
        return "*" in self.contract.threats and (threat in THREATS or spoken)
