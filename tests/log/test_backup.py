"""A backup holds every entry as it stands in the log; a log put back from it is a new one to its readers."""

from datetime import UTC, datetime

import pytest

from tocsin.errors import ConfigError, LogBroken, LogHeld
from tocsin.log import checked
from tocsin.log.backup import Backup, copy_file, put_back
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm

NOW = datetime(2024, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def log(tmp_path):
    log = SqliteLog(tmp_path / "here" / "log.db")
    fill(log, 1, 10)
    yield log
    log.close()


@pytest.fixture
def there(tmp_path):
    return tmp_path / "there" / "log.db"


def fill(log, first, last):
    with log.batch():
        for number in range(first, last + 1):
            log.append(f"k{number}", f"body {number}".encode(), NOW)


def entries(path):
    log = SqliteLog(path, append=False)
    try:
        return log.epoch, list(checked(log))
    finally:
        log.close()


def test_a_backup_follows_the_log_while_it_grows(log, there, tmp_path):
    with Backup(tmp_path / "here" / "log.db", there) as copy:
        assert (copy.catch_up(), copy.seq) == (0, 10)
        fill(log, 11, 30)
        assert (copy.catch_up(), copy.seq, copy.catch_up()) == (20, 30, 0)
        assert entries(there) == (log.epoch, list(log.read()))
        assert there.stat().st_mode & 0o077 == 0


def test_a_backup_that_was_stopped_goes_on_where_it_was(log, there, tmp_path):
    for last in (20, 30):
        fill(log, log.head.seq + 1, last)
        with Backup(tmp_path / "here" / "log.db", there) as copy:
            copy.catch_up()
    assert entries(there) == (log.epoch, list(log.read()))


def test_what_was_erased_is_erased_in_the_copy_too_in_its_bytes(log, there, tmp_path):
    log.append("secret", b"a secret of somebody", NOW)
    with Backup(tmp_path / "here" / "log.db", there) as copy:
        copy.catch_up()
        assert b"a secret of somebody" in there.read_bytes() + wal(there)
    log.erase(11)
    with Backup(tmp_path / "here" / "log.db", there) as copy:
        copy.catch_up()
        fill(log, 12, 13)
        copy.catch_up()
        assert b"a secret of somebody" not in there.read_bytes() + wal(there)
    assert entries(there) == (log.epoch, list(log.read()))


def wal(path):
    file = path.with_name(path.name + "-wal")
    return file.read_bytes() if file.exists() else b""


def test_a_damaged_log_does_not_damage_its_copy(log, there, tmp_path):
    with Backup(tmp_path / "here" / "log.db", there) as copy:
        copy.catch_up()
        fill(log, 11, 20)
        log._db.execute("update entry set body = x'00' where seq = 15")
        with pytest.raises(LogBroken, match="entry 15"):
            copy.catch_up()
    assert len(entries(there)[1]) in (10, 14)


def test_two_backups_do_not_write_to_one_place(log, there, tmp_path):
    with Backup(tmp_path / "here" / "log.db", there), pytest.raises(LogHeld):
        Backup(tmp_path / "here" / "log.db", there)


def test_a_copy_of_another_log_is_not_written_over(log, there, tmp_path):
    other = SqliteLog(there)
    fill(other, 1, 5)
    other.close()
    with pytest.raises(ConfigError, match="is a copy of the log"):
        Backup(tmp_path / "here" / "log.db", there)
    assert len(entries(there)[1]) == 5


def test_a_copy_that_knows_more_than_the_log_is_not_written_over(log, there, tmp_path):
    """An older backup was put back by hand: the copy is the better one, and says so."""
    source = tmp_path / "here" / "log.db"
    copy_file(source, tmp_path / "old.db")
    fill(log, 11, 20)
    with Backup(source, there) as copy:
        copy.catch_up()
    with pytest.raises(LogBroken, match="holds entry 20"):
        Backup(tmp_path / "old.db", there)
    assert len(entries(there)[1]) == 20


def test_a_log_that_was_put_back_has_every_entry_and_a_new_epoch(log, there, tmp_path):
    with Backup(tmp_path / "here" / "log.db", there) as copy:
        copy.catch_up()
    told = []
    epoch, seq = put_back(there, tmp_path / "new" / "log.db", lambda done, of: told.append((done, of)))
    assert epoch != log.epoch
    assert (seq, told[-1]) == (10, (10, 10))
    assert entries(tmp_path / "new" / "log.db") == (epoch, list(log.read()))
    again = SqliteLog(tmp_path / "new" / "log.db")
    assert (again.origin, again.realm) == (log.origin, Realm.ACTUAL)
    assert again.append("more", b"x", NOW).seq == 11
    assert len(list(checked(again))) == 11
    again.close()


def test_nothing_is_put_back_over_a_log_or_from_a_damaged_backup(log, there, tmp_path):
    with Backup(tmp_path / "here" / "log.db", there) as copy:
        copy.catch_up()
    with pytest.raises(ConfigError, match="there is a log"):
        put_back(there, tmp_path / "here" / "log.db")
    damaged = SqliteLog(there)
    damaged._db.execute("update entry set at = 0 where seq = 3")
    damaged.close()
    with pytest.raises(LogBroken, match="entry 3"):
        put_back(there, tmp_path / "new" / "log.db")
    assert [path.name for path in (tmp_path / "new").iterdir()] == []
