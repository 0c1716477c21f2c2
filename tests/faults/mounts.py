"""Small filesystems of our own, inside a mount namespace of our own: when the process ends, all are gone."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APART = ["unshare", "--mount", "--net", "--propagation", "private", "--"]
INSIDE = "FAULTS_INSIDE"  # set in the environment of whoever runs apart
_SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN, of ext4 and xfs alike
_NO_LOG_FLUSH = 2  # what is not on the disk stays off it: a power cut
SMALL_BLOCKS = "ext4 of 1 KiB blocks"  # what mkfs makes of less than 512 MB; a page is four of them
_MKFS = {
    "ext4": ["mkfs.ext4", "-q", "-b", "4096"],
    SMALL_BLOCKS: ["mkfs.ext4", "-q", "-b", "1024"],
    "xfs": ["mkfs.xfs", "-q"],
}
_MEGABYTES = {
    "ext4": 192,
    SMALL_BLOCKS: 192,
    "xfs": 320,
}  # room for the log and its reserve; mkfs.xfs makes none smaller


def cannot_be_apart() -> str | None:
    """Return why this process may not have namespaces of its own, or None."""
    if not shutil.which("unshare"):
        return "no unshare(1) here"
    done = subprocess.run([*APART, "true"], capture_output=True, text=True, check=False)
    return f"no namespaces of our own: {done.stderr.strip()}" if done.returncode else None


def cannot_make(kind: str) -> str | None:
    """Return why there can be no filesystem of a kind here, or None."""
    if INSIDE not in os.environ:
        return cannot_be_apart() or "not in a mount namespace of its own"
    if kind == "tmpfs":
        return None
    if not shutil.which(_MKFS[kind][0]):
        return f"no {_MKFS[kind][0]} here"
    if kind.split()[0] not in Path("/proc/filesystems").read_text(encoding="ascii"):
        return f"the kernel has no {kind}"
    return None if Path("/dev/loop-control").exists() else "no loop devices here"


class Disk:
    """A filesystem on a file.

    Args:
        home: Where the file and the mount point are made.
        kind: ``ext4``, ``xfs`` or `SMALL_BLOCKS`.
    """

    def __init__(self, home: Path, kind: str) -> None:
        self.at = home / "data"
        self._image = home / "image"
        self.at.mkdir(parents=True)
        with self._image.open("wb") as file:
            file.truncate(_MEGABYTES[kind] << 20)
        _run(*_MKFS[kind], str(self._image))
        self.mounted = False

    def __enter__(self) -> Disk:
        self.mount()
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            self.unmount()
        self._image.unlink()

    def mount(self) -> None:
        """Mount it, as after a boot: the filesystem's own journal is played."""
        _run("mount", "-o", "loop", str(self._image), str(self.at))
        self.mounted = True

    def unmount(self) -> None:
        """Unmount it; the loop device goes with it."""
        _unmount(self.at)
        self.mounted = False

    def cut_power(self) -> None:
        """Let nothing more reach the disk, from this instant on."""
        handle = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(handle)


@contextmanager
def tmpfs(at: Path, size: str) -> Iterator[None]:
    """Mount a filesystem of a size in memory while the block runs."""
    at.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at))
    try:
        yield
    finally:
        _unmount(at)


def _unmount(at: Path) -> None:
    end = time.monotonic() + 10
    while subprocess.run(["umount", str(at)], capture_output=True, check=False).returncode:
        if time.monotonic() > end:
            _run("umount", "--lazy", str(at))
            return
        time.sleep(0.02)  # the server that was killed lets go of its files


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
