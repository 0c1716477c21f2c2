"""A log of every earlier format is opened, verified and told from, by this version."""

import gzip
from pathlib import Path

import pytest

from tocsin import wire
from tocsin.areas import Country
from tocsin.countries import load
from tocsin.log import checked
from tocsin.log.sqlite import FORMAT, SqliteLog
from tocsin.model import Alert, AreaId, Contract, Realm, State, Threat
from tocsin.warn.board import Board

KEPT = sorted((Path(__file__).parent / "formats").glob("*.db.gz"))
"""One log a format, written by the first version that had it (tools/keep_format.py); never written again."""


@pytest.fixture(scope="module")
def ukraine() -> Country:
    """The country whose areas the kept logs speak of."""
    return load("ua")


def test_there_is_a_log_of_every_format():
    """Whoever makes a new format keeps a log of it here."""
    assert [f"format-{number}.db.gz" for number in range(1, FORMAT + 1)] == [path.name for path in KEPT]


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_a_log_of_an_earlier_format_is_verified_and_says_what_it_said(kept, tmp_path, ukraine):
    """Every entry is what was written, and the board that is made of it is the board of then."""
    path = tmp_path / "log.db"
    path.write_bytes(gzip.decompress(kept.read_bytes()))
    log, board, kinds = SqliteLog(path), Board(ukraine.areas, Realm.ACTUAL), []
    try:
        for entry in checked(log):
            if entry.body is not None:
                kinds.append(wire.decode(entry.body))
                board.learn(entry.seq, entry.at, kinds[-1])
        log.append("after", wire.encode(kinds[0]), entry.at)
        assert log.head.seq == entry.seq + 1, "it goes on"
    finally:
        log.close()
    assert isinstance(kinds[0], Contract)
    assert any(isinstance(kind, Alert) for kind in kinds)
    told = {area: board.told.state(AreaId(area)) for area in ("UA05", "UA12", "UA80")}
    assert {"UA05": State.RAISED, "UA12": State.UNKNOWN, "UA80": State.RAISED} == told
    assert board.told.status(AreaId("UA05"), Threat("air")).subtype == "drones"
