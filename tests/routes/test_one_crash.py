"""One crash: the machine stops after a signal was heard and before anybody was told."""

from datetime import UTC, datetime

from tocsin import wire
from tocsin.countries import load
from tocsin.log import checked
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, Contract, Realm, Signal
from tocsin.warn.board import Board

NOW = datetime(2024, 1, 2, 3, 53, 58, tzinfo=UTC)
KINDS = [
    Contract(Realm.ACTUAL, "feed", ("UA",), ("air",)),
    Signal(Realm.ACTUAL, "feed", "a1", "UA80", "air", Act.RAISED, NOW),
]


def test_what_was_heard_before_a_crash_is_said_after_it(tmp_path):
    areas = load("ua").areas

    # The signal is durable.  Then the power goes: no board, no alert.
    log = SqliteLog(tmp_path / "log.db")
    for number, kind in enumerate(KINDS):
        log.append(f"{number}", wire.encode(kind), NOW)
    log.close()

    # The next start folds the log, and says what is owed.
    log, board = SqliteLog(tmp_path / "log.db"), Board(areas, Realm.ACTUAL)
    for entry in checked(log):
        board.learn(entry.seq, entry.at, wire.decode(entry.body))
    owed = board.owed(log.head.seq, NOW)
    assert [alert.state for alert in owed if alert.areas == ("UA80",)] == ["raised"]
    for number, alert in enumerate(owed):
        board.learn(log.append(f"alert/{number}", wire.encode(alert), NOW).seq, NOW, alert)
    log.close()

    # The one after that owes nothing: everybody was told once.
    log, again = SqliteLog(tmp_path / "log.db"), Board(areas, Realm.ACTUAL)
    for entry in checked(log):
        again.learn(entry.seq, entry.at, wire.decode(entry.body))
    assert again.owed(log.head.seq, NOW) == []
    assert again.told.status("UA80", "air").state == "raised"
    log.close()
