"""Draw the oblast map of the live page from npm's `@svg-maps/ukraine`, and say so in one line.

    python tools/fetch_map.py [OUT]

The package (CC BY 4.0) is got by `npm pack`, checked against the hash below, simplified, and
its paths get the ids of our areas.  It has no Sevastopol: a marker stands in its place.
Where npm is missing or refuses, nothing is written and the page shows its grid of tiles.
A package that is not the one we know is an error: exit 1.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tocsin.geometry import Ring, draw
from tocsin.model import AreaId

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "@svg-maps/ukraine@2.0.0"
INTEGRITY = "sha512-ccky7JPE2XYiotSKj7Gr3pan+Sv55NJVkymUUdDzz3A32In6a0yyRUbxlyYaWZj1nqPBYCFF053Zu70h4CM9rA=="
OUT = ROOT / "src" / "tocsin" / "public" / "static" / "map-ua.svg"
NPM_WAITS_S = 60

SCALE = 2  # our units a unit of theirs, so that whole numbers do
WIDTH, HEIGHT = 1000 * SCALE, 670 * SCALE
TOLERANCE = 1.2  # our units: half a pixel where the map is 1,000 px wide
SEVASTOPOL = (1262, 1300, 18)  # x, y, radius of its marker, in our units: 33.5 E, 44.6 N

AREAS = {  # theirs -> ours
    "cherkasy": "UA71",
    "chernihiv": "UA74",
    "chernivtsi": "UA73",
    "crimea": "UA01",
    "dnipropetrovsk": "UA12",
    "donetsk": "UA14",
    "ivano-frankivsk": "UA26",
    "kharkiv": "UA63",
    "kherson": "UA65",
    "khmelnytskyi": "UA68",
    "kirovohrad": "UA35",
    "kyiv": "UA32",
    "kyiv-city": "UA80",
    "luhansk": "UA44",
    "lviv": "UA46",
    "mykolaiv": "UA48",
    "odessa": "UA51",
    "poltava": "UA53",
    "rivne": "UA56",
    "sumy": "UA59",
    "ternopil": "UA61",
    "vinnytsia": "UA05",
    "volyn": "UA07",
    "zakarpattia": "UA21",
    "zaporizhia": "UA23",
    "zhytomyr": "UA18",
}


class NoMapError(Exception):
    """The package cannot be had here; the page does without."""


def fetch() -> str:
    """Return the SVG of the package, checked.

    Raises:
        NoMapError: npm is missing, or did not bring the package.
        ValueError: It is not the package that we know.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NoMapError("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [npm, "pack", PACKAGE, "--silent", "--pack-destination", folder],
                capture_output=True,
                text=True,
                timeout=NPM_WAITS_S,
                check=False,
                cwd=folder,
            )
        except subprocess.TimeoutExpired:
            raise NoMapError(f"npm did not answer within {NPM_WAITS_S} s") from None
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            why = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
            raise NoMapError(f"npm did not bring {PACKAGE} (exit {done.returncode}: {why})")
        return unpack(packed)


def unpack(packed: Path) -> str:
    """Return the SVG in the package's archive.

    Raises:
        ValueError: Its hash is another one than we know.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise ValueError(f"{PACKAGE} has the hash {found}, not {INTEGRITY}; nothing is written")
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/ukraine.svg")
        assert member is not None  # the hash says that it is there
        return member.read().decode()


def redraw(svg: str) -> str:
    """Return the map in our units, with our ids, simplified."""
    rings = {AreaId(AREAS[name]): _rings(data) for name, data in _paths(svg)}
    paths = sorted(draw(rings, TOLERANCE).items())
    lines = [f'<path id="{area}" d="{data}"/>' for area, data in paths]
    x, y, radius = SEVASTOPOL
    marker = f'<g id="UA85"><title>Севастополь</title><circle cx="{x}" cy="{y}" r="{radius}"/></g>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" fill-rule="evenodd">'
    changed = "changed: simplified, ids, Sevastopol added"
    credit = f"<!-- {PACKAGE} by Olesia Ladanai, after MapSVG, CC BY 4.0; {changed} -->"
    return "\n".join([credit, head, *lines, marker, "</svg>\n"])


def _paths(svg: str) -> list[tuple[str, str]]:
    return [
        (re.search(r'\bid="([^"]+)"', tag)[1], re.search(r'\bd="([^"]+)"', tag)[1])  # type: ignore[index]
        for tag in re.findall(r"<path[^>]*>", svg)
    ]


def _rings(data: str) -> list[Ring]:
    """Return the rings of path data that has M, m, l and z only, in our units."""
    rings: list[Ring] = []
    x = y = 0.0
    begin = (x, y)
    for command, text in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", data):
        numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", text)]
        if command not in "Mmlz":
            raise ValueError(f"the package's paths have the command {command!r}, which is not known here")
        if command == "z":  # the pen is back where the ring began
            x, y = begin
        for number in range(0, len(numbers), 2):
            step_x, step_y = numbers[number], numbers[number + 1]
            x, y = (step_x, step_y) if command == "M" else (x + step_x, y + step_y)
            if command in "Mm" and number == 0:
                begin = (x, y)
                rings.append([])
            rings[-1].append((round(x * SCALE), round(y * SCALE)))
    return rings


def main() -> int:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    try:
        drawn = redraw(fetch())
    except NoMapError as error:
        print(f"map: none, the page shows its tiles; {error}")
        return 0
    except ValueError as error:
        print(f"map: {error}", file=sys.stderr)
        return 1
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(drawn, encoding="utf-8")
    print(f"map: drawn from {PACKAGE} (CC BY 4.0), {len(drawn.encode()) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
