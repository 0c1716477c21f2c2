"""How alerts and reported strikes meet: the waves and attacks of the full public tables.

    python bench/accuracy/waves.py [--write]

The tables lie outside the project (TOCSIN_SHARED, else ``../shared/data``); only figures are kept here.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.countries import load
from tocsin.model import AreaId
from tocsin.record.attacks import WINDOW_MAX, Attack, Strike, attacks, join
from tocsin.record.sums import check
from tocsin.record.waves import Alerted, Wave, waves
from tocsin.sources import sirens_csv, strikes_csv

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared" / "data"))
RESULT = Path(__file__).with_name("waves.json")
KYIV = ZoneInfo("Europe/Kyiv")
FIRST = datetime(2022, 10, 1, tzinfo=KYIV)  # the first whole month of the table of strikes


def alerts(name: str, only: str | None = None) -> list[Alerted]:
    """Return the alerts of oblast level in a siren table.

    Args:
        name: A table of the shared data.
        only: The value that the column `level` must have; None: the table has no such column.
    """
    country, path = load("ua"), SHARED / "alerts" / name
    with gzip.open(path, "rt", encoding="utf-8") as file:
        levels = [row.get("level") for row in csv.DictReader(file)]
    rows = sirens_csv.decode(sirens_csv.open_table(path), country.areas)
    read = [row for row in rows if isinstance(row, sirens_csv.Row)]
    return [
        Alerted(row.episode.since, row.episode.until, AreaId(row.episode.area))
        for row in read
        if only is None or levels[row.number - 2] == only
    ]


def strikes() -> list[Strike]:
    """Return the strikes of the shared table that can be read."""
    with (SHARED / "strikes" / "missile_attacks_daily.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in strikes_csv.decode(file, KYIV) if isinstance(row, Strike)]


def met(found: Sequence[Wave], given: Sequence[Attack], since: datetime, until: datetime) -> dict[str, Any]:
    """Return how many attacks in the time of the alerts have a wave, by their size."""
    inside = [one for one in given if one.since >= since and one.until <= until]
    joined = join(found, inside).by_attack
    out: dict[str, Any] = {}
    for least in (0, 20, 50):
        sized = [one for one in inside if (one.launched or 0) >= least]
        out[f"launched_{least}_or_more"] = [sum(one.id in joined for one in sized), len(sized)]
    late = [
        (joined[one.id][0].since - one.since) / timedelta(minutes=1)
        for one in inside
        if one.id in joined and (one.launched or 0) >= 20
    ]
    deciles = statistics.quantiles(late, n=10, method="inclusive")
    out["first_wave_after_start_min_20_or_more"] = [
        round(x) for x in (deciles[0], statistics.median(late), deciles[-1])
    ]
    return out


def day(found: Sequence[Wave], given: Sequence[Attack], name: str) -> dict[str, Any]:
    """Return one attack and its waves, in local time."""
    attack = next(one for one in given if one.id == name)
    mine = join(found, given).by_attack.get(name, ())
    return {
        "launched": attack.launched,
        "intercepted": attack.intercepted,
        "rows": len(attack.strikes),
        "waves": [
            [f"{w.since.astimezone(KYIV):%H:%M}", f"{w.until.astimezone(KYIV):%H:%M}", w.peak] for w in mine
        ],
    }


def agreement(one: Sequence[Wave], other: Sequence[Wave]) -> dict[str, float]:
    """Return how two lists of waves agree: seconds in both by seconds in either, and the waves that meet."""
    both = sum(
        max(0.0, (min(a.until, b.until) - max(a.since, b.since)).total_seconds()) for a in one for b in other
    )
    each = [sum((w.until - w.since).total_seconds() for w in waves) for waves in (one, other)]
    matched = sum(any(a.since < b.until and b.since < a.until for b in other) for a in one)
    return {"shared_time": round(both / (sum(each) - both), 3), "waves_met": round(matched / len(one), 3)}


def measure() -> dict[str, Any]:
    """Return every figure."""
    official = alerts("official_data_en_20240423.csv.gz", "oblast")
    rows = strikes()
    given, found = attacks(rows, KYIV), waves(official)
    since, until = FIRST, max(a.until for a in official)
    lasted = [one.until - one.since for one in given]
    large = [w for w in found if w.peak >= 20 and w.since >= FIRST]
    hit = [w for w in large if any(r.since < w.until and w.since < r.until for r in rows)]
    volunteer = alerts("volunteer_data_en_20241010.csv.gz")
    begin = max(min(a.since for a in table) for table in (official, volunteer))
    end = min(until, max(a.until for a in volunteer))
    cut = [waves(_cut(table, begin, end)) for table in (official, volunteer)]
    return {
        "strikes": len(rows),
        "attacks": len(given),
        "attack_hours": {
            "median": statistics.median(one / timedelta(hours=1) for one in lasted),
            "most": max(lasted) / timedelta(hours=1),
        },
        "ids_unique": len({one.id for one in given}) == len(given),
        "waves": len(found),
        "attacks_with_a_wave": {
            f"{least}_regions": met(waves(official, least=least), given, since, until)
            for least in (1, 2, 3, 5)
        },
        "waves_of_20_regions": len(large),
        "waves_of_20_regions_without_any_strike": len(large) - len(hit),
        "official_and_volunteer": agreement(*cut),
        "windows_over_24_h": [r.row for r in sorted(rows, key=lambda r: r.row) if _too_long(r)],
        "tallies_that_do_not_add_up": [
            r.row for r in sorted(rows, key=lambda r: r.row) if r.tally and not check(r.tally).valid
        ],
        "days": {name: day(found, given, name) for name in ("ATK-20240101T2000", "ATK-20231228T2300")},
    }


def _too_long(strike: Strike) -> bool:
    return strike.strategic and strike.to_the_minute and strike.until - strike.since > WINDOW_MAX


def _cut(table: Sequence[Alerted], begin: datetime, end: datetime) -> list[Alerted]:
    return [
        Alerted(max(a.since, begin), min(a.until, end), a.area)
        for a in table
        if a.since < end and a.until > begin
    ]


def main() -> None:
    """Print the figures, or keep them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="keep the result beside this file")
    text = json.dumps(measure(), indent=1, ensure_ascii=False) + "\n"
    if parser.parse_args().write:
        RESULT.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
