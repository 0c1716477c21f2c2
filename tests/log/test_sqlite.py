"""The log in SQLite keeps what every log keeps, on a disk that fills up and in a file that others touch."""

from concurrent.futures import ThreadPoolExecutor

import apsw
import pytest

from tocsin.errors import ConfigError, LogBroken, LogError, LogHeld
from tocsin.log import checked, follow
from tocsin.log.sqlite import SqliteLog, held
from tocsin.model import Realm
from tocsin.testing.logs import AT, LogEngine, fill


class TestSqlite(LogEngine):
    def make(self, folder, name="log"):
        return SqliteLog(folder / name / "log.db")

    def reopen(self, log):
        log.close()
        return SqliteLog(log._path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path):
    log = SqliteLog(path)
    yield log
    log.close()


def bytes_on_disk(path):
    """Return the file and what lies beside it."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


# The right to append


def test_what_is_acknowledged_is_synced(log, path):
    """WAL alone would lose it in a power cut: SQLite itself says that it syncs every commit."""
    assert "wal" == log._db.pragma("journal_mode")
    assert 2 == log._db.pragma("synchronous")  # 2 is FULL


def test_a_file_can_be_told_to_be_a_log(path):
    """By its first bytes, without opening it."""
    SqliteLog(path).close()
    assert (b"SQLite format 3\0", b"tocs") == (path.read_bytes()[:16], path.read_bytes()[68:72])


def test_one_appends_and_others_read(log, path):
    """A second appender is refused and changes nothing; a reader beside the first one sees every commit."""
    fill(log, 3)
    with pytest.raises(LogHeld, match="another process appends"):
        SqliteLog(path)
    reader = SqliteLog(path, append=False)
    assert (reader.epoch, reader.realm, reader.head) == (log.epoch, log.realm, log.head)
    fill(log, 2)
    assert reader.head == log.head
    assert [1, 2, 3, 4, 5] == [entry.seq for entry in checked(reader)]
    reader.close()


def test_a_reader_follows_the_writer_and_sees_no_batch_before_it_ends(log, path):
    """What is not durable is not seen by anybody else."""
    reader = SqliteLog(path, append=False)
    seen: list[int] = []

    def wait():
        if log.head.seq >= 6:
            return False
        with log.batch():
            fill(log, 3)
            assert [len(seen)] == [reader.head.seq]
        return True

    for entry in follow(reader, 0, wait):
        seen.append(entry.seq)
    assert [1, 2, 3, 4, 5, 6] == seen
    reader.close()


def test_a_check_beside_a_running_server_cries_no_wolf(log, path):
    """Entries that are appended during the check are no fault."""
    fill(log, 3)
    reader = SqliteLog(path, append=False)
    checking = checked(reader)
    next(checking)
    fill(log, 3)
    assert {2, 5} >= {len(list(checking))}
    assert 6 == len(list(checked(reader)))
    reader.close()


def test_the_right_to_append_ends_with_whoever_has_it(path):
    """After a clean end, and after an opening that failed."""
    assert not held(path)
    log = SqliteLog(path)
    assert held(path)
    log.close()
    assert not held(path)
    with pytest.raises(ConfigError):
        SqliteLog(path, realm=Realm.TEST)
    assert not held(path)


def test_asking_who_appends_makes_nothing(tmp_path):
    """A mistyped --data leaves no folder behind, and a log that was copied gets no lock."""
    for folder in (tmp_path / "new", tmp_path):
        assert not held(folder / "log.db")
    (tmp_path / "file").touch()
    assert not held(tmp_path / "file" / "log.db")
    assert [tmp_path / "file"] == list(tmp_path.iterdir())


def test_two_that_ask_do_not_take_each_other_for_one_that_appends(log, path):
    log.close()
    with ThreadPoolExecutor() as pool:
        assert {False} == set(pool.map(held, [path] * 2_000))


def test_a_reader_changes_nothing(path):
    """It appends nothing, erases nothing, and leaves every byte of the file as it was."""
    log = SqliteLog(path)
    fill(log, 3)
    log.close()
    before = path.read_bytes()
    reader = SqliteLog(path, append=False)
    with pytest.raises(LogError, match="readonly"):
        reader.append("k4", b"x", AT)
    with pytest.raises(LogError, match="readonly"):
        reader.erase(1)
    assert 3 == len(list(checked(reader)))
    reader.close()
    assert before == path.read_bytes()


# Files that are not what they should be


def test_an_empty_file_is_no_new_log(path):
    """Somebody or something cut it: to begin a new log there would forget every raise."""
    SqliteLog(path).close()
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(
            LogBroken, match=r"log\.db is empty; restore a backup; or delete the file, if the server is new"
        ):
            SqliteLog(path)
        assert b"" == path.read_bytes()
    path.unlink()
    SqliteLog(path).close()


@pytest.mark.parametrize("append", [True, False])
@pytest.mark.parametrize("how", ["empty", "missing"])
def test_a_wal_without_its_file_is_left_as_it_is(log, path, tmp_path, append, how):
    """SQLite would delete it, with every entry since the last checkpoint, even to read."""
    fill(log, 3)
    other, wal = tmp_path / "copy" / "log.db", tmp_path / "copy" / "log.db-wal"
    other.parent.mkdir()
    wal.write_bytes(path.with_name("log.db-wal").read_bytes())
    if how == "empty":
        other.touch()
    before = wal.read_bytes()
    assert b"body 3" in before
    with pytest.raises(
        LogBroken, match=rf"log\.db is {how}, and there is a WAL beside it; move .* aside together"
    ):
        SqliteLog(other, append=append)
    assert before == wal.read_bytes()


def test_a_reader_does_not_make_a_log(path):
    """A mistyped --data is an error, not an empty country."""
    with pytest.raises(ConfigError, match=r"there is no log at .*; check --data"):
        SqliteLog(path, append=False)
    assert not path.exists()
    path.touch()
    with pytest.raises(ConfigError, match="is empty"):
        SqliteLog(path, append=False)
    assert b"" == path.read_bytes()


def test_realms_never_meet_in_one_file(path):
    """An exercise cannot be appended to the actual log, and the log says which realm it is of."""
    SqliteLog(path).close()
    with pytest.raises(ConfigError, match="is of realm actual, not exercise; give each realm its own file"):
        SqliteLog(path, realm=Realm.EXERCISE)
    reader = SqliteLog(path, realm=Realm.EXERCISE, append=False)
    assert Realm.ACTUAL == reader.realm
    reader.close()


def test_another_format_is_left_to_its_own_version(path):
    SqliteLog(path).close()
    with apsw.Connection(str(path)) as db:
        db.execute("update log set format = 2")
    db.close()
    for append in (True, False):
        with pytest.raises(ConfigError, match="has format 2, this version reads 1"):
            SqliteLog(path, append=append)


@pytest.mark.parametrize("append", [True, False])
def test_a_database_of_somebody_else_is_not_touched(path, append):
    """Not even its journal mode."""
    db = apsw.Connection(str(path))
    db.execute("create table log (format, epoch, realm)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="is no log of tocsin"):
        SqliteLog(path, append=append)
    assert before == path.read_bytes()


@pytest.mark.parametrize("append", [True, False])
@pytest.mark.parametrize("content", [b"oblast,raion\n", b"\0" * 8192, b"SQLite format 3\0" * 999])
def test_a_file_that_is_no_database_is_kept_as_it_is(path, append, content):
    path.write_bytes(content)
    with pytest.raises(LogBroken, match="damaged"):
        SqliteLog(path, append=append)
    assert content == path.read_bytes()


def test_a_log_that_does_not_say_which_it_is_is_broken(path):
    """Without epoch and realm, nothing in it means anything."""
    SqliteLog(path).close()
    for change, why in (("update log set realm = 'actuel'", "realm"), ("delete from log", "which log")):
        db = apsw.Connection(str(path))
        db.execute(change)
        db.close()
        with pytest.raises(LogBroken, match=why):
            SqliteLog(path, append=False)


def test_a_path_that_cannot_be_one_says_what_to_check(tmp_path):
    """A file where the folder should be, a folder where the file should be."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for wrong in (tmp_path / "file" / "log.db", tmp_path / "folder"):
        with pytest.raises(LogError, match="; check the"):
            SqliteLog(wrong)


