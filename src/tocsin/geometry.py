"""Geometry: polygons in, the path data of an SVG map out.

Neighbours share their border, and the simplified borders must still be one line: a gap
would show as land that no area answers for.  So rings are first put on the grid of the
picture, cut where more than two lines meet, and each piece is simplified once, in one
direction, whichever ring it came from (Douglas and Peucker).

GeoJSON and TopoJSON are read; an area is known by its own code or by an official one.
The projection is equirectangular, with longitudes shrunk by the cosine of the middle latitude.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tocsin.areas import Areas
from tocsin.errors import ConfigError
from tocsin.model import AreaId

WIDTH = 2000  # units of the picture; a phone shows 0.2 px of each, a wide screen 0.6
TOLERANCE = 1.0  # units that a simplified line may be off
_SPECK = 2.0  # square units; an islet of this size would be a dot

Point = tuple[int, int]  # on the grid of the picture
Ring = list[Point]  # closed; the first point is not repeated
_Outline = list[tuple[float, float]]  # a ring of longitudes and latitudes

CODE_PROPERTIES = ("id", "region_id", "katottg")  # looked at in this order, then the feature's own id


class Geometry(NamedTuple):
    """A map that the page can draw."""

    view_box: str  # "0 0 2000 1347"
    areas: dict[AreaId, str]  # area -> path data, to be filled by the even-odd rule
    unknown: tuple[str, ...]  # codes in the file that no area has, each once

    def to_svg(self, areas: Areas) -> str:
        """Return the picture as the page wants it: a path an area of the board, the finer ones in a group.

        An area of the board that is not in the file is drawn from its parts.

        Raises:
            ConfigError: An area of the board has neither an outline nor parts with one.
        """
        board = {area: self._whole(area, areas) for area in areas.board}
        missing = [area for area, data in board.items() if not data]
        if missing:
            raise ConfigError(
                f"geometry: it has no outline of {', '.join(missing[:5])}"
                + (f" and {len(missing) - 5} more" if len(missing) > 5 else ""),
                todo="add them: an area that is not on the map would be forgotten",
            )
        finer = [(area, data) for area, data in self.areas.items() if area not in board]
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{self.view_box}" fill-rule="evenodd">',
                *(f'<path id="{area}" d="{data}"/>' for area, data in board.items()),
                '<g id="finer">',
                *(f'<path id="{area}" d="{data}"/>' for area, data in finer),
                "</g>",
                "</svg>\n",
            ]
        )

    def _whole(self, area: AreaId, areas: Areas) -> str:
        own = self.areas.get(area)
        return own if own else "".join(self._whole(part, areas) for part in areas.whole_children(area))


def read_map(body: bytes, areas: Areas, *, width: int = WIDTH, tolerance: float = TOLERANCE) -> Geometry:
    """Return the map in a GeoJSON or TopoJSON file.

    Args:
        body: The file.  Coordinates are WGS 84, degrees, longitude first.
        areas: The country's areas.
        width: Units from west to east.
        tolerance: Units that a simplified line may be off.

    Raises:
        ConfigError: Not JSON, neither of the two formats, empty, coordinates that
            are no degrees, or no code in it is an area's.
    """
    outlines, unknown = _outlines(_parse(body), areas)
    project, height = _projection([ring for some in outlines.values() for ring in some], width)
    rings = {area: [[project(point) for point in ring] for ring in some] for area, some in outlines.items()}
    return Geometry(f"0 0 {width} {height}", draw(rings, tolerance), unknown)


def outlines(body: bytes, areas: Areas) -> dict[AreaId, list[list[tuple[float, float]]]]:
    """Return the borders of the areas in a GeoJSON or TopoJSON file, as they stand there.

    Args:
        body: The file.  Coordinates are WGS 84, degrees, longitude first.
        areas: The country's areas.

    Returns:
        Closed rings of (longitude, latitude); a point is inside by the even-odd rule.

    Raises:
        ConfigError: As `read_map`.
    """
    return _outlines(_parse(body), areas)[0]


def _outlines(found: dict[str, Any], areas: Areas) -> tuple[dict[AreaId, list[_Outline]], tuple[str, ...]]:
    """Return the rings of each area, and the codes that are no area's.

    Kyiv is an oblast and a raion in many files.  It is taken from the first layer that has it:
    the same ring twice would be no fill by the even-odd rule.
    """
    codes = {
        code: area.id for area in areas for code in (area.id, *area.codes.values()) if not code.isdigit()
    }
    taken: dict[AreaId, str] = {}
    outlines: dict[AreaId, list[_Outline]] = {}
    unknown: dict[str, None] = {}
    for layer, feature, rings in _shapes(found):
        code = _code(feature)
        area = codes.get(code)
        if area is None:
            unknown[code or "(none)"] = None
        elif rings and taken.setdefault(area, layer) == layer:
            outlines.setdefault(area, []).extend(ring for ring in rings if ring)
    if not outlines and not unknown:
        raise ConfigError("geometry: there is no polygon in it", todo="give the borders of the areas")
    if not outlines:
        raise ConfigError(
            f"geometry: no feature has the code of an area; looked at {', '.join(CODE_PROPERTIES)} and the id"
            f" of the feature, and found {', '.join(list(unknown)[:3])}",
            todo=f"give each feature the property id with a code as {areas.board[0]}",
            codes=tuple(unknown),
        )
    return outlines, tuple(unknown)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"geometry: it is not JSON ({error})", todo="give a GeoJSON or TopoJSON file"
        ) from error
    kind = found.get("type") if isinstance(found, dict) else None
    if kind not in ("FeatureCollection", "Topology"):
        raise ConfigError(
            f"geometry: its type is {kind!r}", todo="give a GeoJSON FeatureCollection or a TopoJSON Topology"
        )
    return dict(found)


def _code(feature: dict[str, Any]) -> str:
    properties = feature.get("properties") or {}
    found = (properties.get(name) for name in CODE_PROPERTIES)
    return next((str(code) for code in (*found, feature.get("id")) if code not in (None, "")), "")


def _shapes(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[_Outline]]]:
    """Yield each feature that has an outline: its layer, the feature, its rings."""
    try:
        if found["type"] == "Topology":
            yield from _topology(found)
        else:
            for feature in found["features"]:
                geometry = feature.get("geometry") or {}
                yield "", feature, _rings(geometry.get("type"), geometry.get("coordinates"), _pairs)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"geometry: it breaks off from its format ({type(error).__name__}: {error})",
            todo="check it with the program that made it",
        ) from error


def _rings(kind: str | None, parts: Any, ring: Callable[[Any], _Outline]) -> list[_Outline]:
    """Return the rings of a polygon or several; none of a point or a line."""
    polygons = {"Polygon": [parts], "MultiPolygon": parts}.get(kind or "", [])
    return [ring(one) for polygon in polygons for one in polygon]


def _pairs(ring: Iterable[Sequence[float]]) -> _Outline:
    return [(float(point[0]), float(point[1])) for point in ring]


def _topology(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[_Outline]]]:
    """Yield the shapes of a TopoJSON file, whose rings are lists of shared arcs.

    Source:
        The TopoJSON Format Specification, 2.1.2 (transforms), 2.1.3 (arcs: delta-coded
        when there is a transform), 2.1.4 (a negative index ~i is arc i reversed; an arc begins
        where the one before it ended).
    """
    arcs = [_arc(arc, found.get("transform")) for arc in found["arcs"]]

    def ring(indexes: list[int]) -> _Outline:
        points: _Outline = []
        for index in indexes:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            points += arc[1:] if points else arc
        return points

    for layer, thing in found["objects"].items():
        for geometry in thing.get("geometries", [thing]):
            yield layer, geometry, _rings(geometry.get("type"), geometry.get("arcs"), ring)


def _arc(arc: list[list[float]], transform: dict[str, list[float]] | None) -> _Outline:
    if transform is None:
        return _pairs(arc)
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    points = []
    x = y = 0.0
    for step in arc:
        x, y = x + step[0], y + step[1]
        points.append((x * scale_x + left, y * scale_y + bottom))
    return points


def _projection(outlines: list[_Outline], width: int) -> tuple[Callable[[tuple[float, float]], Point], int]:
    """Return what puts a point on the grid, and the height of the picture."""
    points = [point for ring in outlines for point in ring]
    if not points:
        raise ConfigError("geometry: its polygons have no points", todo="give the borders of the areas")
    for longitude, latitude in points:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ConfigError(
                f"geometry: the point {longitude}, {latitude} is not in degrees",
                todo="write longitude and latitude in WGS 84",
            )
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = width / ((east - west) * shrink or 1.0)

    def project(point: tuple[float, float]) -> Point:
        return round((point[0] - west) * shrink * scale), round((north - point[1]) * scale)

    return project, math.ceil((north - south) * scale)


def draw(rings: dict[AreaId, list[Ring]], tolerance: float) -> dict[AreaId, str]:
    """Return path data by area.  Borders that two areas share stay one line.

    Args:
        rings: The outlines of each area, on the grid of the picture.
        tolerance: Units that a simplified line may be off.
    """
    tidy = {area: [_tidy(ring) for ring in some] for area, some in rings.items()}
    joints = _joints(ring for some in tidy.values() for ring in some)
    paths: dict[AreaId, str] = {}
    for area, some in tidy.items():
        thin = (simplify(ring, joints, tolerance) for ring in some)
        drawn = [ring for ring in thin if _size(ring) > _SPECK]
        # No area may vanish from the map, however small it is.
        paths[area] = "".join(map(_path, drawn or [_box(max(some, key=_size))]))
    return paths


def simplify(ring: Ring, joints: set[Point], tolerance: float) -> Ring:
    """Return a ring with fewer points, none further than ``tolerance`` from the old line.

    The points in ``joints`` stay.  The same piece of border gives the same points in every ring.
    """
    cuts = [number for number, point in enumerate(ring) if point in joints]
    if len(cuts) < 2:
        cuts = _own_cuts(ring, cuts)
    kept: Ring = []
    for begin, end in zip(cuts, [*cuts[1:], *(cut + len(ring) for cut in cuts[:1])], strict=True):
        piece = [ring[number % len(ring)] for number in range(begin, end + 1)]
        forward = (piece[0], piece[1]) <= (piece[-1], piece[-2]) if len(piece) > 1 else True
        line = _thin(piece if forward else piece[::-1], tolerance)
        kept += (line if forward else line[::-1])[:-1]
    return kept


def _own_cuts(ring: Ring, cuts: list[int]) -> list[int]:
    """Return two far corners of a ring that meets no other, the same wherever the ring begins."""
    if not ring:
        return []
    first = cuts[0] if cuts else ring.index(min(ring))
    x, y = ring[first]
    far = max(ring, key=lambda point: ((point[0] - x) ** 2 + (point[1] - y) ** 2, point))
    return sorted({first, ring.index(far)})


def _tidy(ring: Ring) -> Ring:
    """Return the ring without points that repeat the one before, and without its closing point."""
    points = [point for number, point in enumerate(ring) if number == 0 or point != ring[number - 1]]
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def _joints(rings: Iterable[Ring]) -> set[Point]:
    """Return the points at which more than two lines meet."""
    beside: dict[Point, set[Point]] = {}
    for ring in rings:
        for number, point in enumerate(ring):
            beside.setdefault(point, set()).update((ring[number - 1], ring[(number + 1) % len(ring)]))
    return {point for point, others in beside.items() if len(others) > 2}


def _thin(line: Ring, tolerance: float) -> Ring:
    """Return the points of a line that Douglas and Peucker keep."""
    keep = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        begin, end = spans.pop()
        worst, number = tolerance, None
        for middle in range(begin + 1, end):
            off = _distance(line[middle], line[begin], line[end])
            if off > worst:
                worst, number = off, middle
        if number is not None:
            keep.add(number)
            spans += [(begin, number), (number, end)]
    return [line[number] for number in sorted(keep)]


def _distance(point: Point, begin: Point, end: Point) -> float:
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    px, py = point[0] - begin[0], point[1] - begin[1]
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, (px * dx + py * dy) / length)) if length else 0.0
    return math.hypot(px - along * dx, py - along * dy)


def _size(ring: Ring) -> float:
    return abs(sum(x * ring[n - 1][1] - ring[n - 1][0] * y for n, (x, y) in enumerate(ring))) / 2


def _box(ring: Ring) -> Ring:
    left, top = min(x for x, _ in ring), min(y for _, y in ring)
    right, bottom = max(max(x for x, _ in ring), left + 2), max(max(y for _, y in ring), top + 2)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _path(ring: Ring) -> str:
    """Return one ring as path data: a move, relative lines, a close."""
    x, y = ring[0]
    parts = [f"M{x} {y}l"]
    for next_x, next_y in ring[1:]:
        step_x, step_y = str(next_x - x), str(next_y - y)
        parts.append(step_x if step_x[0] == "-" or parts[-1][-1] == "l" else " " + step_x)
        parts.append(step_y if step_y[0] == "-" else " " + step_y)
        x, y = next_x, next_y
    return "".join(parts) + "z"
