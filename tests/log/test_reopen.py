"""After a failed append or sync the log begins anew with what is really on the disk, or says why not."""

import json
import subprocess
import sys

import apsw
import pytest

from tocsin.errors import LogBroken, LogError
from tocsin.log import Link, checked, to_us
from tocsin.log.chain import digest, link
from tocsin.log.sqlite import SqliteLog, held
from tocsin.testing.logs import AT, fill

# From a word on, every sync that this process asks for fails, as on a disk that is about to die.
WITHOUT_SYNC = """
import ctypes, errno, json, platform, struct, sys
from pathlib import Path
from tocsin.errors import LogError
from tocsin.log.sqlite import SqliteLog
from tocsin.testing.logs import AT

CALLS = {"x86_64": (74, 75), "aarch64": (82, 83)}.get(platform.machine())  # fsync, fdatasync


def no_more_syncs():
    load, is_it, give = 0x20, 0x15, 0x06  # the words of a seccomp filter
    fails, allowed = 0x50000 | errno.EIO, 0x7FFF0000
    steps = [(load, 0, 0, 0), (is_it, 1, 0, CALLS[0]), (is_it, 0, 1, CALLS[1]), (give, 0, 0, fails),
             (give, 0, 0, allowed)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        print("null")
        sys.exit()


log = SqliteLog(Path(sys.argv[1]))
for number in range(5):
    log.append(f"k{number}", b"acknowledged", AT)
if CALLS is None:
    print("null")
    sys.exit()
no_more_syncs()
errors = []
for doing in (lambda: log.append("k5", b"not acknowledged", AT), log.reopen, log.reopen,
              lambda: log.append("k5", b"not acknowledged", AT)):
    try:
        doing()
        errors.append(None)
    except LogError as error:
        errors.append(str(error))
print(json.dumps(errors))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "log.db"


@pytest.fixture
def log(path):
    log = SqliteLog(path)
    yield log
    log.close()


def test_nothing_is_acknowledged_that_could_not_be_synced(path):
    """The append says so, and so does every later one until the disk syncs again; nothing is lost by it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SYNC, str(path)], capture_output=True, text=True, check=True
    )
    errors = json.loads(done.stdout)
    if errors is None:
        pytest.skip("this machine lets nobody make a sync fail")
    assert [True] * 4 == ["check the" in (error or "") for error in errors], errors
    log = SqliteLog(path)
    keys = [entry.key for entry in checked(log)]
    assert ["k0", "k1", "k2", "k3", "k4"] == keys[:5]
    assert keys[5:] in ([], ["k5"])  # what failed may be there after all
    log.close()


def test_what_the_disk_made_of_it_counts_not_what_we_remember(log, path):
    """Another connection's append stands for a batch that was said to have failed, and was kept after all."""
    fill(log, 2)
    db = apsw.Connection(str(path))
    salt, body = bytes(16), b"body 3"
    body_digest = digest(salt, body)
    hashed = link(log.head.hash, 3, to_us(AT), "k3", body_digest)
    db.execute(
        "insert into entry values (3, ?, 'k3', ?, ?, ?, ?)", (to_us(AT), salt, body, body_digest, hashed)
    )
    db.close()
    log.reopen()
    assert log.head == Link(3, hashed)
    assert log.append("k3", b"body 3", AT) == (3, False)
    assert log.append("k4", b"x", AT) == (4, True)
    assert 4 == len(list(checked(log)))


@pytest.mark.parametrize(
    "change", ["delete from entry where seq = 3", "update entry set hash = x'00' where seq = 3"]
)
def test_what_was_acknowledged_and_is_gone_is_told(log, path, change):
    """Whoever goes on would append behind a gap, and the public has heard what the log does not know."""
    fill(log, 3)
    db = apsw.Connection(str(path))
    db.execute(change)
    db.close()
    with pytest.raises(LogBroken, match="entry 3 was acknowledged and is not there any more; keep the file"):
        log.reopen()


def test_another_log_in_its_place_is_no_log_to_go_on_with(log, path, tmp_path):
    """Nor is none: the right to append is kept, and nothing is made anew."""
    other = SqliteLog(tmp_path / "other.db")
    other.close()
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    with pytest.raises(LogError, match="cannot open the log again"):
        log.reopen()
    assert not path.exists()
    (tmp_path / "other.db").rename(path)
    with pytest.raises(LogBroken, match="is another log than before"):
        log.reopen()
    assert held(path)


def test_until_it_was_opened_again_it_says_so(log, path):
    """Every use is refused, by an error that a person can act on; as soon as the disk is back it goes on."""
    fill(log, 2)
    folder = path.parent.rename(path.parent.with_name("unplugged"))
    with pytest.raises(LogError, match="cannot open the log again"):
        log.reopen()
    for use in (lambda: log.append("k3", b"x", AT), lambda: list(log.read()), lambda: fill_in_batch(log)):
        with pytest.raises(LogError, match="check the disk"):
            use()
    folder.rename(path.parent)
    log.reopen()
    assert (2, [1, 2]) == (log.head.seq, [entry.seq for entry in checked(log)])
    fill_in_batch(log)
    assert 3 == len(list(checked(log)))


def fill_in_batch(log):
    with log.batch():
        fill(log, 1)


def test_a_reader_can_begin_anew_too(log, path):
    reader = SqliteLog(path, append=False)
    fill(log, 2)
    reader.reopen()
    assert log.head == reader.head
    assert held(path)
    with pytest.raises(LogError, match="readonly"):
        reader.append("k3", b"x", AT)
    reader.close()
