"""Geometry: every area that a file has is on the map, and neighbours keep one border."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared
from tocsin.countries import load
from tocsin.errors import ConfigError
from tocsin.geometry import draw, read_map, simplify

UA = load("ua").areas


def square(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(code, *rings, key="id"):
    return {
        "type": "Feature",
        "properties": {key: code},
        "geometry": {"type": "Polygon", "coordinates": list(rings)},
    }


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def points(path):
    """Return the rings of path data as lists of points."""
    rings = []
    for move, steps in re.findall(r"M([^l]+)l([^z]*)z", path):
        x, y = map(int, move.split())
        ring = [(x, y)]
        numbers = list(map(int, re.findall(r"-?\d+", steps)))
        for step_x, step_y in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + step_x, y + step_y
            ring.append((x, y))
        rings.append(ring)
    return rings


def segments(ring):
    return {frozenset((ring[n - 1], ring[n])) for n in range(len(ring))}


def size(ring):
    return sum(x * ring[n - 1][1] - ring[n - 1][0] * y for n, (x, y) in enumerate(ring)) / 2


def filled(path):
    """Return how many units an area fills by the even-odd rule, when its rings lie in one another."""
    sizes = sorted((abs(size(ring)) for ring in points(path)), reverse=True)
    return sizes[0] - sum(sizes[1:])


def test_north_is_up_and_west_is_left():
    found = read_map(
        collection(feature("UA80", square(30, 50, 31, 51)), feature("UA85", square(33, 44, 34, 45))), UA
    )
    (kyiv,), (sevastopol,) = points(found.areas["UA80"]), points(found.areas["UA85"])
    assert max(x for x, _ in kyiv) < min(x for x, _ in sevastopol)
    assert max(y for _, y in kyiv) < min(y for _, y in sevastopol)


def test_a_degree_of_longitude_is_drawn_shorter_than_one_of_latitude():
    """At 60 degrees it is half as long; a map that forgets it looks squashed."""
    found = read_map(collection(feature("UA80", square(30, 59, 32, 61))), UA, width=100)
    assert found.view_box == "0 0 100 200"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("id", "UA80"),
        ("region_id", "UA80"),
        ("katottg", "UA80000000000093317"),
        ("id", "UA80000000000093317"),
    ],
)
def test_an_area_is_known_by_its_code_in_any_of_these_properties(key, code):
    assert set(read_map(collection(feature(code, square(30, 50, 31, 51), key=key)), UA).areas) == {"UA80"}


def test_an_area_is_known_by_the_id_of_the_feature():
    one = feature("", square(30, 50, 31, 51)) | {"id": "UA80"}
    assert set(read_map(collection(one), UA).areas) == {"UA80"}


def test_a_code_that_no_area_has_is_reported_and_the_others_are_drawn():
    one, other = feature("UA80", square(30, 50, 31, 51)), feature("PL14", square(20, 50, 21, 51))
    found = read_map(collection(one, other), UA)
    assert set(found.areas) == {"UA80"}
    assert found.unknown == ("PL14",)


def test_a_hole_stays_a_hole():
    """Kyiv oblast has one, and Kyiv lies in it."""
    found = read_map(collection(feature("UA32", square(29, 49, 33, 52), square(30, 50, 31, 51))), UA)
    outer, inner = sorted(points(found.areas["UA32"]), key=lambda ring: -abs(size(ring)))
    assert filled(found.areas["UA32"]) == abs(size(outer)) - abs(size(inner)) > 0


def test_no_area_vanishes_however_small_it_is():
    whole, speck = feature("UA", square(22, 44, 40, 52)), feature("UA80", square(30, 50, 30.0001, 50.0001))
    found = read_map(collection(whole, speck), UA, width=100)
    assert filled(found.areas["UA80"]) > 0


def test_an_area_of_two_layers_is_drawn_once():
    """Kyiv is an oblast and a raion: the same ring twice would leave it blank by the even-odd rule."""
    ring = square(30, 50, 31, 51)
    shape = {"type": "Polygon", "arcs": [[0]], "properties": {"id": "UA80"}}
    layer = {"type": "GeometryCollection", "geometries": [shape]}
    topology = {"type": "Topology", "arcs": [ring], "objects": {"adm1": layer, "adm2": layer}}
    assert len(points(read_map(json.dumps(topology).encode(), UA).areas["UA80"])) == 1


def test_topojson_and_geojson_of_one_shape_give_one_map():
    """Quantised, delta-coded arcs, one of them walked backwards."""
    west, east = square(30, 50, 31, 51), square(31, 50, 32, 51)
    geojson = collection(feature("UA32", west), feature("UA80", east))
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.5, 0.5], "translate": [30, 50]},
        "arcs": [[[2, 0], [0, 2]], [[2, 2], [-2, 0], [0, -2], [2, 0]], [[2, 0], [2, 0], [0, 2], [-2, 0]]],
        "objects": {
            "map": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "id": "UA32", "arcs": [[0, 1]]},
                    {"type": "MultiPolygon", "id": "UA80", "arcs": [[[2, ~0]]]},
                ],
            }
        },
    }
    one, other = read_map(geojson, UA), read_map(json.dumps(topology).encode(), UA)
    assert one.view_box == other.view_box
    for area in ("UA32", "UA80"):
        (ring,), (same) = points(one.areas[area]), points(other.areas[area])[0]
        assert segments(ring) == segments(same)


@given(st.lists(st.integers(-40, 40), min_size=3, max_size=60), st.floats(0, 30))
def test_neighbours_keep_one_border(bends, tolerance):
    """However the common line bends, and however much it is simplified, it is the same for both."""
    line = [(500 + bend, 20 * (number + 1)) for number, bend in enumerate(bends)]
    top, bottom = (500, 0), (500, 20 * (len(bends) + 1))
    left = [(0, 0), top, *line, bottom, (0, bottom[1])]
    right = [bottom, *line[::-1], top, (1000, 0), (1000, bottom[1])]
    drawn = draw({"UA32": [left], "UA80": [right]}, tolerance)
    (one,), (other,) = points(drawn["UA32"]), points(drawn["UA80"])
    assert size(one) + size(other) != 0
    assert abs(size(one)) + abs(size(other)) == 1000 * bottom[1]


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=3, unique=True), st.integers(0, 50)
)
def test_a_ring_is_simplified_alike_wherever_it_begins(ring, turn):
    turned = ring[turn % len(ring) :] + ring[: turn % len(ring)]
    assert set(simplify(ring, set(), 5.0)) == set(simplify(turned, set(), 5.0))
    assert set(simplify(ring, set(), 5.0)) == set(simplify(ring[::-1], set(), 5.0))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<svg/>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "FeatureCollection"),
        (b'{"type":"Feature"}', "FeatureCollection"),
        (b'{"type":"FeatureCollection"}', "features"),
        (
            b'{"type":"Topology","arcs":[],"objects":{"a":{"type":"Polygon","arcs":[[3]],"id":"UA80"}}}',
            "breaks off",
        ),
        (b'{"type":"FeatureCollection","features":[7]}', "breaks off"),
        (collection(), "no polygon"),
        (collection(feature("UA80")), "no polygon"),
        (collection(feature("PL14", square(20, 50, 21, 51))), r"looked at id, region_id, katottg .*PL14"),
        (collection(feature("UA80", square(3_000_000, 5_000_000, 3_100_000, 5_100_000))), "not in degrees"),
        (collection(feature("UA80", [[float("nan"), 50], [31, 50], [31, 51]])), "not in degrees"),
    ],
)
def test_a_file_that_is_no_map_says_what_is_wrong_with_it(body, found):
    with pytest.raises(ConfigError, match=found):
        read_map(body, UA)


def test_the_real_borders_become_a_map_of_oblasts_and_raions():
    body = shared("regions/ua_adm1_adm2.topojson").read_bytes()
    found = read_map(body, UA)
    assert set(found.areas) == {area.id for area in UA if area.level in ("oblast", "raion")}
    assert found.unknown == ()
    assert all(filled(path) > 0 for path in found.areas.values())
    picture = found.to_svg(UA)
    assert len(picture) < 150_000
    assert {area.id for area in UA if area.level in ("oblast", "raion")} == set(
        re.findall(r'<path id="(UA\d+)"', picture)
    )


def test_an_oblast_without_an_outline_is_drawn_from_its_parts():
    """A file of raions alone is a map of the oblasts too."""
    body = shared("regions/ua_adm1_adm2.topojson").read_bytes()
    found = read_map(body, UA)
    parts = found._replace(areas={area: path for area, path in found.areas.items() if area != "UA53"})
    (drawn,) = re.findall(r'<path id="UA53" d="([^"]*)"', parts.to_svg(UA))
    assert drawn == "".join(found.areas[raion] for raion in UA.whole_children("UA53"))


def test_a_map_that_would_forget_an_area_is_refused():
    """An area that is not on the map would look as if nothing could happen there."""
    found = read_map(collection(feature("UA80", square(30, 50, 31, 51))), UA)
    with pytest.raises(ConfigError, match=r"no outline of UA01, .* and 21 more"):
        found.to_svg(UA)


def test_the_raions_of_an_oblast_fill_it():
    """Of the real borders, simplified: no gap and no overlap between them is wider than a line."""
    found = read_map(shared("regions/ua_adm1_adm2.topojson").read_bytes(), UA)
    for oblast in ("UA05", "UA53", "UA71"):  # of one piece, inland
        parts = sum(filled(found.areas[raion]) for raion in UA.whole_children(oblast))
        assert parts == pytest.approx(filled(found.areas[oblast]), rel=0.005)
