"""The log in memory keeps what every log keeps, and leaves nothing behind."""

from tocsin.log.memory import MemoryLog
from tocsin.model import Realm
from tocsin.testing.logs import LogEngine


class TestMemory(LogEngine):
    def make(self, folder, name="log"):
        return MemoryLog()


def test_it_touches_no_disk(tmp_path, monkeypatch):
    """A replay in memory leaves no file where it ran."""
    monkeypatch.chdir(tmp_path)
    log = MemoryLog(Realm.REPLAY, epoch="day")
    assert (log.realm, log.epoch) == (Realm.REPLAY, "day")
    log.close()
    assert [] == list(tmp_path.iterdir())
