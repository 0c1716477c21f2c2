"""What a source's words are worth under its contract: the entries that they make, and no more.

1.  What the contract does not name is not heard.  A raise of an area around it raises what it names.
2.  What the source held raised is over when a complete list does not have it, and nothing around it or in
    it is unknown there.
3.  Contact is a statement about the whole contract.  Where a part of that is unknown, none is made.
4.  A time ahead of our clock is our clock's: a raise from the future could not be ended until then.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin import wire
from tocsin.areas import Areas
from tocsin.model import Act, AreaId, Contact, Contract, Kind, Signal, Threat
from tocsin.sources import ANY, Heard, Saying

Key = tuple[AreaId, Threat]


class News(Struct, frozen=True):
    """What is to be put into the log, in order, by key; and whether contact is kept."""

    entries: tuple[tuple[str, Kind], ...] = ()
    raised: Mapping[Key, Saying] = {}  # what a complete list has raised, within the contract
    contact: bool = False
    lost: bool = False  # the source itself says that it cannot speak for all


def news(
    heard: Heard,
    at: datetime,
    *,
    contract: Contract,
    areas: Areas,
    holds: Collection[Key],
    before: Mapping[Key, Saying],
    synced: bool,
    known: Container[str] = (),
) -> News:
    """Return what a payload means.

    Args:
        heard: What it says.
        at: When it was asked for.
        contract: What the source may speak of.
        areas: The country's areas.
        holds: What the board holds raised for it.
        before: What the last complete list had raised.
        synced: Whether a complete list was heard since contact was made, so that a sign of life counts.
        known: The names of what was put into the log before.
    """
    scope = _Scope(contract, areas)
    mine = [one for saying in heard.sayings for one in scope.clipped(saying)]
    unknown = [key for key in heard.unknown if scope.touches(*key)]
    raised = _gravest(one for one in mine if one.act is Act.RAISED)
    signals = mine
    if heard.complete:
        said = {
            key: f"signal/{contract.source}/{one.id}" in known and key not in holds
            for key, one in raised.items()
        }
        raised = {key: _dated(one, before.get(key), at, again=said[key]) for key, one in raised.items()}
        signals = list(raised.values())
        ended = [one for one in mine if one.act is not Act.RAISED and (one.area, one.threat) in holds]
        over = {(one.area, one.threat) for one in ended}
        signals += [one for one in ended if (one.area, one.threat) not in raised]
        signals += [
            _over(key, at)
            for key in sorted(holds)
            if key not in raised
            and key not in over
            and scope.covers(*key)
            and not _veiled(key, unknown, areas)
        ]
    entries: list[tuple[str, Kind]] = [scope.entry(one, at) for one in signals]
    lost = heard.complete and bool(unknown)
    contact = not lost and (heard.complete or (heard.alive and synced))
    if contact:
        listed = tuple(sorted(raised)) if heard.complete else tuple(sorted(holds))
        statement = Contact(contract.realm, contract.source, held=True, sent=at, raised=listed)
        entries.append((f"contact/{contract.source}/{wire.stamp(at)}", statement))
    return News(tuple(entries), raised if heard.complete else before, contact, lost)


class _Scope:
    """What a contract covers."""

    def __init__(self, contract: Contract, areas: Areas) -> None:
        self._contract = contract
        self._areas = areas

    def covers(self, area: AreaId, threat: Threat) -> bool:
        """Return whether an area lies within it as a whole."""
        return self._has(threat) and not set(self._contract.areas).isdisjoint(self._areas.chain(area))

    def touches(self, area: AreaId, threat: Threat) -> bool:
        """Return whether anything in an area, or around it, is covered."""
        inside = any(area in self._areas.chain(root) for root in self._contract.areas)
        return (threat == ANY or self._has(threat)) and (
            inside or not set(self._contract.areas).isdisjoint(self._areas.chain(area))
        )

    def _has(self, threat: Threat) -> bool:
        return ANY in self._contract.threats or threat in self._contract.threats

    def clipped(self, saying: Saying) -> Iterator[Saying]:
        """Yield what of a saying is within the contract: itself, or the parts of its area that are."""
        if self.covers(saying.area, saying.threat):
            yield saying
        elif self._has(saying.threat):
            for root in self._contract.areas:
                if saying.area in self._areas.chain(root):
                    yield msgspec.structs.replace(saying, area=root, id=f"{saying.id}-{root}")

    def entry(self, saying: Saying, at: datetime) -> tuple[str, Kind]:
        """Return a saying as what stands in the log; a time ahead of our clock is our clock's."""
        source = self._contract.source
        signal = Signal(
            self._contract.realm, source, saying.id, saying.area, saying.threat, saying.act,
            min(saying.sent, at), saying.subtype, saying.level, saying.expires, saying.text,
        )  # fmt: skip
        return f"signal/{source}/{saying.id}", signal


def _gravest(sayings: Iterable[Saying]) -> dict[Key, Saying]:
    """Return one raise an area and threat: of several, the last by name, which is the graver of one time."""
    found: dict[Key, Saying] = {}
    for one in sayings:
        key = one.area, one.threat
        if key not in found or (one.sent, one.id) > (found[key].sent, found[key].id):
            found[key] = one
    return found


def _dated(saying: Saying, before: Saying | None, at: datetime, *, again: bool) -> Saying:
    """Return a row with a time at which it counts.

    A row whose level changes keeps the time at which it began; the change is newer than that.  So is one
    that was gone and is there again (``again``).
    """
    if before is not None and (before.id == saying.id or before.id.startswith(f"{saying.id}-")):
        if not again:
            return before
    elif not again and (before is None or before.sent < saying.sent):
        return saying
    if at <= saying.sent:
        return saying
    return msgspec.structs.replace(saying, sent=at, id=f"{saying.id}-{wire.stamp(at)}")


def _over(key: Key, at: datetime) -> Saying:
    area, threat = key
    return Saying(f"clear-{area}-{threat}-{wire.stamp(at)}", area, threat, Act.CLEAR, at)


def _veiled(key: Key, unknown: Iterable[Key], areas: Areas) -> bool:
    """Return whether something around an area, or in it, is unknown for a threat."""
    area, threat = key
    return any(
        of in (threat, ANY) and (one in areas.chain(area) or area in areas.chain(one)) for one, of in unknown
    )
