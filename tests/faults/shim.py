"""Faults that strike the n-th write or sync of a running server: tools/faults/shim.c, built and steered.

The shim and this module map one control file, so a fault begins and ends while the server runs.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
from enum import IntEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tools" / "faults" / "shim.c"
FOR_EVER = 2**63
_FIELDS = struct.Struct("=QQQQQiii")  # count, from, until, hits, first_ns, action, error, kinds


class Action(IntEnum):
    """What happens at a call that is struck."""

    NOTHING = 0
    KILL = 1  # SIGKILL before the call
    TEAR = 2  # half of the bytes are written, then SIGKILL
    FAIL = 3  # the call fails with an errno


def cannot_build() -> str | None:
    """Return why there can be no shim here, or None."""
    if os.uname().sysname != "Linux":
        return "the fault shim needs Linux"
    return None if shutil.which("cc") else "no C compiler (cc) to build tools/faults/shim.c"


def build(folder: Path) -> Path:
    """Compile the shim into a folder and return its path."""
    path = folder / "shim.so"
    if not path.exists():
        words = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(path), str(SOURCE), "-ldl"]
        subprocess.run(words, check=True, capture_output=True)
    return path


class Calls(IntEnum):
    """Which calls are counted and struck."""

    ALL = 0
    WRITES = 1
    SYNCS = 2


class Shim:
    """One control file, and the environment of the process that it strikes.

    Args:
        library: The shim, built.
        prefix: Files whose path begins so are struck: ``DATA/log.`` is the log, its WAL and its checkpoint.
        calls: Which of their calls.
        trace: Gets a line for each call, also for one that is not struck.
    """

    def __init__(
        self, library: Path, prefix: str, *, calls: Calls = Calls.ALL, trace: Path | None = None
    ) -> None:
        handle, self._path = tempfile.mkstemp(prefix="faults-")
        os.ftruncate(handle, 4096)
        self._map = mmap.mmap(handle, 4096)
        os.close(handle)
        self._calls = calls
        self.reset()
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAULTS_CONTROL": self._path,
            "FAULTS_PREFIX": prefix,
            **({"FAULTS_TRACE": str(trace)} if trace else {}),
        }

    def close(self) -> None:
        """Forget the control file."""
        self._map.close()
        os.unlink(self._path)

    def reset(self) -> None:
        """Count from nought, and strike nothing.  For a process that is not begun yet."""
        self._map[: _FIELDS.size] = _FIELDS.pack(0, 0, 0, 0, 0, 0, 0, self._calls)

    @property
    def count(self) -> int:
        """How many writes and syncs were counted since `reset`."""
        return int(self._read()[0])

    @property
    def hits(self) -> int:
        """How many calls the present fault has struck."""
        return int(self._read()[3])

    @property
    def struck_at(self) -> float:
        """When the present fault first struck, in monotonic seconds; 0 if it did not."""
        return float(self._read()[4]) / 1e9

    def strike(self, number: int, action: Action, error: int = 0, *, calls: int = 1) -> None:
        """Strike the call of a number, counted from `reset`, and those behind it.

        Args:
            number: The first call, from 1.
            action: What happens to it.
            error: The errno, for `Action.FAIL`.
            calls: How many are struck in a row.
        """
        self.lift()
        struct.pack_into("=QQQii", self._map, 16, number + calls - 1, 0, 0, action, error)
        struct.pack_into("=Q", self._map, 8, number)  # last: from here on it strikes

    def strike_next(self, number: int, action: Action, error: int = 0, *, calls: int = 1) -> None:
        """Strike the n-th call from now on."""
        self.strike(self.count + number, action, error, calls=calls)

    def lift(self) -> None:
        """End the fault."""
        struct.pack_into("=Q", self._map, 8, 0)

    def wait_for_a_hit(self, within_s: float) -> bool:
        """Return whether the fault struck in time."""
        end = time.monotonic() + within_s
        while not self.hits and time.monotonic() < end:
            time.sleep(0.002)
        return self.hits > 0

    def _read(self) -> tuple[int, ...]:
        return _FIELDS.unpack_from(self._map, 0)
