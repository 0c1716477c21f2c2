"""How fast the log takes things in and gives them back, beside what SQLite alone can do in the same run.

    python bench/speed/log.py [--json FILE]

Three measures, each beside its limit on this machine, at this moment:

import    every row of the shared siren table, from the packed file to the durable log
rebuild   the board from a log of signals and alerts made of that table, hashes checked;
          limit: reading the same rows from SQLite and nothing else
append    from `submit` to the durable receipt of a signal with its alerts, one at a time;
          limit: committing a row of the same size to a bare SQLite file beside it, in turn
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
from rich.console import Console
from rich.table import Table

from tocsin import wire
from tocsin.app.clock import WallClock
from tocsin.app.station import Station
from tocsin.cli import commands
from tocsin.countries import load
from tocsin.log import checked
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, Contract, Episode, Realm, Signal, SourceId, Threat
from tocsin.sources import sirens_csv
from tocsin.warn.board import Board

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared" / "data"))
TABLE = SHARED / "alerts" / "official_data_en_20240423.csv.gz"
UA = load("ua").areas
FEED, AIR = SourceId("feed"), Threat("air")
APPENDS = 1_000
ROUNDS = 3


def seconds(work: Callable[[], Any]) -> float:
    """Return how long something takes, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def measure_import(folder: Path) -> dict[str, float]:
    """Import the table by the command, in this process."""
    begun = time.perf_counter()
    commands(["import", "sirens-csv", str(TABLE), "--data", str(folder), "--json"], standalone_mode=False)
    lasted = time.perf_counter() - begun
    log = SqliteLog(folder / "log.db", append=False)
    rows = log.head.seq
    log.close()
    return {"rows": rows, "seconds": round(lasted, 2), "rows_per_s": round(rows / lasted)}


def episodes() -> Iterator[Episode]:
    """Yield every row of the table."""
    for row in sirens_csv.decode(sirens_csv.open_table(TABLE), UA):
        if isinstance(row, sirens_csv.Row):
            yield row.episode


def make_live_log(log: SqliteLog) -> None:
    """Fill a log as a server would have, had it heard the table as signals."""
    steps = [(one.since, Act.RAISED, one) for one in episodes()]
    steps += [(one.until, Act.CLEAR, one) for _, _, one in steps]
    steps.sort(key=lambda step: (step[0], step[1] is Act.RAISED))
    board = Board(UA, Realm.ACTUAL)

    def take(key: str, kind: Contract | Signal, at: datetime) -> None:
        place = log.append(key, wire.encode(kind), at).seq
        for number, alert in enumerate(board.hear(place, at, kind)):
            said = log.append(f"alert/{place}/{number}", wire.encode(alert), at).seq
            board.learn(said, at, alert)

    with log.batch():
        take("contract", Contract(Realm.ACTUAL, FEED, (UA.root,), (AIR,), 60.0, 1e9), steps[0][0])
        for number, (at, act, one) in enumerate(steps):
            name = str(number)
            take(f"signal/{FEED}/{name}", Signal(Realm.ACTUAL, FEED, name, one.area, one.threat, act, at), at)


def measure_rebuild(folder: Path) -> dict[str, float]:
    """Fold a log into a board, beside reading it."""
    log = SqliteLog(folder / "live.db")
    make_live_log(log)

    def rebuild() -> None:
        board = Board(UA, Realm.ACTUAL)
        for entry in checked(log):
            if entry.body is not None:
                board.learn(entry.seq, entry.at, wire.decode(entry.body))

    def read() -> None:
        for _ in log.read():
            pass

    entries = log.head.seq
    ours, limit = entries / seconds(rebuild), entries / seconds(read)
    log.close()
    return {
        "entries": entries,
        "entries_per_s": round(ours),
        "limit_per_s": round(limit),
        "ratio": round(limit / ours, 1),
    }


def measure_append(folder: Path) -> dict[str, float]:
    """Append signals one at a time through a station, beside bare commits."""
    station = Station(SqliteLog(folder / "append.db"), UA, WallClock(), lambda news: None)
    station.start()
    station.agree(Contract(Realm.ACTUAL, FEED, (UA.root,), (AIR,))).result()
    bare = apsw.Connection(str(folder / "bare.db"))
    bare.execute("pragma journal_mode = wal")
    bare.execute("pragma synchronous = full")
    bare.execute("create table entry (seq integer primary key, body blob)")
    raions = [area.id for area in UA if area.level == "raion"]
    ours, limit = [], []
    for number in range(APPENDS):
        area = raions[number // 2 % len(raions)]
        sent = datetime.now(UTC)
        state = Act.CLEAR if number % 2 else Act.RAISED
        signal = Signal(Realm.ACTUAL, FEED, str(number), area, AIR, state, sent + timedelta(milliseconds=1))
        before = station.log.head.seq
        begun = time.perf_counter()
        station.submit(f"signal/{FEED}/{number}", signal).result()
        ours.append(time.perf_counter() - begun)
        size = sum(len(entry.body or b"") + 100 for entry in station.log.read(before))
        row = os.urandom(size)
        begun = time.perf_counter()
        bare.execute("insert into entry (body) values (?)", (row,))
        limit.append(time.perf_counter() - begun)
    station.stop()
    bare.close()
    return {
        **_percentiles("", ours),
        **_percentiles("bare_", limit),
        "ratio": round(statistics.median(ours) / statistics.median(limit), 2),
    }


def _percentiles(name: str, times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {f"{name}p50_ms": round(cuts[49] * 1e3, 3), f"{name}p99_ms": round(cuts[98] * 1e3, 3)}


def main() -> int:
    """Measure, print, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    asked = parser.parse_args()
    if not TABLE.exists():
        print(f"no {TABLE.name} in the shared data (TOCSIN_SHARED): nothing is measured")
        return 0
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", ".")) as folder:
        figures = {
            "import": measure_import(Path(folder)),
            "rebuild": measure_rebuild(Path(folder)),
            "append": measure_append(Path(folder)),
        }
    machine = {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
    }
    _print(figures)
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    if asked.json:
        asked.json.write_text(json.dumps({**figures, "machine": machine}, indent=1) + "\n", encoding="utf-8")
    return 0


def _print(figures: dict[str, dict[str, float]]) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("", "tocsin", "limit in this run", "ratio", "asked for"):
        table.add_column(column)
    made, again, put = figures["import"], figures["rebuild"], figures["append"]
    table.add_row("import", f"{made['rows']:,} rows in {made['seconds']} s", "", "", "10 s")
    table.add_row(
        "rebuild of the board",
        f"{again['entries_per_s']:,} entries/s",
        f"{again['limit_per_s']:,} rows read/s",
        f"{again['ratio']}",
        "100,000 entries/s",
    )
    for name in ("p50", "p99"):
        ours, bare = put[f"{name}_ms"], put[f"bare_{name}_ms"]
        table.add_row(
            f"durable append, {name}", f"{ours} ms", f"{bare} ms bare commit", f"{ours / bare:.2f}", ""
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