# What somebody did to the file


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("update entry set body = x'00' where seq = 3", 3),
        ("update entry set at = at + 1 where seq = 3", 3),
        ("update entry set key = 'k99' where seq = 3", 3),
        ("update entry set salt = null where seq = 3", 3),
        ("delete from entry where seq = 3", 3),
        ("delete from entry where seq >= 3", 3),
        ("delete from entry", 1),
        ("update log set origin = '00000000'", 1),
        ("update sqlite_sequence set seq = 9", 6),
        ("update sqlite_sequence set seq = 4", 6),
        ("delete from sqlite_sequence", 6),
        ("update entry set seq = seq + 1 where seq = 5", 5),
        (
            "update entry set seq = -seq where seq in (2, 3); update entry set seq = 5 + seq where seq < 0;"
            " update entry set seq = 5 - seq where seq in (-1, 0)",
            2,
        ),
    ],
)
def test_a_change_in_the_file_is_found(path, change, seq):
    """By SQL, by whoever can write the file: `checked` names the place."""
    log = SqliteLog(path)
    fill(log, 5)
    log.close()
    db = apsw.Connection(str(path))
    db.execute(change)
    db.close()
    for append in (False, True):
        log = SqliteLog(path, append=append)
        with pytest.raises(LogBroken) as caught:
            list(checked(log))
        assert caught.value.values["seq"] == seq
        log.close()


