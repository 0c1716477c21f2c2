"""A damaged WAL is never read as a shorter one, and one that a crash tore opens without complaint.

Every WAL here was made by SQLite in a process that was killed, so that it stayed on the disk.
"""

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.errors import LogBroken, LogError
from tocsin.log import checked
from tocsin.log.sqlite import SqliteLog
from tocsin.log.wal import Damage, find_damage

PAGE = 4096
FRAME = 24 + PAGE
SECTOR = 512

# b5: a batch of 5.  s3: three entries, one by one.  full: all goes into the file, and the WAL is begun anew.
WRITER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tocsin.log.sqlite import SqliteLog

log = SqliteLog(Path(sys.argv[1]))


def append(count):
    for _ in range(count):
        log.append(f"{sys.argv[2]}/{log.head.seq}", b"words" * 30, datetime.now(UTC))


for word in sys.argv[3:]:
    if word == "full":
        log._db.execute("pragma wal_checkpoint").get
    elif word[0] == "b":
        with log.batch():
            append(int(word[1:]))
    else:
        append(int(word[1:]))
os.kill(os.getpid(), signal.SIGKILL)
"""


class Killed:
    """A folder in which a process appended and was killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.wal = folder, folder / "log.db", folder / "log.db-wal"

    def write(self, *words, name="k"):
        """Append in another process, and kill it."""
        self.folder.mkdir(exist_ok=True)
        done = subprocess.run([sys.executable, "-c", WRITER, str(self.path), name, *words], check=False)
        assert done.returncode == -signal.SIGKILL
        return self

    def copy(self, name):
        """Return a copy in a folder beside this one."""
        target = self.folder.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        return Killed(Path(shutil.copytree(self.folder, target)))

    def entries(self):
        """Return the keys that a server finds when it starts, on a copy."""
        log = SqliteLog(self.copy("opened").path)
        try:
            return [entry.key for entry in checked(log)]
        finally:
            log.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A WAL of ten transactions, the last of them a batch."""
    return Killed(tmp_path_factory.mktemp("made") / "log").write("s8", "b4", "b5")


@pytest.fixture(scope="module")
def anew(tmp_path_factory):
    """A WAL that was begun anew: behind its own transactions stand those of before."""
    return Killed(tmp_path_factory.mktemp("anew") / "log").write("s20", "b9", "full", "s3", "b2")


def last_begins(wal):
    """Return at which byte the last transaction of a WAL begins: behind the last commit but one."""
    salts = wal[16:24]
    commits = [
        at + FRAME
        for at in range(32, len(wal) - FRAME + 1, FRAME)
        if wal[at + 8 : at + 16] == salts and wal[at + 4 : at + 8] != bytes(4)
    ]
    return commits[-2], commits[-1]


def flipped(wal, at):
    return wal[:at] + bytes([wal[at] ^ 0x10]) + wal[at + 1 :]


@pytest.mark.parametrize("which", ["made", "anew"])
def test_a_flipped_bit_before_the_last_transaction_is_found(which, request, tmp_path):
    """In the header, in a frame's header, in a page: entries that were acknowledged stand behind it."""
    made = request.getfixturevalue(which)
    good, one = made.wal.read_bytes(), made.copy(f"{which}-flipped")
    last, end = last_begins(good)
    places = [
        *range(32),
        *(at + n for at in range(32, last, FRAME) for n in range(24)),
        *range(60, last, 797),
    ]
    missed = []
    for at in places:
        one.wal.write_bytes(flipped(good, at))
        if find_damage(one.path) is None:
            missed.append(at)
    assert [] == missed
    one.wal.write_bytes(flipped(good, 32 + FRAME + 100))
    assert find_damage(one.path) == Damage(frame=2, later=one_behind_a_commit(good))
    for at in range(end, len(good), 999):  # what a WAL that was begun anew has behind its end
        one.wal.write_bytes(flipped(good, at))
        assert None is find_damage(one.path)


