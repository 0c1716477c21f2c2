"""Polygons and circles of CAP, placed in the areas of a country: which are covered wholly, which partly.

Nothing is ever widened: an area that is covered in part is not told as a whole.  The finest areas whose
outlines are known are looked at.  Needs shapely (the extra `geometry`) and the outlines of the areas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.areas import Areas
from tocsin.cap import message as cap
from tocsin.model import AreaId

_WHOLE = 0.99  # of an area: issuers simplify borders by some 100 m, which is 1 % of a small raion
_SLIVER = 0.001  # of the area and of the shape: less is two drawings of one border
_CORNERS = 64  # of the polygon drawn within a circle; it is 0.2 % smaller
_KM_PER_DEGREE = 111.2

Ring = Sequence[tuple[float, float]]  # longitude, latitude, degrees


class Covered(NamedTuple):
    """What shapes cover: the largest areas that they cover wholly, and the finest that they cover partly."""

    wholly: tuple[AreaId, ...]
    partly: tuple[AreaId, ...]


class Places:
    """The outlines of a country's areas, ready to be asked.

    Args:
        outlines: The rings of each area; a point is inside by the even-odd rule.
        areas: The country's areas.
    """

    def __init__(self, outlines: Mapping[AreaId, Sequence[Ring]], areas: Areas) -> None:
        self._areas = areas
        self._ids = [area.id for area in areas if area.id in outlines]
        self._shapes = [_even_odd(outlines[area]) for area in self._ids]
        self._tree = shapely.STRtree(self._shapes)

    def covered(self, area: cap.Area) -> Covered:
        """Return what the polygons and circles of a CAP area cover together."""
        shapes: list[BaseGeometry] = [
            shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in area.polygons
        ]
        shapes += [_circle(one) for one in area.circles]
        if not shapes:
            return Covered((), ())
        shape = shapely.union_all([shapely.make_valid(one) for one in shapes])
        shares = {
            self._ids[place]: self._share(place, shape) for place in self._tree.query(shape, "intersects")
        }
        wholly = {one for one, share in shares.items() if share is not None and share >= _WHOLE}
        partly = {one for one, share in shares.items() if share is not None and share < _WHOLE}
        explained = {above for one in wholly | partly for above in self._areas.chain(one)[1:]}
        return Covered(
            self._sorted(one for one in wholly if not wholly & set(self._areas.chain(one)[1:])),
            self._sorted(one for one in partly - explained if not wholly & set(self._areas.chain(one))),
        )

    def _share(self, place: int, shape: BaseGeometry) -> float | None:
        """Return how much of an area a shape covers, from 0 to 1; None if they only share a border."""
        area = self._shapes[place]
        common = area.intersection(shape).area
        if shape.area == 0:  # a point, or a line of them
            return 0.0
        if common < _SLIVER * area.area and common < _SLIVER * shape.area:
            return None
        return float(common / area.area)

    def _sorted(self, found: Iterable[AreaId]) -> tuple[AreaId, ...]:
        among = set(found)
        return tuple(one for one in self._ids if one in among)


def _even_odd(rings: Sequence[Ring]) -> BaseGeometry:
    parts = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings if len(ring) > 2]
    nothing: BaseGeometry = shapely.Polygon()
    return reduce(shapely.symmetric_difference, parts, nothing)


def _circle(one: cap.Circle) -> BaseGeometry:
    """Return the polygon within a circle, in degrees."""
    latitude, longitude = one.centre
    if one.radius_km == 0:
        return shapely.Point(longitude, latitude)
    up = one.radius_km / _KM_PER_DEGREE
    across = up / max(math.cos(math.radians(latitude)), 0.01)
    turns = [2 * math.pi * number / _CORNERS for number in range(_CORNERS)]
    return shapely.Polygon([(longitude + across * math.cos(t), latitude + up * math.sin(t)) for t in turns])
