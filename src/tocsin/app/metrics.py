"""What a server knows of itself: for Prometheus at `/metrics`, and for the status page.

`/metrics` has a port of its own and is never on the public door.  An area that is unknown is counted as
unknown; a source that was not heard has no age; no figure names a reader or an area.
"""

from __future__ import annotations

import ctypes
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin import __version__
from tocsin.app.figures import BOUNDS_S, DAYS, STREAM, Figures, Times
from tocsin.desk.api import Api
from tocsin.model import Place, Realm, State
from tocsin.public.status import Seen, Status, Trouble
from tocsin.views.history import PACK

if TYPE_CHECKING:
    from tocsin.app.outlet import Outlet

_STATES = (State.RAISED, State.PARTLY, State.UNKNOWN, State.CLEAR)
_TIME_ERROR = 5  # adjtimex(2): nobody keeps the clock right


class Reading(NamedTuple):
    """The figures of one realm at one moment."""

    realm: Realm
    epoch: str
    now: datetime
    ready: bool
    areas: Mapping[str, int]  # how many of the board level are in each state
    sources: Sequence[Seen]
    entries: Place
    streams: int
    connections: int
    answered: Sequence[int]  # by the first digit of the status
    figures: Figures
    key_days: int | None = None  # for how long messages in CAP can be signed


def reading_of(outlet: Outlet) -> Reading:
    """Return the figures of a realm, as its board shows it now."""
    board, door = outlet.board(), outlet.door
    return Reading(
        outlet.station.realm,
        board["epoch"],
        outlet.clock.now(),
        outlet.ready() is None,
        Counter(board["areas"][area]["state"] for area in outlet.country.areas.board),
        _seen(outlet),
        board["seq"],
        door.streams,
        door.connections,
        door.answered,
        outlet.figures,
        None if outlet.shelf is None else outlet.shelf.key_days(),
    )


def status_of(outlet: Outlet) -> Status:
    """Return what the status page tells."""
    figures, now = outlet.figures, outlet.clock.now()
    return Status(
        figures.started,
        _trouble(outlet),
        _seen(outlet),
        figures.last(STREAM, 1, now).speed(),
        figures.last(STREAM, DAYS, now).speed(),
        figures.since,
        figures.measured(STREAM, now),
        not outlet.checking,
        outlet.note() is not None,
        {name: figures.last(name, DAYS, now).speed() for name in figures.channels() if name != STREAM},
    )


def _trouble(outlet: Outlet) -> Trouble | None:
    if outlet.station.distrusted:
        return Trouble.DISTRUSTED
    if outlet.station.broken:
        return Trouble.DISK
    if outlet.station.in_need:
        return Trouble.FULL
    return Trouble.CHECKING if outlet.checking else None


def _seen(outlet: Outlet) -> list[Seen]:
    """Return the contracted sources; the country pack is none that anybody could lose contact with."""
    now = outlet.clock.now()
    fresh = outlet.station.fresh(now)
    heard = sorted(outlet.station.heard().items())
    return [Seen(name, fresh.get(name, now) > now, age) for name, age in heard if name != PACK]


def clock_unsure() -> bool | None:
    """Return whether nobody keeps this machine's clock right, by its kernel; None where it does not say.

    Source:
        adjtimex(2): with modes 0 it only reads, and returns TIME_ERROR for a clock that is not synchronised.
    """
    room = ctypes.create_string_buffer(1024)  # struct timex has 208 bytes; its first field, modes, is 0
    try:
        state = ctypes.CDLL(None).adjtimex(room)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state == _TIME_ERROR


class Exposition(Collector):
    """The figures in Prometheus's form, read anew each time.

    Args:
        read: Gives those of every realm that is used.
        desk: Who counts what was taken and refused.
    """

    def __init__(self, read: Callable[[], Iterable[Reading]], desk: Api) -> None:
        self._read = read
        self._desk = desk

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is depends on the realms that are used."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        readings = list(self._read())
        yield from self._server(readings)
        yield from _board(readings)
        yield from _keys(readings)
        yield from _door(readings)
        yield from _times(readings)
        yield from _worst(readings)

    def _server(self, readings: Sequence[Reading]) -> Iterator[Metric]:
        yield InfoMetricFamily("tocsin", "This server.", {"version": __version__})
        yield _gauge(
            "started_timestamp_seconds",
            "When the server began, seconds since 1970.",
            (),
            [((), one.figures.started.timestamp()) for one in readings[:1]],
        )
        unsure = clock_unsure()
        if unsure is not None:
            yield _gauge(
                "clock_unsure", "1: the kernel says that nobody keeps the clock right.", (), [((), unsure)]
            )
        yield _gauge(
            "ready",
            "1: the server is to be relied on, as /readyz says.",
            ("realm",),
            [((one.realm,), one.ready) for one in readings],
        )
        yield _counter(
            "taken",
            "What feeds sent and the desk took; repeated: an id that was there.",
            "what",
            self._desk.taken,
        )
        yield _counter("refused", "Requests that the desk refused.", "reason", self._desk.refused)