def one_behind_a_commit(wal):
    """Return the number of the first frame from the fourth on that stands behind a commit."""
    frames = range((len(wal) - 32) // FRAME)
    commits = [n + 1 for n in frames if wal[32 + n * FRAME + 4 : 32 + n * FRAME + 8] != bytes(4)]
    return next(number for number in commits if number >= 3) + 1


@pytest.mark.parametrize("append", [True, False])
def test_a_log_with_a_damaged_wal_is_refused_and_left_as_it_is(made, tmp_path, append):
    """Reading it would drop the entries as surely as writing; both files stay for whoever can mend them."""
    one = made.copy(f"refused-{append}")
    bad = flipped(made.wal.read_bytes(), 32 + FRAME + 100)
    one.wal.write_bytes(bad)
    before = one.path.read_bytes()
    for _ in range(2):
        with pytest.raises(LogBroken, match=r"log\.db-wal is damaged at frame 2,.*; move .* aside together"):
            SqliteLog(one.path, append=append)
        assert (bad, before) == (one.wal.read_bytes(), one.path.read_bytes())


def test_without_this_the_entries_would_be_gone(made):
    """What SQLite itself makes of it: a shorter log, and not a word."""
    one = made.copy("shortened")
    one.wal.write_bytes(flipped(made.wal.read_bytes(), last_begins(made.wal.read_bytes())[0] - 100))
    assert 17 == len(made.entries())
    code = "import apsw, sys; print(apsw.Connection(sys.argv[1]).execute('select count(*) from entry').get)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(one.path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 17


@pytest.mark.parametrize("which", ["made", "anew"])
def test_a_wal_that_was_cut_is_a_torn_one(which, request):
    """Wherever it ends, and whatever a file system put where it had not written yet: zeros."""
    made = request.getfixturevalue(which)
    good, one = made.wal.read_bytes(), made.copy(f"{which}-cut")
    last, end = last_begins(good)
    for size in [*range(100), *range(100, len(good), 1_331), *range(32, len(good), FRAME)]:
        one.wal.write_bytes(good[:size])
        assert None is find_damage(one.path), size
    for size in range(last, end, 631):
        one.wal.write_bytes(good[:size] + bytes(end - size) + good[end:])
        assert None is find_damage(one.path), size


def torn(new, old, chance):
    """Return a WAL of which some sectors of the last transaction, few or many, are as they were before."""
    begin, end = last_begins(new)
    sectors = range(begin // SECTOR * SECTOR, end, SECTOR)
    mixed = bytearray(new)
    for at in chance.sample(sectors, chance.choice([1, 1, 2, 3, len(sectors) // 3])):
        mixed[at : at + SECTOR] = old[at : at + SECTOR]
    return bytes(new[:begin] + mixed[begin:end] + new[end:])


@pytest.mark.parametrize("which", ["made", "anew"])
def test_a_torn_last_transaction_opens_without_complaint(which, request):
    """A power cut leaves any of its sectors unwritten: it is there as a whole or not at all."""
    made = request.getfixturevalue(which)
    good, one, chance = made.wal.read_bytes(), made.copy(f"{which}-torn"), random.Random(20240102)
    whole, last = made.entries(), 5 if which == "made" else 2
    for number in range(60):
        old = bytes(len(good)) if number % 2 else chance.randbytes(len(good))
        one.wal.write_bytes(torn(good, old, chance))
        assert None is find_damage(one.path)
        if number < 6:
            assert one.entries() in (whole, whole[:-last])


def test_a_tear_that_leaves_older_frames_is_a_tear(tmp_path):
    """In a WAL that was begun anew, what is not written yet is a frame of before, commits and all."""
    before = Killed(tmp_path / "log").write("s20", "b40", "full", "s3")
    old = before.wal.read_bytes()
    before.write("b30")
    new = before.wal.read_bytes()
    assert len(old) == len(new)
    chance, one = random.Random(20240102), before.copy("torn")
    for _ in range(100):
        one.wal.write_bytes(torn(new, old, chance))
        assert None is find_damage(one.path)


def test_a_header_that_is_half_old_is_a_tear(tmp_path):
    """Frame 42 lies so that a sector ends behind its mark of a commit: the mark can be an older frame's."""
    one = Killed(tmp_path / "log").write("s3", "b600")
    good, begin = one.wal.read_bytes(), 32 + 41 * FRAME
    assert (begin + 8) % SECTOR == 0
    assert last_begins(good)[0] < begin < len(good) - 2 * FRAME
    older = (9).to_bytes(4) + (30).to_bytes(4)  # page 9, and a commit of 30 pages
    one.wal.write_bytes(good[: begin + 8 - SECTOR] + bytes(SECTOR - 8) + older + good[begin + 8 :])
    assert None is find_damage(one.path)


def test_the_remains_of_what_could_not_be_synced_are_no_damage(tmp_path):
    """Three batches fail at the same place, each shorter; a fourth is written over them and acknowledged."""
    begun = Killed(tmp_path / "log").write("s3")
    tries = [begun.copy(f"try{count}").write(f"b{count}", name=f"try{count}") for count in (120, 60, 30, 1)]
    wals = [one.wal.read_bytes() for one in tries]
    assert sorted(map(len, wals), reverse=True) == list(map(len, wals))
    assert len({wal[16:24] for wal in wals}) == 1  # one WAL, as the tries had one
    mixed = b""
    for wal in reversed(wals):
        mixed += wal[len(mixed) :]
    last = tries[-1]
    last.wal.write_bytes(mixed)
    assert None is find_damage(last.path)
    assert ["k/0", "k/1", "k/2", "try1/3"] == last.entries()


def test_a_header_that_was_torn_when_nothing_was_to_be_lost_is_no_damage(tmp_path):
    """All that stands behind it is in the file already: the log opens, and every entry is there."""
    one = Killed(tmp_path / "log").write("s20", "full")
    whole = one.entries()
    good = one.wal.read_bytes()
    for at in range(32):
        one.wal.write_bytes(flipped(good, at))
        assert None is find_damage(one.path)
    assert whole == one.entries()
    one.wal.write_bytes(flipped(good, 32 + FRAME + 100))  # here older pages would hide newer ones
    assert None is not find_damage(one.path)


def test_a_lost_first_sector_is_found(made):
    """The header and the beginning of the first frame are zeros, and the rest is there."""
    one = made.copy("sector")
    good = made.wal.read_bytes()
    one.wal.write_bytes(bytes(SECTOR) + good[SECTOR:])
    assert find_damage(one.path).frame == 0


def test_without_a_wal_there_is_nothing_to_find(tmp_path):
    """After a clean end, in an empty one, and beside what is no database."""
    path = tmp_path / "log.db"
    SqliteLog(path).close()
    assert None is find_damage(path)
    for db, wal in ((path.read_bytes(), b""), (b"oblast,raion\n" * 99, random.Random(1).randbytes(99_999))):
        path.write_bytes(db)
        path.with_name("log.db-wal").write_bytes(wal)
        assert None is find_damage(path)


def test_words_of_a_killed_process_are_synced_before_they_count(made, tmp_path):
    """Where the disk refuses that, the log does not open: what is appended behind them counts on them."""
    one = made.copy("unsynced")
    code = """
import os, sys
from pathlib import Path
from tocsin.errors import LogError
from tocsin.log.sqlite import SqliteLog
synced = []
sync = os.fsync
os.fsync = lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")) or sync(handle)
SqliteLog(Path(sys.argv[1])).close()
print(*synced)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(one.path)], capture_output=True, text=True, check=True
    )
    assert str(one.wal) in done.stdout


def test_a_wal_that_cannot_be_read_says_what_to_check(made):
    one = made.copy("folder")
    one.wal.unlink()
    one.wal.mkdir()
    with pytest.raises(LogError, match=r"cannot look at .*; check the folder's owner"):
        SqliteLog(one.path)
