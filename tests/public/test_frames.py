"""What the public is told, in bytes: a clear that nobody vouches for is never written as clear."""

import json
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

from tocsin.countries import load
from tocsin.model import Alert, Level, Realm, State
from tocsin.public import frames
from tocsin.warn.told import Status, Told

UA = load("ua").areas
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
KYIV, PART, BESIDE = "UA80", "UA1208", "UA1210"


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def moment(notice=None, **fresh):
    """Return noon, with sources that vouch for so many seconds."""
    until = {name: at(seconds) for name, seconds in fresh.items()}
    return frames.Moment("0123abcd", 7, Realm.ACTUAL, NOON, until, notice)


def told(*alerts):
    public = Told(UA)
    for alert in alerts:
        public.hear(alert)
    return public


def alert(state, *areas, threat="air", sources=("feed",), **more):
    return Alert(Realm.ACTUAL, areas or (KYIV,), threat, state, at(-60), (3,), sources, **more)


def shown(status, when):
    return frames.status_json(status, when)


# One status


def test_a_clear_that_is_vouched_for_says_until_when():
    """The longest of its sources counts: one that can be heard is enough."""
    clear = Status(State.CLEAR, at(-60), ("one", "two"))
    assert shown(clear, moment(one=5, two=15)) == {
        "state": "clear",
        "since": "2024-01-02T11:59:00Z",
        "fresh_until": "2024-01-02T12:00:15Z",
        "sources": ["one", "two"],
    }


@pytest.mark.parametrize("fresh", [{}, {"other": 15}, {"feed": 0}, {"feed": -1}], ids=str)
def test_a_clear_that_nobody_vouches_for_is_unknown(fresh):
    """Even if the log does not say so yet; and no source is named for it."""
    said = shown(Status(State.CLEAR, at(-60), ("feed",)), moment(**fresh))
    assert (said["state"], said["sources"]) == ("unknown", [])
    assert "clear" not in json.dumps(said)


@pytest.mark.parametrize("state", [State.RAISED, State.PARTLY])
def test_a_raise_stays_raised_when_nobody_confirms_it(state):
    """Silence ends no raise, and its sources are still named."""
    said = shown(Status(state, at(-60), ("feed",), level=Level.RED), moment())
    assert (said["state"], said["sources"], said["level"]) == (str(state), ["feed"], "red")


def test_what_is_not_covered_says_nothing_else():
    """No time and no source: nobody is contracted to speak of it."""
    assert shown(Status(State.NOT_COVERED), moment(feed=15)) == {"state": "not_covered"}


@given(
    st.sampled_from(list(State)), st.lists(st.sampled_from(["a", "b"]), unique=True),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(-20, 15)),
)  # fmt: skip
def test_clear_is_written_only_while_one_of_its_sources_vouches(state, sources, fresh):
    """For every state, every set of sources and every freshness."""
    said = shown(Status(state, at(-60), tuple(sources)), moment(**fresh))
    vouched = any(fresh.get(source, 0) > 0 for source in sources)
    assert (said["state"] == "clear") == (state is State.CLEAR and vouched)
    if state in (State.RAISED, State.PARTLY):
        assert said["state"] == str(state)


# An area, a board


def test_an_area_is_as_bad_as_the_worst_of_its_threats():
    """A clear of the air is no clear of the rest; what nobody covers does not count."""
    public = told(alert(State.CLEAR), alert(State.UNKNOWN, threat="chemical", sources=()))
    assert frames.area_json(public, KYIV, moment(feed=15))["state"] == "unknown"
    public.hear(alert(State.CLEAR, threat="chemical"))
    assert frames.area_json(public, KYIV, moment(feed=15))["state"] == "clear"
    assert frames.area_json(public, KYIV, moment(feed=0))["state"] == "unknown"
    public.hear(alert(State.RAISED, threat="flood"))
    assert frames.area_json(public, KYIV, moment(feed=15))["state"] == "raised"


def test_an_area_of_which_nothing_was_said_is_unknown():
    """No threat is covered: nobody can speak for it."""
    area = frames.area_json(told(), KYIV, moment(feed=15))
    assert area["state"] == "unknown"
    assert {entry["state"] for entry in area["threats"].values()} == {"not_covered"}


def test_finer_areas_are_shown_while_they_differ():
    """And then with every threat, so that nobody has to look further up."""
    public = told(
        alert(State.CLEAR, "UA12", threat="air"),
        alert(State.CLEAR, "UA12", threat="artillery"),
        alert(State.PARTLY, "UA12"),
        alert(State.RAISED, PART),
    )
    board = frames.board_json(public, UA, moment(feed=15))["areas"]
    assert set(board) == {*UA.board, PART}
    assert board[PART]["state"] == "raised"
    states = {threat: entry["state"] for threat, entry in board[PART]["threats"].items()}
    assert (states["air"], states["artillery"], states["nuclear"]) == ("raised", "clear", "not_covered")
    public.hear(alert(State.CLEAR, "UA12", PART))
    assert set(frames.board_json(public, UA, moment(feed=15))["areas"]) == set(UA.board)


def test_a_wish_cuts_the_board():
    """Only what was asked for."""
    public = told(alert(State.PARTLY, "UA12"), alert(State.RAISED, PART), alert(State.UNKNOWN, BESIDE))
    wish = frozenset(["UA12", PART])
    assert set(frames.board_json(public, UA, moment(), wish)["areas"]) == {"UA12", PART}


