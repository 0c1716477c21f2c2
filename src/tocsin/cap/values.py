"""The forms of CAP's values: times, references, polygons, circles, plain texts.

Each reader returns the value and the names of the rules that its form breaks without harm.
What cannot be read raises `Unfit`, with the rule that says so.  Digits are 0 to 9 and nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import NamedTuple

from tocsin.cap.message import Circle, Point, Reference

MAX_REFERENCES = 500
WIDEST_KM = 1_000.0  # Ukraine is 1,300 km long, so a radius of 1,000 km covers all of it from anywhere inside
_WIDEST_KM2 = math.pi * WIDEST_KM**2
_KM_PER_DEGREE = 111.2  # of latitude

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})([Tt ])([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,12}))?)?"
    r"(?:([Zz])|([+-])([0-9]{2})(:?)([0-9]{2})?)"
)
_MAX_OFFSET = timedelta(hours=14)  # XML Schema part 2, section 3.2.7.3
_NUMBER = r"[+-]?(?:[0-9]{1,10}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})"
_PLAIN = re.compile(_NUMBER)
_DEGREES = re.compile(r"[0-9+\-., \t\r\n]*")
_LONGEST_PAIR = 60  # characters; more digits say nothing about a place on earth
_CIRCLE = re.compile(rf"({_NUMBER})\s*,\s*({_NUMBER})\s+({_NUMBER})")
UNNAMEABLE = re.compile(r"[\s,<&]")  # what no identifier or sender may have: CAP 1.2, section 3.2.1

# Characters that reorder or hide others: bidirectional embeddings, overrides and isolates, zero width space,
# word joiner, byte order mark, tags, controls.  Joiners and direction marks are left: languages need them.
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\u0080-\u009f\u007f\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Room:
    """How much work the polygons of one message may still make: points to read, pairs of edges to compare."""

    def __init__(self, points: int = 12_000, tests: int = 60_000) -> None:
        self.points = points  # the longest real message that we have seen has 8,253
        self.tests = tests  # 10 ms; the longest real message needs 33,050


class Unfit(Exception):
    """A value cannot be read.

    Args:
        rule: The name of the rule in `lint.RULES`.
        why: What is wrong with it, in words.
    """

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(why)
        self.rule = rule
        self.why = why


class Read(NamedTuple):
    """A moment, and the rules that its form breaks."""

    moment: datetime
    faults: tuple[str, ...]


def read_time(text: str) -> Read:
    """Return a moment in UTC.

    Raises:
        Unfit: It is no moment, has no zone, or can be read in two ways.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        zoneless = re.fullmatch(r"[0-9-]{10}[Tt ][0-9:.,]+", text)
        raise Unfit("time-unreadable", "has no zone" if zoneless else "is no date and time")
    year, month, day, t, hour, minute, second, fraction, z, sign, hours, colon, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if offset > _MAX_OFFSET or int(minutes or 0) > 59:
        raise Unfit("time-unreadable", "has a zone that there is none of")
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), tzinfo=timezone(-offset if sign == "-" else offset),
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        raise Unfit("time-unreadable", "is no moment of the calendar") from None
    plain = t == "T" and second is not None and (z is not None or (colon == ":" and minutes is not None))
    faults = [("time-fraction", fraction), ("time-z", z), ("time-form", not plain)]
    return Read(moment, tuple(rule for rule, broken in faults if broken))


def read_references(text: str) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """Return the messages that `references` names, and the rules that its times break.

    Raises:
        Unfit: One of them is not sender,identifier,sent.
    """
    references: dict[Reference, None] = {}
    faults: dict[str, None] = {}
    words = text.split()
    if len(words) > MAX_REFERENCES:
        raise Unfit("too-many-references", f"has {len(words):,} of them")
    for word in words:
        parts = word.split(",")
        if len(parts) != 3 or not all(parts):
            raise Unfit("reference-unreadable", f"has {len(parts)} parts where there are 3")
        try:
            sent = read_time(parts[2])
        except Unfit as error:
            raise Unfit("reference-unreadable", f"has a time that {error.why}") from None
        references[Reference(parts[0], parts[1], sent.moment)] = None
        faults |= dict.fromkeys(sent.faults)
    return tuple(references), tuple(faults)


def read_number(text: str) -> float:
    """Return a finite number.

    Raises:
        Unfit: It is none.
    """
    if not _PLAIN.fullmatch(text):
        raise Unfit("number-unreadable", "is no number")
    return float(text)


