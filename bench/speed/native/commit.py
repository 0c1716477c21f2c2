"""What the disk takes for one durable commit: for each line that is read, one row in a bare SQLite file.

    python commit.py FILE BYTES

It answers each line with the milliseconds from the insert to its being durable.
"""

from __future__ import annotations

import os
import sys
import time

import apsw


def main() -> None:
    """Commit a row for each line, until there is none."""
    path, size = sys.argv[1], int(sys.argv[2])
    bare = apsw.Connection(path)
    bare.execute("pragma journal_mode = wal")
    bare.execute("pragma synchronous = full")
    bare.execute("create table if not exists entry (seq integer primary key, body blob)")
    print("ready", flush=True)
    for _ in sys.stdin:
        row = os.urandom(size)
        begun = time.perf_counter()
        bare.execute("insert into entry (body) values (?)", (row,))
        print((time.perf_counter() - begun) * 1e3, flush=True)


if __name__ == "__main__":
    main()
