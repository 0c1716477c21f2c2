"""What every source keeps.

class TestSirens(SourcePromises):
    raises = b'...'   # a payload by which Kyiv (UA80) is raised for air
    quiet = b'...'    # a payload of the same source by which nothing is; None where there is no such thing

    def make(self):
        return Sirens(...)

The payloads are of our own making, in the source's format.
"""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime

import pytest

from tocsin.errors import SourceError
from tocsin.model import Act, AreaId, Threat
from tocsin.sources import Format, Heard, Payload

AT = datetime(2024, 1, 2, 4, 0, tzinfo=UTC)
KYIV, AIR = AreaId("UA80"), Threat("air")
GARBAGE = (
    b"", b"\n", b"\xef\xbb\xbf", b"null", b"[]", b"{}", b'""', b"<html><body>502 Bad Gateway</body></html>",
    b"\xff\xfe\x00", b"[" * 100_000, b'{"alerts":null}', b'{"states":[]}', b'{"error":"too many requests"}',
)  # fmt: skip


class SourcePromises:
    """The promises of a source's `decode`, as tests."""

    raises: bytes
    quiet: bytes | None = None
    empty: bytes | None = None  # of what looks like garbage, what the format says where nothing is raised
    text = False  # whether any text is a payload, of which most say nothing

    def make(self) -> Format:
        """Return the format, anew."""
        raise NotImplementedError

    def heard(self, body: bytes, at: datetime = AT) -> Heard:
        """Return what a payload says to somebody who has heard nothing yet."""
        return self.make().decode(Payload(body, at))

    def test_a_recorded_payload_decodes(self) -> None:
        """Kyiv is raised for air, by a time with a zone."""
        raised = [one for one in self.heard(self.raises).sayings if one.act is Act.RAISED]
        assert (KYIV, AIR) in [(one.area, one.threat) for one in raised]
        assert all(one.sent.utcoffset() is not None for one in raised)

    def test_keys_are_stable(self) -> None:
        """Decoded a second time, later, by another process: the same names, each once."""
        later = AT.replace(hour=5)
        names = [one.id for one in self.heard(self.raises).sayings]
        assert names == [one.id for one in self.heard(self.raises, later).sayings]
        assert len(set(names)) == len(names)
        assert all(0 < len(name) <= 200 and name.isascii() and " " not in name for name in names)

    def test_quiet_is_not_raised(self) -> None:
        """What says that nothing is raised raises nothing."""
        if self.quiet is not None:
            assert [] == [one for one in self.heard(self.quiet).sayings if one.act is Act.RAISED]

    @pytest.mark.parametrize("garbage", GARBAGE, ids=lambda one: repr(one[:20]))
    def test_garbage_is_refused(self, garbage: bytes) -> None:
        """It raises `SourceGarbled`, or says nothing at all; it is never a list that is empty."""
        if garbage != self.empty:
            self._says_nothing(garbage)

    def test_a_payload_that_was_cut_off_is_no_shorter_list(self) -> None:
        """Wherever it broke off: what is left does not clear anything."""
        for size in range(0, len(self.raises) - 1, max(1, len(self.raises) // 200)):
            self._clears_nothing(self.raises[:size])

    def test_a_payload_with_broken_bytes_clears_nothing(self) -> None:
        """Some hundred times with a byte changed: it raises an error of ours or still says raised."""
        chance = random.Random(7)
        for _ in range(300):
            body = bytearray(self.raises)
            body[chance.randrange(len(body))] = chance.randrange(256)
            self._survives(bytes(body))

    def _survives(self, body: bytes) -> None:
        with contextlib.suppress(SourceError):
            self.heard(body)

    def _says_nothing(self, body: bytes) -> None:
        try:
            heard = self.heard(body)
        except SourceError:
            return
        assert self.text, "only of a text may the answer be that it says nothing"
        assert (heard.sayings, heard.complete, heard.alive) == ((), False, False)

    def _clears_nothing(self, body: bytes) -> None:
        try:
            heard = self.heard(body)
        except SourceError:
            return
        assert not heard.complete
        assert not [one for one in heard.sayings if one.act is not Act.RAISED]
