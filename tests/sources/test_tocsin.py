"""What another tocsin says to us, and how its chain is checked."""

import json

import pytest

from tests.sources.formats import CLEAR, KNOWN, RAISED, UA, UNKNOWN, board
from tocsin.errors import SourceGarbled
from tocsin.model import Realm
from tocsin.sources.tocsin import Mirror, Tocsin, read_event
from tocsin.testing.sources import SourcePromises


class TestTocsin(SourcePromises):
    """The promises, and what is special here."""

    raises = board({"UA80": {"air": RAISED}, "UA46": {"air": CLEAR}})
    quiet = board({"UA80": {"air": CLEAR}, "UA46": {"air": UNKNOWN}})

    def make(self):
        """Return the format."""
        return Tocsin(Realm.ACTUAL, KNOWN, UA.root)

    def test_what_is_unknown_there_is_unknown_here(self):
        """Also a clear for which nobody vouches any more, and what nobody covers."""
        assert self.heard(self.quiet).unknown == (("UA46", "air"),)
        stale = board({"UA80": {"air": CLEAR}}, fresh="2024-01-02T03:59:59Z")
        assert self.heard(stale).unknown == (("UA80", "air"),)
        assert self.heard(board({"UA80": {"air": {"state": "not_covered"}}})).unknown == (("UA80", "air"),)

    def test_what_was_sent_in_error_is_no_clear(self):
        """It is cancelled, and unknown."""
        heard = self.heard(board({"UA80": {"air": {**UNKNOWN, "cancelled": True}}}))
        assert [(one.act, one.area) for one in heard.sayings] == [("cancelled", "UA80")]
        assert heard.unknown == (("UA80", "air"),)

    def test_another_realm_is_refused(self):
        """An exercise there is no danger here."""
        with pytest.raises(SourceGarbled, match="realm exercise"):
            self.heard(board({"UA80": {"air": RAISED}}, realm="exercise"))


def event(kind, **data):
    """Return an event of a stream."""
    return f"id: x\nevent: {kind}\ndata: {json.dumps(data)}".encode()


def begun():
    """Return a mirror of a board on which Kyiv is clear."""
    mirror = Mirror()
    assert mirror.hear(event("snapshot", **json.loads(board({"UA80": {"air": CLEAR}}))))
    return mirror


def test_alerts_are_merged_into_the_board():
    """And a beat renews until when its sources vouch."""
    mirror = begun()
    assert mirror.hear(event("alert", epoch="e1", seq=8, as_of="z", areas=["UA80"], threat="air", **RAISED))
    assert mirror.board["areas"]["UA80"]["threats"]["air"]["state"] == "raised"
    assert mirror.hear(event("beat", epoch="e1", seq=8, as_of="y", fresh={"feed": "f"}))
    assert (mirror.board["fresh"], mirror.board["as_of"], mirror.cursor) == ({"feed": "f"}, "y", "e1-8")


@pytest.mark.parametrize("head", [{"epoch": "e1", "seq": 6}, {"epoch": "e2", "seq": 8}])
def test_places_that_go_back_are_refused(head):
    """Or another log under the same stream: the board is forgotten and asked for anew."""
    mirror = begun()
    with pytest.raises(SourceGarbled):
        mirror.hear(event("alert", as_of="z", areas=["UA80"], threat="air", **head, **RAISED))
    assert mirror.cursor == ""


def test_a_reset_voids_the_board():
    """What comes before the next snapshot is merged into nothing."""
    mirror = begun()
    assert not mirror.hear(event("reset", epoch="e2", seq=1, why="x"))
    assert not mirror.hear(event("beat", epoch="e2", seq=1, as_of="z", fresh={}))


def test_an_event_is_read_as_the_standard_says():
    """With or without a blank, in several lines of data, with comments between."""
    assert read_event(b": hello\r\nevent:beat\r\ndata: {\r\ndata: }\r\n") == ("beat", b"{\n}")
