"""Write a small log in the present format for the upgrade test: once for each format, never again.

    python tools/keep_format.py

A feed raises two oblasts and clears one of two it raised; an entry is erased.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin import wire
from tocsin.countries import load
from tocsin.log.sqlite import FORMAT, SqliteLog
from tocsin.model import Act, AreaId, Contact, Contract, Kind, Realm, Signal, SourceId, Threat
from tocsin.warn.board import Board

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "log" / "formats"
BEGIN = datetime(2024, 1, 2, 3, 0, tzinfo=UTC)
FEED, AIR = SourceId("feed"), Threat("air")


def said() -> list[Kind]:
    """Return what is heard, in order."""

    def signal(minute: int, area: str, state: Act, subtype: str | None = None) -> Signal:
        at = BEGIN + timedelta(minutes=minute)
        return Signal(Realm.ACTUAL, FEED, f"m{minute}", AreaId(area), AIR, state, at, subtype)

    return [
        Contract(Realm.ACTUAL, FEED, (AreaId("UA"),), (Threat("*"),)),
        Contact(Realm.ACTUAL, FEED, True, BEGIN),
        signal(1, "UA05", Act.RAISED, "drones"),
        signal(2, "UA12", Act.RAISED),
        signal(3, "UA80", Act.RAISED),
        signal(4, "UA12", Act.CLEAR),
        signal(5, "UA21", Act.RAISED),
        Contact(Realm.ACTUAL, FEED, False, BEGIN + timedelta(minutes=30)),
    ]


def main() -> int:
    """Write the log of this format, if there is none."""
    to = FOLDER / f"format-{FORMAT}.db.gz"
    if to.exists():
        print(f"{to} is there: a log of an earlier format is never written again")
        return 1
    areas = load("ua").areas
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        log, board = SqliteLog(path), Board(areas, Realm.ACTUAL)
        for number, kind in enumerate(said()):
            at = BEGIN + timedelta(minutes=number * 5)
            place = log.append(f"heard/{number}", wire.encode(kind), at).seq
            for turn, alert in enumerate(board.hear(place, at, kind)):
                board.learn(log.append(f"said/{number}/{turn}", wire.encode(alert), at).seq, at, alert)
        log.erase(log.append("erased", b"to be forgotten", at).seq)
        log.close()
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    print(f"{to}: {to.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
