"""Attacks: which reported strikes were one attack, and which alert wave belongs to it.

A strike is one row of a table of strikes: one munition in one reporting window.  An attack is a connected
component of strikes that *link*: of a strategic munition, with an end known to the minute, in a window of at
most 24 h.  They are connected where their windows overlap for some time; windows that only touch are not, and
an instant lasts a minute.  Every other strike is attached to the attack that it overlaps most.

Only linking strikes count in an attack's tally.  A wave belongs to the attack with which it overlaps most, an
hour before and after allowed, of equals the earlier; a wave with none is an alert without a reported strike.
An alert is not an attack: many waves have no strike at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from tocsin.record.sums import Tally
from tocsin.record.waves import Wave

WINDOW_MAX = timedelta(hours=24)
INSTANT = timedelta(minutes=1)
AROUND = timedelta(minutes=60)
# Munitions of the front line and drones that only look: they fly every day and would link everything.
TACTICAL = frozenset(
    (
        *(
            "Orlan-10",
            "Orlan-30",
            "Supercam",
            "ZALA",
            "Merlin-VR",
            "Orion",
            "Mohajer-6",
            "Forpost",
            "Granat-4",
        ),
        *("Eleron", "Reconnaissance UAV", "Фенікс", "Картограф", "Привет-82", "Lancet", "Молнія", "Kub"),
    )
)


class Strike(Struct, frozen=True, order=True):
    """One munition, or several that were reported together, in one reporting window."""

    since: datetime
    until: datetime  # exclusive; of an end known to the day only, the midnight after it
    row: int  # the line of the table, the header is 1
    model: str  # "X-59 and X-35": several
    to_the_minute: bool  # the end is
    launched: int | None = None
    intercepted: int | None = None
    lost: int | None = None
    flying: int | None = None
    crossed: int | None = None
    hits: int | None = None

    @property
    def strategic(self) -> bool:
        """Whether any of its munitions reaches beyond the front."""
        return bool(set(self.model.split(" and ")) - TACTICAL)

    @property
    def links(self) -> bool:
        """Whether it connects an attack."""
        return self.strategic and self.to_the_minute and timedelta() <= self.until - self.since <= WINDOW_MAX

    @property
    def tally(self) -> Tally | None:
        """What became of what was launched; None where nobody says how many."""
        if self.launched is None:
            return None
        return Tally(self.launched, self.intercepted, self.lost, self.flying, self.crossed)


class Attack(Struct, frozen=True, order=True):
    """One attack."""

    since: datetime
    until: datetime
    id: str  # ATK-20240101T2000: when it began, in the country's own time
    strikes: tuple[Strike, ...]  # those that link
    attached: tuple[Strike, ...]  # those that only overlap it
    launched: int | None  # of the linking strikes; None: of none is it known
    intercepted: int | None
    complete: bool  # every linking strike says both


class Joined(Struct, frozen=True):
    """Waves with the attacks they belong to."""

    by_attack: dict[str, tuple[Wave, ...]]  # by the id of the attack; without those that have none
    alone: tuple[Wave, ...]  # alerts without a reported strike


def attacks(strikes: Iterable[Strike], zone: tzinfo) -> list[Attack]:
    """Return the attacks, the earliest first.

    Args:
        strikes: In any order, duplicates allowed.
        zone: The country's own time, for the ids.
    """
    every = sorted(set(strikes))
    groups: list[list[Strike]] = []
    end = None
    for strike in every:
        if not strike.links:
            continue
        if end is not None and strike.since < end:
            groups[-1].append(strike)
            end = max(end, _end(strike))
        else:
            groups.append([strike])
            end = _end(strike)
    spans = [(group[0].since, max(map(_end, group))) for group in groups]
    attached: list[list[Strike]] = [[] for _ in groups]
    for strike in every:
        if not strike.links and (place := _most((strike.since, _end(strike)), spans)) is not None:
            attached[place].append(strike)
    return [_attack(*parts, zone) for parts in zip(spans, groups, attached, strict=True)]


def _attack(
    span: tuple[datetime, datetime], linked: Sequence[Strike], attached: Sequence[Strike], zone: tzinfo
) -> Attack:
    launched = [strike.launched for strike in linked if strike.launched is not None]
    intercepted = [strike.intercepted for strike in linked if strike.intercepted is not None]
    return Attack(
        *span,
        id=f"ATK-{span[0].astimezone(zone):%Y%m%dT%H%M}",
        strikes=tuple(linked),
        attached=tuple(attached),
        launched=sum(launched) if launched else None,
        intercepted=sum(intercepted) if intercepted else None,
        complete=len(launched) == len(intercepted) == len(linked),
    )


def join(waves: Iterable[Wave], given: Sequence[Attack]) -> Joined:
    """Return which waves belong to which attack.

    Args:
        waves: In any order.
        given: The attacks, the earliest first.
    """
    spans = [(attack.since - AROUND, attack.until + AROUND) for attack in given]
    mine: dict[str, list[Wave]] = {}
    alone: list[Wave] = []
    for wave in sorted(waves):
        place = _most((wave.since, wave.until), spans)
        if place is None:
            alone.append(wave)
        else:
            mine.setdefault(given[place].id, []).append(wave)
    return Joined({attack: tuple(found) for attack, found in mine.items()}, tuple(alone))


def _end(strike: Strike) -> datetime:
    return max(strike.until, strike.since + INSTANT)


def _most(one: tuple[datetime, datetime], spans: Sequence[tuple[datetime, datetime]]) -> int | None:
    """Return which of the spans, the earliest first, overlaps one most; of equals the earlier."""
    best, most = None, timedelta()
    for place, (since, until) in enumerate(spans):
        if since >= one[1]:
            break
        shared = min(until, one[1]) - max(since, one[0])
        if shared > most:
            best, most = place, shared
    return best
