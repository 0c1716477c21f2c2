"""Polygons and circles in the areas of a country: covered wholly, partly, never widened."""

import json
from itertools import accumulate
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared
from tocsin.areas import Area as Place
from tocsin.areas import Areas
from tocsin.cap.message import Area, Circle
from tocsin.cap.place import Places
from tocsin.countries import load
from tocsin.model import AreaId

# A country two degrees wide: a west and an east half, the east cut into a north and a south.
BOXES = {
    "W": (30.0, 50.0, 31.0, 52.0),
    "E": (31.0, 50.0, 32.0, 52.0),
    "EN": (31.0, 51.0, 32.0, 52.0),
    "ES": (31.0, 50.0, 32.0, 51.0),
}
AREAS = Areas(
    [
        Place("X", "country", None, {}, {}),
        *(Place(one, "half", "X", {}, {}) for one in ("W", "E")),
        *(Place(one, "quarter", "E", {}, {}) for one in ("EN", "ES")),
    ],
    levels=["country", "half", "quarter"],
    board_level="half",
)


def box(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    """Return a ring of longitudes and latitudes."""
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


PLACES = Places({AreaId(one): [box(*edges)] for one, edges in BOXES.items()}, AREAS)


def covers(west: float, south: float, east: float, north: float):
    """Return what a polygon with these edges covers."""
    return PLACES.covered(
        Area("", polygons=(tuple((lat, lon) for lon, lat in box(west, south, east, north)),))
    )


@pytest.mark.parametrize(
    ("edges", "wholly", "partly"),
    [
        ((29.0, 49.0, 33.0, 53.0), ("W", "E"), ()),  # all of it, by its largest parts
        ((31.0, 50.0, 32.0, 51.0), ("ES",), ()),  # exactly one; its neighbours share a border
        ((31.0, 50.0, 32.0, 51.5), ("ES",), ("EN",)),  # never the whole east
        ((30.2, 50.2, 30.4, 50.4), (), ("W",)),  # a place within one
        ((30.5, 50.5, 31.5, 50.9), (), ("W", "ES")),  # the finest that are known
        ((10.0, 10.0, 11.0, 11.0), (), ()),  # elsewhere
        ((31.0005, 50.0, 32.0, 51.0), ("ES",), ()),  # a border drawn 35 m off
    ],
)
def test_a_polygon_covers_what_lies_in_it(edges, wholly, partly):
    """Larger areas stand for their parts; what is covered partly is not told as a whole."""
    assert covers(*edges) == (wholly, partly)


def test_a_point_is_in_the_finest_area_partly():
    """A radius of 0 is a place, not an area."""
    point = Area("", circles=(Circle((50.5, 31.5), 0.0),))

    assert PLACES.covered(point) == ((), ("ES",))


def test_a_circle_is_as_wide_north_as_east():
    """In kilometres, not degrees: 40 km are 0.36 of latitude and 0.56 of longitude there."""
    at = Area("", circles=(Circle((50.5, 30.5), 40.0),))

    assert PLACES.covered(at) == ((), ("W", "ES"))
    assert PLACES.covered(Area("", circles=(Circle((50.5, 30.5), 34.0),))) == ((), ("W",))


def test_shapes_of_one_area_are_one():
    """The halves of a quarter cover it together."""
    north, south = box(31.0, 50.0, 32.0, 50.5), box(31.0, 50.5, 32.0, 51.0)
    both = Area("", polygons=tuple(tuple((lat, lon) for lon, lat in ring) for ring in (north, south)))

    assert PLACES.covered(both) == (("ES",), ())


def test_without_a_shape_nothing_is_covered():
    """Words locate nothing."""
    assert PLACES.covered(Area("everywhere")) == ((), ())


def test_a_hole_is_not_inside():
    """By the even-odd rule, as the map draws it."""
    holed = Places({"W": [box(*BOXES["W"]), box(30.4, 50.9, 30.6, 51.1)]}, AREAS)
    hole = Area("", polygons=(tuple((lat, lon) for lon, lat in box(30.45, 50.95, 30.55, 51.05)),))

    assert holed.covered(hole) == ((), ())


edges = st.tuples(*[st.integers(0, 12).map(lambda n: n / 4)] * 4)


@given(edges)
def test_nothing_is_told_that_the_polygon_does_not_touch(drawn):
    """Checked against the plain geometry of boxes."""
    a, b, c, d = drawn
    west, east, south, north = 29 + min(a, b), 29.2 + max(a, b), 49 + min(c, d), 49.2 + max(c, d)
    shape = shapely.box(west, south, east, north)
    found = covers(west, south, east, north)

    for one in found.wholly:
        assert shape.intersection(shapely.box(*BOXES[one])).area >= 0.99 * shapely.box(*BOXES[one]).area
    told = [shapely.box(*BOXES[one]) for one in (*found.wholly, *found.partly)]
    assert all(shape.intersects(one) for one in told)
    # All of the shape that lies in the country is spoken for.
    country = shapely.box(30, 50, 32, 52)
    assert shape.intersection(country).difference(shapely.union_all(told)).area < 0.01


def test_the_outline_of_an_oblast_is_that_oblast():
    """With real borders: its outer line covers no other wholly, save Kyiv, which Kyiv Oblast surrounds."""
    areas = load("ua").areas
    outlines = _outlines(shared("regions/ua_adm1_adm2.topojson"), areas)
    places = Places(outlines, areas)
    found = {
        one: places.covered(Area("", polygons=(_ring(max(outlines[one], key=len)),))).wholly
        for one in areas.board
        if one in outlines
    }

    assert len(outlines) > 100
    assert found == {one: ("UA32", "UA80") if one == "UA32" else (one,) for one in found}


def _ring(ring):
    return tuple((latitude, longitude) for longitude, latitude in ring)


def _outlines(path: Path, areas: Areas) -> dict[AreaId, list[list[tuple[float, float]]]]:
    """Return the rings of each area in a TopoJSON file; only whole polygons, which is all that it has."""
    found = json.loads(path.read_bytes())
    (kx, ky), (x0, y0) = found["transform"]["scale"], found["transform"]["translate"]
    arcs = []
    for arc in found["arcs"]:
        sums = accumulate(arc, lambda one, step: [one[0] + step[0], one[1] + step[1]])
        arcs.append([(x * kx + x0, y * ky + y0) for x, y in sums])
    codes = {code: one.id for one in areas for code in (one.id, *one.codes.values()) if not code.isdigit()}
    outlines: dict[AreaId, list[list[tuple[float, float]]]] = {}
    for layer in found["objects"].values():
        here: dict[AreaId, list[list[tuple[float, float]]]] = {}
        for one in layer["geometries"]:
            parts = one["arcs"] if one["type"] == "MultiPolygon" else [one["arcs"]]
            area = next((codes[v] for v in one["properties"].values() if str(v) in codes), None)
            if area is not None:
                rings = [ring for polygon in parts for ring in polygon]
                here.setdefault(area, []).extend(
                    [p for i in ring for p in (arcs[i] if i >= 0 else arcs[~i][::-1])] for ring in rings
                )
        outlines |= {area: rings for area, rings in here.items() if area not in outlines}
    return outlines
