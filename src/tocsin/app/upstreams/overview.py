"""What an operator is told of each source: contact, age, what it holds, and where sources disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from tocsin import wire
from tocsin.app.station import Station
from tocsin.app.upstreams.listener import Listener
from tocsin.model import Realm
from tocsin.views.history import PACK

_T = TypeVar("_T")


def sources_json(station: Station, listeners: Iterable[Listener]) -> dict[str, Any]:
    """Return the sources of one realm, and their disagreements.

    A disagreement: one source holds an area raised and another, which may speak for it and is heard, says
    clear and is newer.  The area is raised.
    """
    called = {one.upstream.name: one for one in listeners if one.upstream.realm is station.realm}
    board, ages = station.board, station.heard()
    rows = []
    for name in sorted(ages):
        source = board.sources[name]
        if source.contract is None:
            continue
        held = asked(partial(board.holds, name))
        rows.append(
            {
                "name": str(name),
                "contact": source.held,
                "age_s": None if ages[name] is None else round(ages[name] or 0.0, 1),
                "silence_s": source.contract.silence_s,
                "areas": [str(area) for area in source.contract.areas],
                "threats": [str(threat) for threat in source.contract.threats],
                "raised": [[str(area), str(threat)] for area, threat in held],
                **({} if name not in called else _called(called[name])),
            }
        )
    disputed = asked(board.disagreements)
    return {
        "realm": str(station.realm),
        "as_of": wire.stamp(station.clock.now()),
        "sources": rows,
        "disagreements": [
            {
                "area": str(one.area),
                "threat": str(one.threat),
                "raised": list(one.raised),
                "clear": list(one.clear),
            }
            for one in disputed
            if one.raised != (PACK,)  # what has stood for years is no feed's word
        ],
    }


def _called(listener: Listener) -> dict[str, Any]:
    """Return what is known of a source that this server calls."""
    return {
        "format": listener.upstream.format,
        "url": listener.upstream.url,
        "trouble": listener.trouble,
        "failures": listener.failures,
        "notes": list(listener.notes),
    }


def asked(question: Callable[[], _T]) -> _T:
    """Return an answer of the board, which another thread may change while it is asked."""
    for _ in range(20):
        try:
            return question()
        except RuntimeError:  # a dict changed its size under the question
            continue
    return question()


def of_realm(
    station: Callable[[Realm], Station], listeners: Callable[[], Iterable[Listener]]
) -> Callable[[Realm], dict[str, Any]]:
    """Return what answers for a realm."""
    return lambda realm: sources_json(station(realm), listeners())
