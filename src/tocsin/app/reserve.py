"""A reserve of space on the log's disk: given up when the disk is full, so that raises still go in.

A raise with what is said because of it takes some 20 KiB of the write-ahead log
until that is used again, and 5 KiB in the end; 32 MiB hold more than a thousand.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

_log = logging.getLogger("tocsin")

SIZE = 32 * 1024 * 1024  # bytes
_ROOM = 4  # it is made again when this many times its size is free


class Reserve:
    """A file that only takes up room.

    Args:
        path: Where it lies: on the disk of the log.
        size: Bytes.
    """

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path = path
        self._size = size
        self.given_up = False

    def make(self) -> None:
        """Make it, where it is missing and there is plenty of room."""
        try:
            if self._path.exists() and self._path.stat().st_size >= self._size:
                self.given_up = False
                return
            if self.given_up and shutil.disk_usage(self._path.parent).free < _ROOM * self._size:
                return
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
                os.fsync(file.fileno())
            self.given_up = False
        except OSError as error:
            self._path.unlink(missing_ok=True)
            self.given_up = True
            _log.warning("no room for the reserve of %d MiB at %s: %s", self._size >> 20, self._path, error)

    def give_up(self) -> bool:
        """Free the room; return whether there was any left to free."""
        try:
            self._path.unlink()
        except OSError:
            return False
        self.given_up = True
        _log.critical("the disk is full: the reserve at %s is given up; free space now", self._path)
        return True
