"""What the log acknowledged is there, whatever ends the process and whatever the disk does."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tocsin.log import checked
from tocsin.log.sqlite import SqliteLog

ROUNDS = 10

# Batches of three and single entries in turn; a line is printed only when they are durable.
APPENDER = """
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tocsin.log.sqlite import SqliteLog

log = SqliteLog(Path(sys.argv[1]))
for number in count(log.head.seq):
    if number % 2:
        place = log.append(f"{sys.argv[2]}/{number}", b"single" * 20, datetime.now(UTC)).seq
    else:
        with log.batch():
            for part in range(3):
                place = log.append(f"{sys.argv[2]}/{number}/{part}", b"batch", datetime.now(UTC)).seq
    print(place, flush=True)
"""

# Files may grow to so many bytes; the signal for too large a file is ignored, so that a write fails instead.
ON_A_FULL_DISK = """
import json, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tocsin.errors import LogError
from tocsin.log import checked
from tocsin.log.sqlite import SqliteLog

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = SqliteLog(Path(sys.argv[1]))
size, group = int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def append(begin):
    with log.batch():
        for number in range(begin, begin + group):
            place = log.append(f"k{number}", bytes(1_000), datetime.now(UTC)).seq
    return place


acknowledged, errors, begin = 0, [], 0
while len(errors) < 3:  # it goes on trying, as a server does
    try:
        acknowledged = append(begin)
        begin += group
    except LogError as error:
        errors.append(str(error))
        assert log.head.seq == acknowledged, (log.head, acknowledged)
        if sys.argv[4] == "anew":
            log.reopen()
            assert log.head.seq == acknowledged, (log.head, acknowledged)
while_full = len(list(checked(log)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
later = append(begin)
print(json.dumps([acknowledged, errors, while_full, later, group]))
"""


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path):
    """Every place that was printed is there, no batch is there by half, the chain holds, and it goes on."""
    path = tmp_path / "log.db"
    chance = random.Random(20240102)
    last = 0
    for number in range(ROUNDS):
        words = [sys.executable, "-c", APPENDER, str(path), f"round{number}"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            printed = [int(child.stdout.readline())]  # it has begun
            time.sleep(chance.uniform(0, 0.15))
            os.kill(child.pid, signal.SIGKILL)
            printed += [int(line) for line in child.stdout if line.endswith("\n")]
        log = SqliteLog(path)
        entries = list(checked(log))
        log.close()
        assert printed[0] > last
        last = len(entries)
        assert last >= printed[-1]
        assert set(printed) <= {entry.seq for entry in entries}
        batches = [e.key.rpartition("/") for e in entries if e.body == b"batch"]
        assert ["0", "1", "2"] * (len(batches) // 3) == [part for _, _, part in batches]
    assert last > 50


@pytest.mark.parametrize("how", ["on", "anew"])
@pytest.mark.parametrize("size", [60_000, 150_001, 4_300_000])
def test_a_full_disk_is_told_and_takes_nothing_back(tmp_path, size, how):
    """The error says what to do; the log goes on where it was as soon as there is room, reopened or not.

    The limit is met in the WAL (60,000 bytes) and, behind a checkpoint, in the file (4,300,000).
    """
    for group in (1, 7):
        path = tmp_path / f"{group}" / "log.db"
        words = [sys.executable, "-c", ON_A_FULL_DISK, str(path), str(size), str(group), how]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        acknowledged, errors, while_full, later, _ = json.loads(done.stdout)
        assert acknowledged > 0
        assert while_full == acknowledged
        assert all("disk" in error and "; " in error for error in errors), errors
        log = SqliteLog(path)
        assert acknowledged + group == later == len(list(checked(log)))
        log.close()