def _board(readings: Sequence[Reading]) -> Iterator[Metric]:
    states = [((one.realm, state), one.areas.get(state, 0)) for one in readings for state in _STATES]
    yield _gauge("areas", "Areas of the board level in each state.", ("realm", "state"), states)
    seen = [(one.realm, source) for one in readings for source in one.sources]
    yield _gauge(
        "source_in_contact",
        "1: the source vouches for what it said.",
        ("realm", "source"),
        [((realm, source.name), source.in_contact) for realm, source in seen],
    )
    yield _gauge(
        "source_heard_seconds",
        "Since the source was heard; absent: not since the start.",
        ("realm", "source"),
        [((realm, source.name), source.heard_s) for realm, source in seen if source.heard_s is not None],
    )
    entries = [((one.realm, one.epoch), one.entries) for one in readings]
    yield _gauge("log_entries", "The last place in the log that was told.", ("realm", "epoch"), entries)


def _keys(readings: Sequence[Reading]) -> Iterator[Metric]:
    yield _gauge(
        "cap_key_days",
        "For how many whole days messages in CAP can be signed; absent: there is no key, nothing is signed.",
        ("realm",),
        [((one.realm,), one.key_days) for one in readings if one.key_days is not None],
    )


def _door(readings: Sequence[Reading]) -> Iterator[Metric]:
    yield _gauge("streams", "Open streams.", ("realm",), [((one.realm,), one.streams) for one in readings])
    yield _gauge(
        "connections",
        "Other open connections of the public door.",
        ("realm",),
        [((one.realm,), one.connections) for one in readings],
    )
    requests = CounterMetricFamily(
        "tocsin_requests", "Requests that the public door answered.", labels=["realm", "status"]
    )
    for one in readings:
        for digit in range(1, 6):
            requests.add_metric([one.realm, f"{digit}xx"], one.answered[digit])
    yield requests


def _times(readings: Sequence[Reading]) -> Iterator[Metric]:
    sent = HistogramMetricFamily(
        "tocsin_sent_seconds",
        "From the moment the desk had a signal or a contact to the last write to an open stream of what it "
        "caused.",
        labels=["realm", "channel"],
    )
    commits = HistogramMetricFamily(
        "tocsin_commit_seconds", "How long the disk took to make a batch durable.", labels=["realm"]
    )
    for one in readings:
        for channel, times in one.figures.sent.items():
            sent.add_metric([one.realm, channel], *_buckets(times))
        commits.add_metric([one.realm], *_buckets(one.figures.commits))
    yield sent
    yield commits


def _worst(readings: Sequence[Reading]) -> Iterator[Metric]:
    rows = [
        ((one.realm, channel, str(days)), times.worst_s)
        for one in readings
        for channel in one.figures.sent
        for days in (1, DAYS)
        if (times := one.figures.last(channel, days, one.now)).count
    ]
    yield _gauge(
        "sent_worst_seconds",
        "The longest from accepted to sent in the last days (UTC), restarts included; absent: not measured.",
        ("realm", "channel", "days"),
        rows,
    )
    yield _gauge(
        "measured_since_timestamp_seconds",
        "Since when the days are kept, seconds since 1970.",
        ("realm",),
        [((one.realm,), one.figures.since.timestamp()) for one in readings],
    )


def _gauge(
    name: str, about: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"tocsin_{name}", about, labels=list(labels))
    for values, number in rows:
        family.add_metric(list(values), float(number))
    return family


def _counter(name: str, about: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"tocsin_{name}", about, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _buckets(times: Times) -> tuple[list[tuple[str, float]], float]:
    """Return the cumulated counts with their bounds, and the sum."""
    bounds = [*map(str, BOUNDS_S), "+Inf"]
    return list(zip(bounds, map(float, accumulate(times.counts)), strict=True)), times.total_s


def metrics_app(exposition: Exposition) -> Starlette:
    """Return what serves `/metrics`, in text form 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(exposition)
    if os.path.exists("/proc/self/stat"):
        ProcessCollector(registry=registry)

    async def answer(request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return Starlette(routes=[Route("/metrics", answer)])
