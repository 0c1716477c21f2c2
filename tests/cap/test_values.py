"""Times, references, polygons and circles: what is read is what was meant, and nothing is made up."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.cap.messages import SQUARE
from tocsin.cap.values import (
    Room,
    Unfit,
    crosses_itself,
    plain,
    read_circle,
    read_number,
    read_polygon,
    read_references,
    read_time,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("2026-03-01T14:00:00+02:00", ()),
        ("2026-03-01T12:00:00-00:00", ()),
        ("2026-03-01T12:00:00+00:00", ()),
        ("2026-03-01T12:00:00Z", ("time-z",)),
        ("2026-03-01t12:00:00z", ("time-z", "time-form")),
        ("2026-03-01T12:00:00.000-00:00", ("time-fraction",)),
        ("2026-03-01 14:00+0200", ("time-form",)),
        ("2026-03-01T14:00:00+02", ("time-form",)),
    ],
)
def test_a_time_that_can_be_read_in_one_way_is_read(text, faults):
    """Every form is the same moment, and a form that CAP does not have is told."""
    assert read_time(text) == (NOON, faults)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01T12:00:00",  # no zone
        "2026-03-01",
        "2026-02-29T12:00:00-00:00",
        "2026-03-01T24:00:00-00:00",
        "2026-03-01T12:60:00-00:00",
        "2026-03-01T12:00:00+15:00",
        "2026-03-01T12:00:00+02:75",
        "0001-01-01T00:00:00+01:00",  # before the year 1 in UTC
        "٢٠٢٦-03-01T12:00:00-00:00",  # digits, but not ours
        "2026-03-01T12:00:00-00:00 ",
        "01.03.2026 12:00",
        "1772366400",
        "yesterday",
    ],
)
def test_a_time_that_is_none_is_not_guessed(text):
    """A guess of an hour would end a warning early."""
    with pytest.raises(Unfit) as caught:
        read_time(text)

    assert caught.value.rule == "time-unreadable"


@given(
    st.integers(100_000, 32_000_000_000),
    st.integers(-840, 840),
)
def test_a_time_in_any_zone_is_its_moment(seconds, minutes):
    """As Python itself reads it, until the year 2984."""
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))

    assert read_time(moment.isoformat()) == (moment.astimezone(UTC), ())


def test_references_are_triples_between_any_blanks():
    """Each once, in order; a sender may have colons and slashes."""
    text = " http://a.example/,1,2026-03-01T12:00:00Z\n b@example.org,x,2026-03-01T12:00:00-00:00 " * 2
    references, faults = read_references(text)

    assert [(one.sender, one.identifier, one.sent) for one in references] == [
        ("http://a.example/", "1", NOON),
        ("b@example.org", "x", NOON),
    ]
    assert faults == ("time-z",)


@pytest.mark.parametrize("text", ["one", "a,b", "a,,2026-03-01T12:00:00Z", "a,b,today", "a,b,c,d"])
def test_a_reference_that_is_no_triple_refers_to_nothing(text):
    """And spoils the others beside it: an update that names half of what it means is refused."""
    with pytest.raises(Unfit) as caught:
        read_references(f"a,b,2026-03-01T12:00:00Z {text}")

    assert caught.value.rule == "reference-unreadable"


@pytest.mark.parametrize("text", ["nan", "inf", "1e3", "0x1", "1_0", "٣", "--1", ".", "1" * 30])
def test_a_number_is_plain_or_none(text):
    """What other readers might read otherwise is not read."""
    with pytest.raises(Unfit):
        read_number(text)


def test_a_polygon_keeps_its_points_and_is_closed():
    """A point that stands twice in a row is one."""
    ring, faults = read_polygon(SQUARE, Room())
    opened, told = read_polygon("50,30 50,30 50,31 51,31 51,30", Room())

    assert ring == ((50.0, 30.0), (50.0, 31.0), (51.0, 31.0), (51.0, 30.0), (50.0, 30.0))
    assert faults == ()
    assert (opened, told) == (ring, ("polygon-open",))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("50,30 50,31 nan,31 50,30", "polygon-unreadable"),
        ("50,30 50,31 51,31,9 50,30", "polygon-unreadable"),
        ("50 30 50 31 51 31 50 30", "polygon-unreadable"),
        ("50,30 50,31 1e1,31 50,30", "polygon-unreadable"),
        ("50,30 50,181 51,31 50,30", "polygon-unreadable"),
        ("50,30 50,31 " + "9" * 400 + ",31 50,30", "polygon-unreadable"),
        ("91,30 91,31 92,31 91,30", "polygon-swapped"),
        ("50,30 51,31 50,30", "polygon-few"),
        ("50,30 51,31 50,30 51,31 50,30", "polygon-few"),
        ("50,30 51,31 50,31 51,30 50,30", "polygon-crossing"),
        ("-80,-170 -80,170 80,170 80,-170 -80,-170", "too-wide"),
    ],
)
def test_a_polygon_that_is_none_is_dropped_by_its_rule(text, rule):
    """It is not mended: what it means is anybody's guess."""
    with pytest.raises(Unfit) as caught:
        read_polygon(text, Room())

    assert caught.value.rule == rule