def read_polygon(text: str, room: Room) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """Return the points of a polygon, the last like the first, and the rules that it breaks without harm.

    Args:
        text: latitude,longitude pairs with blanks between them.
        room: What the message has left; it is used up.

    Raises:
        Unfit: It cannot be read, is none, crosses itself, or is too wide or too long.
    """
    words = text.split()
    if len(words) > room.points:
        raise Unfit("too-many-points", f"has {len(words):,} points where there is room for {room.points:,}")
    room.points -= len(words)
    points = _points(text, words)
    latitudes, longitudes = [point[0] for point in points], [point[1] for point in points]
    if points and max(map(abs, latitudes)) > 90:
        swapped = max(map(abs, longitudes)) <= 90
        raise Unfit("polygon-swapped" if swapped else "polygon-unreadable", "has a latitude beyond 90")
    if points and max(map(abs, longitudes)) > 180:
        raise Unfit("polygon-unreadable", "has a longitude beyond 180")
    if len(points) < 4 or len(set(points)) < 3:
        raise Unfit("polygon-few", f"has {len(points)} points, {len(set(points))} of them different")
    faults = () if points[0] == points[-1] else ("polygon-open",)
    ring = [point for number, point in enumerate(points) if number == 0 or point != points[number - 1]]
    if faults:
        ring.append(ring[0])
    size = _area_km2(ring, (min(latitudes) + max(latitudes)) / 2)
    if size > _WIDEST_KM2:
        raise Unfit("too-wide", f"covers {size:,.0f} km²")
    if crosses_itself(ring, room):
        raise Unfit("polygon-crossing", "crosses itself")
    return tuple(ring), faults


def _points(text: str, words: list[str]) -> list[Point]:
    # Once these characters are all there is, `float` takes what the standard takes: no nan, no 1e9, no 1_0.
    if not _DEGREES.fullmatch(text) or max(map(len, words), default=0) > _LONGEST_PAIR:
        raise Unfit("polygon-unreadable", "has a point that is not latitude,longitude")
    try:
        return [(float(latitude), float(longitude)) for latitude, longitude in (w.split(",") for w in words)]
    except ValueError:
        raise Unfit("polygon-unreadable", "has a point that is not latitude,longitude") from None


def _area_km2(ring: Sequence[Point], middle: float) -> float:
    """Return the size of a closed ring, near enough to tell a region from a continent."""
    twice = sum((b[1] - a[1]) * (a[0] + b[0] - 2 * middle) for a, b in pairwise(ring))
    return abs(twice) / 2 * _KM_PER_DEGREE**2 * math.cos(math.radians(middle))


def crosses_itself(ring: Sequence[Point], room: Room) -> bool:
    """Return whether two edges of a closed ring cross or overlap; a touch in a point is none.

    Edges are sorted by latitude, and only those that overlap in it are compared.  A ring that
    needs more comparisons than there is room for counts as crossing: it is made to cost time.
    """
    edges = sorted((a, b) if a <= b else (b, a) for a, b in pairwise(ring))
    for number, (a, b) in enumerate(edges, 1):
        top = b[0]
        west, east = (a[1], b[1]) if a[1] <= b[1] else (b[1], a[1])
        for place in range(number, len(edges)):
            c, d = edges[place]
            if c[0] > top:
                break
            room.tests -= 1
            if (c[1] <= east or d[1] <= east) and (c[1] >= west or d[1] >= west) and _cross(a, b, c, d):
                return True
        if room.tests < 0:
            return True
    return False


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether two edges cross inside both, or lie on each other for a stretch."""
    one, two, three, four = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if one == two == three == four == 0:  # on one line: what they share is a stretch, or a point
        axis = 0 if a[0] != b[0] else 1
        return max(min(a[axis], b[axis]), min(c[axis], d[axis])) < min(
            max(a[axis], b[axis]), max(c[axis], d[axis])
        )
    return one * two < 0 and three * four < 0


def read_circle(text: str) -> tuple[Circle, tuple[str, ...]]:
    """Return a circle, and the rules that it breaks without harm.

    Raises:
        Unfit: It cannot be read, or is too wide.
    """
    found = _CIRCLE.fullmatch(text)
    if found is None:
        raise Unfit("circle-unreadable", "is not latitude,longitude and a radius")
    latitude, longitude, radius = (float(one) for one in found.groups())
    if abs(latitude) > 90 or abs(longitude) > 180 or radius < 0:
        raise Unfit("circle-unreadable", "has numbers out of range")
    if radius > WIDEST_KM:
        raise Unfit("too-wide", f"has a radius of {radius:,.0f} km")
    return Circle((latitude, longitude), radius), () if radius else ("circle-point",)


def plain(text: str) -> tuple[str, bool]:
    """Return a text without the characters that reorder or hide others, and whether it had some."""
    cleaned = _HIDDEN.sub("", text)
    return cleaned.strip(), cleaned != text
