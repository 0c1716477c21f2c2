"""What the desk reads of a realm beside what it writes, and what offices may report."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tocsin.app.fold import kind_of
from tocsin.desk.people import Person
from tocsin.desk.rights import VERBS, Verb
from tocsin.log import Log
from tocsin.model import AreaId, Contract, Kind, Realm, SourceId, Threat

TAIL = 20_000  # entries; what waits for a second person is minutes old


def tail_of(reader: Callable[[], Log]) -> list[Kind]:
    """Return the last kinds of a log, oldest first.  In a thread of its own: it reads the disk."""
    log = reader()
    try:
        entries = log.read(max(0, log.last_given() - TAIL))
        return [kind for entry in entries if (kind := kind_of(entry)) is not None]
    finally:
        log.close()


def contracts(people: Iterable[Person], silence_s: float, max_age_s: float) -> list[Contract]:
    """Return what the authorities of some people may report: all that any of their people may raise.

    Each act is checked against the person; the contract only says where the authority is a source at all.
    """
    areas: dict[tuple[Realm, SourceId], dict[AreaId, None]] = {}
    threats: dict[tuple[Realm, SourceId], dict[Threat, None]] = {}
    for person in people:
        for one in () if person.revoked else person.held:
            if Verb.RAISE in VERBS[one.role]:
                office = one.realm, person.authority
                areas.setdefault(office, {}).update(dict.fromkeys(one.areas))
                threats.setdefault(office, {}).update(dict.fromkeys(one.threats))
    return [
        Contract(*office, tuple(found), tuple(threats[office]), silence_s, max_age_s)
        for office, found in areas.items()
    ]