def test_a_flipped_byte_is_found_or_harmless(tmp_path, path):
    """Wherever a bit falls over, the entries are the same, or the error is one that says what to do."""
    log = SqliteLog(path)
    fill(log, 30)
    log.erase(7)
    entries = list(log.read())
    log.close()
    good = path.read_bytes()
    broken = 0
    for place in range(0, len(good), 17):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x81]) + good[place + 1 :])
        try:
            assert entries == everything(path), place
        except (LogBroken, ConfigError):  # another error would be a bug
            broken += 1
    assert broken > 200  # of 1,687


def test_a_length_that_cannot_be_is_damage_and_not_a_disk_that_refuses(path):
    """A size in a row's head that fell over can ask for gigabytes: then it is the file that is at fault.

    One flip in some hundred thousand does it; here SQLite is told that less than we write is too much.
    """
    log = SqliteLog(path)
    log.append("long", b"x" * 5_000, AT)
    log._db.limit(apsw.SQLITE_LIMIT_LENGTH, 1_000)
    with pytest.raises(LogBroken, match="too big"):
        list(log.read())
    log.close()


def test_a_flipped_byte_in_the_words_names_their_entry(path):
    log = SqliteLog(path)
    fill(log, 30)
    log.close()
    good = path.read_bytes()
    assert 1 == good.count(b"body 17")
    path.write_bytes(good.replace(b"body 17", b"body 71"))
    log = SqliteLog(path)
    with pytest.raises(LogBroken, match="entry 17: its body is not the one that was appended; stop, keep"):
        list(checked(log))
    log.close()


def test_a_file_that_was_cut_is_not_read_as_a_shorter_one(path):
    """Half a file is broken, wherever it was cut."""
    log = SqliteLog(path)
    fill(log, 300)
    log.close()
    good = path.read_bytes()
    for size in range(4096, len(good), 4096):
        path.write_bytes(good[:size])
        with pytest.raises(LogBroken):
            everything(path)


def everything(path):
    reader = SqliteLog(path, append=False)
    try:
        return list(checked(reader))
    finally:
        reader.close()


# Erasing


@pytest.mark.parametrize("length", [1, 40, 900])
def test_erased_words_are_not_in_the_file(log, path, length):
    """Neither in the pages, nor in copies that split pages left behind, nor in the WAL."""
    for number in range(1, 301):
        log.append(f"k{number}", f"<words {number}>".encode() * (length if number % 7 else 1), AT)
    gone = range(1, 301, 3)
    for seq in gone:
        log.erase(seq)
    left = bytes_on_disk(path)
    assert [] == [seq for seq in gone if f"<words {seq}>".encode() in left]
    assert all(f"<words {seq}>".encode() in left for seq in range(2, 301, 3))
    assert 300 == len(list(checked(log)))


def test_words_that_a_reader_holds_in_the_wal_are_not_called_gone(log, path):
    """The entry is erased, its words are still on the disk, and the error says so until they are not."""
    log.append("k1", b"the words", AT)
    log._db.set_busy_timeout(50)
    reader = SqliteLog(path, append=False)
    reading = reader.read()
    next(reading)
    with pytest.raises(LogError, match=r"still holds its words.*erase it again"):
        log.erase(1)
    assert None is log.find("k1").body
    assert b"the words" in bytes_on_disk(path)
    assert [] == list(reading)  # it has ended
    log.erase(1)
    assert b"the words" not in bytes_on_disk(path)
    reader.close()


# Batches


def test_a_batch_that_sqlite_undid_takes_nothing_more(log):
    """A full disk undoes the whole transaction: what came after would stand behind a gap."""
    fill(log, 1)

    def undone():
        with log.batch():
            fill(log, 2)
            log._db.execute("rollback")  # as SQLite does when the disk is full
            with pytest.raises(LogError, match="append all of it again"):
                log.append("after", b"x", AT)

    with pytest.raises(LogError, match="nothing of it is kept"):
        undone()
    assert log.append("after", b"x", AT) == (2, True)
    assert 2 == len(list(checked(log)))