def test_a_notice_stands_in_every_frame():
    """Of an exercise or a replay no frame goes out without it."""
    public, when = told(alert(State.RAISED)), moment("exercise, no present danger")
    one = alert(State.RAISED)
    for frame in (frames.board_json(public, UA, when), frames.beat_json(when), frames.alert_json(one, when)):
        assert frame["notice"] == "exercise, no present danger"
    assert b"\n! exercise, no present danger\n" in frames.board_text(public, UA, when)


def test_an_alert_names_its_areas_its_cause_and_whether_it_is_late():
    """The first area is the one that it is about; late is said only where it is so."""
    said = frames.alert_json(alert(State.RAISED, PART, BESIDE, late=True, text="Go"), moment(feed=15))
    assert (said["area"], said["areas"], said["because"]) == (PART, [PART, BESIDE], [3])
    assert (said["late"], said["text"], said["seq"]) == (True, "Go", 7)
    assert "late" not in frames.alert_json(alert(State.RAISED), moment())
    error = frames.alert_json(alert(State.UNKNOWN, cancelled=True), moment())
    assert (error["state"], error["cancelled"]) == ("unknown", True)
    aside = frames.alert_json(alert(State.UNKNOWN, set_aside=True), moment())
    assert (aside["state"], aside["set_aside"]) == ("unknown", True)


# Bytes


@given(st.text(max_size=60))
def test_no_text_can_break_out_of_its_event(text):
    """A text with line breaks, from whoever wrote it, stays one line of one event."""
    one = alert(State.RAISED, text=text or "x")
    event = frames.event_of(9, one, moment(feed=15))
    lines = event.sse.decode().split("\n")
    assert lines[0] == "id: 0123abcd-9" and lines[1] == "event: alert"
    assert lines[2].startswith("data: ") and lines[3:] == ["", ""]
    assert "\r" not in event.sse.decode()
    assert json.loads(lines[2].removeprefix("data: "))["text"] == (text or "x")


@pytest.mark.parametrize("size", [0, 60, 66, 67, 125, 126, 65_000, 65_535, 66_000, 200_000])
def test_a_websocket_client_reads_what_we_write(size):
    """Over every length at which the form of a frame changes."""
    written = frames.websocket("alert", json.dumps("x" * size).encode(), "0123abcd-9")
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), max_size=None)
    client.state = type(client.state).OPEN
    client.reader.feed_data(written)
    client.parser = client.parse()
    next(client.parser)
    (frame,) = client.events_received()
    assert isinstance(frame, Frame) and frame.fin
    assert json.loads(frame.data) == {"event": "alert", "id": "0123abcd-9", "data": "x" * size}


def test_an_event_without_a_place_has_no_id():
    """A reset is nowhere in the log: nobody resumes from it."""
    stream, socket = frames.both("reset", {"why": "x"}, None)
    assert stream == b'event: reset\ndata: {"why":"x"}\n\n'
    assert json.loads(socket[2:]) == {"event": "reset", "data": {"why": "x"}}


# The text


def test_the_text_vouches_no_longer_than_the_first_clear_to_go():
    """Whole seconds, rounded down.  One clear that ran out ends it for all: a 304 renews them."""
    public = told(alert(State.CLEAR), alert(State.CLEAR, "UA32", sources=("other",)))
    for fresh, seconds in (
        ({"feed": 15, "other": 4}, "4"),
        ({"feed": 9}, "0"),
        ({}, "0"),
        ({"feed": -3}, "0"),
    ):
        text = frames.board_text(public, UA, moment(**fresh)).decode()
        assert text.split("\n")[0] == f"tocsin 1 actual 0123abcd-7 2024-01-02T12:00:00Z {seconds}"
        assert text.count(" clear") == sum(left > 0 for left in fresh.values())


def test_the_text_says_when_to_ask_again_where_nothing_is_clear():
    for public in (told(), told(alert(State.RAISED))):
        assert frames.board_text(public, UA, moment(feed=4)).decode().split("\n")[0].endswith("Z 15")


def test_a_clear_line_is_written_by_the_same_rule():
    """What nobody vouches for is unknown here too."""
    public = told(alert(State.CLEAR))
    assert b"\nUA80 clear\n" in frames.board_text(public, UA, moment(feed=15))
    assert b"\nUA80 unknown\n" in frames.board_text(public, UA, moment())


def test_where_the_text_would_be_too_long_the_parts_are_left_out_whole():
    """At most 16 KiB, every area of the board in it, the full stop at its end."""
    hromadas = tuple(area.id for area in UA if area.level == "hromada")
    parents = tuple(dict.fromkeys(above for area in hromadas for above in UA.chain(area)[1:]))
    public = told(alert(State.PARTLY, *parents), alert(State.RAISED, *hromadas, level=Level.RED))
    text = frames.board_text(public, UA, moment(feed=15))
    assert len(text) <= frames.TEXT_LIMIT
    lines = text.decode("ascii").splitlines()
    assert lines[-1] == "." and len(lines) == 2 + len(UA.board)
    assert b"UA12 partly air 2024-01-02T11:59:00Z" in text
