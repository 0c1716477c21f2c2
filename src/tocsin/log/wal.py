"""Whether a WAL was damaged, or only ends where a crash tore it.

SQLite takes a WAL up to the first frame that does not fit and drops the rest
without a word.  That is right when a crash tore the last transaction.  It is
wrong when a bit fell over in the middle: acknowledged entries would be gone.

With ``synchronous = FULL`` a transaction is begun only when the one before is
on the disk.  So a crash tears the last one and no other, and:

    A WAL is damaged when behind the first frame that does not fit there is a
    commit, and behind that commit a frame that goes on from it.

To go on from a frame is to have a checksum that begins with that frame's.  It
is what tells a later transaction from the remains of one that could not be
synced: those go on from frames that were overwritten, and none of them goes on
from a commit.

The edge: damage to the very last transaction looks like a torn one.  Nothing in
the WAL can tell them apart, and it is not found here.

Source:
    https://sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from struct import Struct as Packed
from typing import BinaryIO, Literal, NamedTuple

_HEAD = Packed(">IIII4s4sII")  # all numbers but the summed words are big-endian
_FRAME = Packed(">II4s4sII")
_SECTOR = 512  # bytes; the least that a disk writes as a whole
_VERSION = 3_007_000
_PAGE_BYTES = [1 << bits for bits in range(9, 17)]

Order = Literal["little", "big"]
Sums = tuple[int, int]


class Damage(NamedTuple):
    """What was found: counted from 1, the header is 0."""

    frame: int  # the first that does not fit
    later: int  # one that was written after what stands behind the damage had been acknowledged


class _Layout(NamedTuple):
    """What must be known to read the frames."""

    page_bytes: int
    salts: tuple[bytes, bytes]
    order: Order
    sums: Sums  # from which the first frame goes on
    sound: bool  # whether the header says all this itself


class _Frame(NamedTuple):
    number: int
    page: int
    commits: bool
    salts: tuple[bytes, bytes]
    fits: bool  # it is of this WAL, and goes on from the frame before
    data: bytes

    def in_one_sector(self) -> bool:
        """Return whether its header was written as a whole or not at all."""
        begin = _HEAD.size + (self.number - 1) * (_FRAME.size + len(self.data))
        return begin // _SECTOR == (begin + _FRAME.size - 1) // _SECTOR


def find_damage(database: Path) -> Damage | None:
    """Return where the WAL beside a database is damaged.  Changes nothing.

    To be called when nobody writes, and before SQLite sees the file: opening it drops what is behind
    the damage.

    Raises:
        OSError: One of the two files cannot be read.
    """
    try:
        wal = database.with_name(database.name + "-wal").open("rb")
    except FileNotFoundError:
        return None
    with wal, database.open("rb") as db:
        layout = _layout(wal, db)
        damage = layout and _in_frames(wal, layout)
        if damage and layout and not layout.sound and _is_all_in(db, wal, layout):
            # A header that a crash tore when a used up WAL was begun anew: nothing would be lost.
            return None
    return damage


def _in_frames(wal: BinaryIO, layout: _Layout) -> Damage | None:
    first = None if layout.sound else 0
    before: _Frame | None = None
    for frame in _frames(wal, layout):
        if first is None:
            first = None if frame.fits else frame.number
        elif frame.fits and before and before.commits:
            # A commit that does not fit itself counts too, unless its header may be half of an older
            # frame's: what goes on from it proves its checksum, not its mark.
            if before.fits or before.in_one_sector():
                return Damage(first, frame.number)
        before = frame
    return None


def _is_all_in(db: BinaryIO, wal: BinaryIO, layout: _Layout) -> bool:
    """Return whether every page stands in the database as the last commit in the WAL left it."""
    newest: dict[int, bytes] = {}
    since: dict[int, bytes] = {}
    for frame in _frames(wal, layout):
        if frame.salts != layout.salts:
            continue
        since[frame.page] = frame.data
        if frame.commits:
            newest |= since
            since = {}
    for page, data in newest.items():
        db.seek((page - 1) * layout.page_bytes)
        if db.read(layout.page_bytes) != data:
            return False
    return True


def _layout(wal: BinaryIO, db: BinaryIO) -> _Layout | None:
    """Return what the header says; where it is damaged, what the frames and the database say."""
    head = wal.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, version, page_bytes, _, *salts, sum1, sum2 = _HEAD.unpack(head)
    order: Order = "big" if magic & 1 else "little"
    if magic & ~1 == 0x377F0682 and version == _VERSION and _sums((0, 0), head[:24], order) == (sum1, sum2):
        return _Layout(page_bytes, (salts[0], salts[1]), order, (sum1, sum2), sound=True)
    db.seek(16)
    page_bytes = int.from_bytes(db.read(2))
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    if page_bytes not in _PAGE_BYTES:
        return None  # SQLite itself will call this no database
    wal.seek(_HEAD.size + _FRAME.size + page_bytes)  # the second frame: the first shares the header's sector
    second = wal.read(_FRAME.size)
    if len(second) < _FRAME.size:
        return None
    _, _, salt1, salt2, _, _ = _FRAME.unpack(second)
    return _Layout(page_bytes, (salt1, salt2), sys.byteorder, (sum1, sum2), sound=False)


def _frames(wal: BinaryIO, layout: _Layout) -> Iterator[_Frame]:
    """Yield all whole frames, one page in memory at a time."""
    wal.seek(_HEAD.size)
    number, before = 0, [layout.sums]
    while len(block := wal.read(_FRAME.size + layout.page_bytes)) == _FRAME.size + layout.page_bytes:
        number += 1
        page, pages_after, salt1, salt2, *sums = _FRAME.unpack_from(block)
        data, stored, salts = block[_FRAME.size :], (sums[0], sums[1]), (salt1, salt2)
        computed = []
        if salts == layout.salts:
            computed = [_sums(_sums(one, block[:8], layout.order), data, layout.order) for one in before]
        fits = page > 0 and stored in computed
        yield _Frame(number, page, pages_after > 0, salts, fits, data)
        # Where the stored checksum itself is damaged, the next frame goes on from the true one.
        before = [stored] if fits else [stored, *computed[:1]]


def _sums(before: Sums, data: bytes, order: Order) -> Sums:
    """Return SQLite's checksum of a multiple of 8 bytes, going on from another."""
    words = array("I", data)
    if order != sys.byteorder:
        words.byteswap()
    one, two = before
    pairs = iter(words)
    for even, odd in zip(pairs, pairs, strict=True):
        one = (one + even + two) & 0xFFFF_FFFF
        two = (two + odd + one) & 0xFFFF_FFFF
    return one, two
