"""Write the data files of the Ukraine pack, the same each time, from the tables it is carried over from.

    TOCSIN_SHARED=DIR python tools/carry_over_ua.py [OUT]

Only facts are carried over: codes, names, the tree, times.  Coordinates, map
ids and the kind of a hromada come from OpenStreetMap and stay behind.
OUT is the folder of the pack.  Default: src/tocsin/countries/ua.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
from pathlib import Path

from tocsin.areas import Area, Areas, Spelling
from tocsin.errors import UnknownArea
from tocsin.model import AreaId

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "src" / "tocsin" / "countries" / "ua"
LEVELS = ("country", "oblast", "raion", "hromada", "city")
DAY = "2024-01-02"
DAY_BEGINS, DAY_ENDS = "2024-01-02 00:00:00+00:00", "2024-01-03 00:00:00+00:00"  # as the table writes times

COLUMNS = {  # ours -> theirs
    "id": "region_id",
    "level": "level",
    "parent": "parent_id",
    "katottg": "katottg",
    "iso_3166_2": "iso_3166_2",
    "ukrainealarm": "ukrainealarm_id",
    "alerts_in_ua": "alerts_in_ua_uid",
    "name_uk": "name_uk",
    "name_en": "name_en",
    "name_translit": "name_translit",
}

# One equal tile an area, in its rough place.  "-" is empty.
TILES = """
    -    UA07 UA56 UA18 UA32 UA74 UA59 -    -
    UA46 UA61 UA68 UA05 UA80 UA71 UA53 UA63 UA44
    UA21 UA26 UA73 -    -    UA35 UA12 UA14 -
    -    -    -    -    UA51 UA48 UA65 UA23 -
    -    -    -    -    -    -    UA01 -    -
    -    -    -    -    -    -    UA85 -    -
"""

Rows = list[dict[str, str]]


def carry_over(shared: Path, out: Path) -> dict[str, int]:
    """Write all data files of the pack and return how many rows each has.

    Args:
        shared: The folder that has ``regions/`` and ``alerts/``.
        out: The folder of the pack.
    """
    regions = _read(shared / "regions" / "regions_ua.csv")
    aliases = _read(shared / "regions" / "places_aliases.csv")
    history = _read(shared / "alerts" / "official_data_en_20240423.csv.gz")
    spellings = _spellings(regions, aliases)
    tables = {
        "areas.csv": [{ours: row[theirs] for ours, theirs in COLUMNS.items()} for row in regions],
        "names.csv": spellings,
        "tiles.csv": _tiles(),
        f"days/{DAY}.csv": _day(history, _areas(regions, spellings)),
    }
    for name, rows in tables.items():
        _write(out / name, rows)
    return {name: len(rows) for name, rows in tables.items()}


def _areas(regions: Rows, spellings: Rows) -> Areas:
    return Areas(
        [
            Area(
                AreaId(row["region_id"]),
                row["level"],
                AreaId(row["parent_id"]) if row["parent_id"] else None,
                {"uk": row["name_uk"], "en": row["name_en"], "translit": row["name_translit"]},
                {},
            )
            for row in regions
        ],
        levels=LEVELS,
        board_level="oblast",
        spellings=[
            Spelling(AreaId(row["area"]), row["spelling"], AreaId(row["within"]) if row["within"] else None)
            for row in spellings
        ],
        drop=("м.", "m."),
    )


def _spellings(regions: Rows, aliases: Rows) -> Rows:
    """Return the spellings that the official names alone would not resolve."""
    areas = _areas(regions, [])
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in aliases:
        area = areas[row["region_id"]]
        above = area.parent if row["oblast_context"] else None
        try:
            known = areas.find(row["alias"], level=row["level"], within=above or ()) == area.id
        except UnknownArea:
            known = False
        if not known:
            spelling = {"area": area.id, "spelling": row["alias"], "lang": row["lang"], "within": above or ""}
            found.setdefault((area.id, row["alias"]), spelling)
    return [found[key] for key in sorted(found)]


def _tiles() -> Rows:
    tiles = [
        {"area": area, "column": str(column), "row": str(row)}
        for row, line in enumerate(TILES.strip().splitlines())
        for column, area in enumerate(line.split())
        if area != "-"
    ]
    return sorted(tiles, key=lambda tile: tile["area"])


def _day(history: Rows, areas: Areas) -> Rows:
    """Return the alerts that overlap the day, unclipped, in the order of the table (by their beginning)."""
    found = []
    for row in history:
        if row["started_at"] < DAY_ENDS and row["finished_at"] > DAY_BEGINS:
            around = [row[level] for level in ("oblast", "raion") if row[level] and level != row["level"]]
            found.append(
                {
                    "area": areas.find(row[row["level"]], level=row["level"], within=around),
                    "since": _moment(row["started_at"]),
                    "until": _moment(row["finished_at"]),
                }
            )
    return found


def _moment(text: str) -> str:
    """Return "2024-01-02 03:53:57+00:00" as 2024-01-02T03:53:57Z."""
    return text.replace(" ", "T").replace("+00:00", "Z")


def _read(path: Path) -> Rows:
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Rows) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8")


def main() -> int:
    shared = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared" / "data"))
    if not (shared / "regions" / "regions_ua.csv").is_file():
        print(f"no regions/regions_ua.csv under {shared}: set TOCSIN_SHARED to the folder that has it")
        return 2
    for name, count in carry_over(shared, Path(sys.argv[1]) if len(sys.argv) > 1 else PACK).items():
        print(f"{name}: {count} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