def test_polygons_of_one_message_share_their_room():
    """Forty polygons of the worst kind cost no more than one."""
    room = Room(points=10, tests=10)
    read_polygon(SQUARE, room)

    assert room.points == 5
    assert room.tests < 10
    with pytest.raises(Unfit) as caught:
        read_polygon(SQUARE + " 50.0,30.0", room)
    assert caught.value.rule == "too-many-points"


ring_points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=8, unique=True)


@given(ring_points)
def test_a_ring_crosses_itself_when_geometry_says_so(points):
    """Compared with GEOS, which also counts a touch in one point as a fault."""
    ring = [(float(a), float(b)) for a, b in [*points, points[0]]]
    polygon = shapely.Polygon([(b, a) for a, b in ring])
    assume(polygon.area > 0)

    if crosses_itself(ring, Room()):
        assert not polygon.is_valid
    elif not polygon.is_valid:
        # What is left is a touch: a corner lies on another edge or corner.
        assert "Ring Self-intersection" in shapely.is_valid_reason(polygon) or _touches(polygon)


def _touches(polygon: shapely.Polygon) -> bool:
    corners = [shapely.Point(point) for point in polygon.exterior.coords[:-1]]
    edges = [
        shapely.LineString(pair)
        for pair in zip(polygon.exterior.coords[:-1], polygon.exterior.coords[1:], strict=True)
    ]
    return any(
        edge.distance(corner) < 1e-9 and corner.coords[0] not in edge.coords
        for corner in corners
        for edge in edges
    )


def test_a_ring_that_is_made_to_cost_time_counts_as_crossing():
    """A comb whose teeth all overlap in latitude needs a comparison for every pair of them."""
    comb = [(0.0 if n % 2 else 50.0, n / 100) for n in range(2_000)]
    ring = [*comb, (-1.0, 20.0), (-1.0, 0.0), comb[0]]

    assert crosses_itself(ring, Room())
    assert not crosses_itself(ring, Room(tests=10_000_000))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "circle-unreadable"),
        ("50,30", "circle-unreadable"),
        ("50,30 -1", "circle-unreadable"),
        ("95,30 1", "circle-unreadable"),
        ("50,30 nan", "circle-unreadable"),
        ("50,30 5000", "too-wide"),
    ],
)
def test_a_circle_that_is_none_is_dropped_by_its_rule(text, rule):
    """5000 may be meant in metres; nobody is told on a maybe."""
    with pytest.raises(Unfit) as caught:
        read_circle(text)

    assert caught.value.rule == rule


def test_a_circle_is_its_centre_and_its_radius():
    """The radius may be nothing: a point."""
    assert read_circle("50.5,30.5 2.5") == (((50.5, 30.5), 2.5), ())
    assert read_circle("50.5, 30.5 0")[1] == ("circle-point",)


def test_a_text_loses_only_what_hides_or_reorders():
    """Hebrew keeps its marks, Persian its joiners."""
    assert plain(" а\u202eб\u2066\u200b ") == ("аб", True)
    assert plain("נ\u200fב و\u200cه\n") == ("נ\u200fב و\u200cه", False)
