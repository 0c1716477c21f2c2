"""The dialects that one server speaks: which of them answers at a path, and answers that are kept.

An answer is made when it is first asked for in a state, and kept until the
state changes: a poll costs a look-up.  The state changes when an alert is
said, and when a source begins or ceases to vouch for its clears.

Clients of some systems ask *If-Modified-Since*, in whole seconds.  Each change
moves that time on by a second at least, so that two changes in one second are
told apart.  A time that runs too far ahead of the clock is not given at all:
after a restart it might name another state.  For the same reason the first time
that a server gives lies ahead of all that the one before it can have given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Generic, NamedTuple, TypeVar

from tocsin.dialects import ACCEPT, HOST, Asked, Dialect, Make, Reply
from tocsin.dialects.live import Talk
from tocsin.dialects.sight import Land, Moment, Sight
from tocsin.errors import ConfigError
from tocsin.model import Realm, SourceId
from tocsin.warn.told import Told

AHEAD_S = 4  # seconds that a time of change may run ahead of the clock
FIRST_S = 3  # changes right after the start that are given a time; a server lives longer than as many seconds
KEPT = 5_000  # answers; somebody may ask for ever new ones
_SECOND = timedelta(seconds=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # names no state: whoever asks with it gets the answer anew
_T = TypeVar("_T")
_Key = tuple[str, tuple[tuple[str, str], ...], str, str]
_HOST = re.compile(r"[A-Za-z0-9._-]{1,200}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class _Route(NamedTuple):
    dialect: Dialect
    make: Make


class Spoken(Generic[_T]):
    """Some dialects at one door.

    Args:
        dialects: Which.
        land: The country.
        realm: What the door shows; nothing but actual danger is spoken of.
        finish: Makes of a reply and its Last-Modified what the door sends.
        talks: Path -> begins a talk; ``{}`` in a path is what it is given.

    Raises:
        ConfigError: The realm is another one, or two dialects answer at one path.
    """

    def __init__(
        self,
        dialects: Iterable[Dialect],
        land: Land,
        realm: Realm,
        finish: Callable[[Reply, str], _T],
        talks: Mapping[str, Callable[[str], Talk]] | None = None,
    ) -> None:
        if realm is not Realm.ACTUAL:
            raise ConfigError(
                f"realm {realm}: dialects carry nothing but actual danger",
                todo="leave them out: their clients cannot tell an exercise from an attack",
            )
        self.dialects = tuple(dialects)
        self._land = land
        self._finish = finish
        self._exact: dict[str, _Route] = {}
        self._named: list[tuple[re.Pattern[str], _Route]] = []
        self._talks = {_pattern(path): begin for path, begin in (talks or {}).items()}
        for dialect in self.dialects:
            for path, make in dialect.routes.items():
                self._add(path, _Route(dialect, make))
        self._state: tuple[int, frozenset[SourceId]] | None = None
        self._second = self._first = self._changed = _NEVER
        self._moment: Moment | None = None
        self._sight: Sight | None = None
        self._kept: dict[_Key, _T] = {}
        self._ticking: dict[_Key, _T] = {}

    def _add(self, path: str, route: _Route) -> None:
        if path in self._exact or any(_pattern(path) == pattern for pattern, _ in self._named):
            raise ConfigError(f"dialects: two of them answer at {path}", todo="leave one of them out")
        if "{}" in path:
            self._named.append((_pattern(path), route))
        else:
            self._exact[path] = route

    def answer(
        self,
        path: str,
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
        told: Told,
        moment: Moment,
    ) -> _T | None:
        """Return the answer at a path, or None where no dialect has one.

        Args:
            path: Without the query; doubled slashes count as one, as some clients send them.
            query: The fields of the query.
            headers: Lower-case names.
            told: What was last told.
            moment: Of which log and realm, and when.
        """
        path = _single(path)
        found = self._find(path)
        if found is None:
            return None
        route, name = found
        reads = route.dialect.reads
        asked = Asked(
            name,
            tuple(sorted((key, query[key][0]) for key in reads & query.keys())) if query else (),
            headers.get("accept", "") if ACCEPT in reads else "",
            base_of(headers) if HOST in reads else "",
        )
        self._look(told, moment)
        kept = self._ticking if route.dialect.ticks else self._kept
        key = (path, *asked[1:])
        made = kept.get(key)
        if made is None:
            if len(kept) >= KEPT:
                kept.clear()
            assert self._sight is not None
            made = kept[key] = self._finish(route.make(self._sight, asked), self._modified(moment.as_of))
        return made

    def talk(self, path: str) -> Talk | None:
        """Return a new talk, if one is held at a path."""
        for pattern, begin in self._talks.items():
            if match := pattern.fullmatch(_single(path)):
                return begin(match[1] if pattern.groups else "")
        return None

    def sight(self, told: Told, moment: Moment) -> Sight:
        """Return what is told at a moment; the same object until something changes or a second passes."""
        self._look(told, moment)
        assert self._sight is not None
        return self._sight

    def _find(self, path: str) -> tuple[_Route, str] | None:
        route = self._exact.get(path)
        if route is not None:
            return route, ""
        for pattern, named in self._named:
            if match := pattern.fullmatch(path):
                return named, match[1]
        return None

    def _look(self, told: Told, moment: Moment) -> None:
        """Drop what no longer holds."""
        if moment is self._moment:
            return
        self._moment = moment
        fresh = frozenset(name for name, until in moment.fresh.items() if until > moment.as_of)
        second = moment.as_of.replace(microsecond=0)
        if self._state != (moment.seq, fresh):
            if self._state is None:
                self._first = self._changed = second + (AHEAD_S + 1) * _SECOND
            else:
                self._changed = max(second, self._changed + _SECOND)
            self._state = (moment.seq, fresh)
            self._kept.clear()
        elif second == self._second:
            return
        self._second = second
        self._ticking.clear()
        self._sight = Sight(told, self._land, moment, self._changed)

    def _modified(self, now: datetime) -> str:
        """Return the time of the last change as HTTP writes it."""
        sure = self._changed <= max(now + AHEAD_S * _SECOND, self._first + FIRST_S * _SECOND)
        return format_datetime(self._changed if sure else _NEVER, usegmt=True)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(part) for part in path.split("{}")))


def _single(path: str) -> str:
    return re.sub("/{2,}", "/", path) if "//" in path else path


def base_of(headers: Mapping[str, str]) -> str:
    """Return the address that a request was sent to, for links; a proxy says whether it took it over TLS."""
    host = headers.get("host", "")
    scheme = "https" if headers.get("x-forwarded-proto") == "https" else "http"
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""
