"""Write the table of what other alert services call the areas of Ukraine, the same each time.

    TOCSIN_SHARED=DIR python tools/dialect_codes.py [OUT]

Only codes and names are carried over; what can be made from KATOTTG is made here.
OUT is the folder of the pack.  Default: src/tocsin/countries/ua.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "src" / "tocsin" / "countries" / "ua"
COLUMNS = (
    "area", "alerts_in_ua_oblast", "alerts_in_ua_title", "alerts_com_ua", "jaam", "sirens_in_ua",
    "tryvoha", "ugc", "ars", "meteoalarm",
)  # fmt: skip

# As the slugs of that service are made; it was never documented.  "brovarskii-raion".
_CYRILLIC = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
_SPELT = "a b v g g d e ie zh z i i yi i k l m n o p r s t u f kh ts ch sh shch _ iu ia"
_LATIN = dict(zip(_CYRILLIC, _SPELT.split(), strict=True))

Row = dict[str, str]


def table(areas: list[Row], crosswalk: list[Row]) -> list[Row]:
    """Return a row for each oblast, raion and hromada.

    Args:
        areas: The rows of ``areas.csv``.
        crosswalk: The ids of the older services, by the code in alerts.in.ua.
    """
    known = {row["alerts_in_ua_uid"]: row for row in crosswalk}
    wanted = [area for area in areas if area["level"] in ("oblast", "raion", "hromada")]
    return [_row(area, known.get(area["alerts_in_ua"], {})) for area in wanted]


def _row(area: Row, known: Row) -> Row:
    digits = area["id"].removeprefix("UA")
    title = known.get("name_uk", "")
    slot = known.get("jaam_slot", "")
    return {
        "area": area["id"],
        "alerts_in_ua_oblast": known.get("aiu_oblast27_index", ""),  # from 0
        "alerts_in_ua_title": title if title != area["name_uk"] else "",
        "alerts_com_ua": known.get("alerts_com_ua_id", ""),
        "jaam": str(int(slot) - 1) if slot else "",  # from 0, as the device counts
        "sirens_in_ua": known.get("sirens_in_ua_key", ""),
        "tryvoha": _slug(area["name_uk"]) if area["level"] in ("oblast", "raion") else "",
        "ugc": f"UAZ{digits:0>3}",
        "ars": digits.ljust(12, "0"),
        "meteoalarm": area["name_en"] if area["level"] in ("oblast", "raion") else "",
    }


def _slug(name: str) -> str:
    latin = "".join(_LATIN.get(letter, letter) for letter in name.lower())
    words = "".join(letter if letter.isalnum() or letter in " -" else "" for letter in latin.replace("_", ""))
    return "-".join(words.replace("-", " ").split())


def main() -> None:
    """Write the table."""
    shared = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared" / "data"))
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else PACK
    rows = table(_read(PACK / "areas.csv"), _read(shared / "regions" / "region_crosswalk.csv"))
    with (out / "dialects.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"dialects.csv: {len(rows)} areas")


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
