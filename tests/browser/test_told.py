"""The page's own memory of what was told (`told.js`), run in the browser without a page around it."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, Server
from tocsin.countries import load
from tocsin.model import THREATS, Alert, AreaId, Realm, SourceId, State
from tocsin.public.frames import Moment, alert_json, area_json, board_json
from tocsin.warn.told import Told
from tocsin.wire import stamp

AREAS = load("ua").areas
AT = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
FEED, OTHER = SourceId("feed"), SourceId("other")
SOME = ("UA32", "UA3206", "UA3208", "UA46", "UA4606", "UA80")  # areas that lie in one another, and not
STATES = (State.RAISED, State.PARTLY, State.UNKNOWN, State.CLEAR, State.NOT_COVERED)

_RUN = """async ([frames, asked, areas, board, at]) => {
    const { Told } = await import("/static/told.js");
    let now = 0;
    const told = new Told(areas, board, () => now);
    const taken = [];
    for (const [kind, frame, received] of frames) {
        now = received;
        if (kind === "connected") { told.connected(); continue; }
        taken.push(told.take(kind, frame, received));
    }
    now = at ?? now;
    return [asked.map((area) => told.judge(area).state), taken];
}"""


@pytest.fixture
def run(server: Server, open_page: Open):
    """Give frames to `told.js` and return what it says of some areas then."""
    page: Page = open_page(server.at("/text"))
    names = {one: [one, AREAS[one].parent] for area in SOME for one in AREAS.chain(AreaId(area))}

    def done(frames: list[Any], asked: Any = SOME, at: float | None = None) -> Any:
        return page.evaluate(_RUN, [frames, list(asked), names, list(AREAS.board), at])

    return done


def moment(seconds: float = 0, seq: int = 1, epoch: str = "e", fresh_s: float = 15) -> Moment:
    """Return a moment so many seconds after the beginning, at which the feed vouches for a while."""
    as_of = AT + timedelta(seconds=seconds)
    return Moment(epoch, seq, Realm.ACTUAL, as_of, {FEED: as_of + timedelta(seconds=fresh_s)}, None)


def alert(state: State, *areas: str, threat: int = 0, sources: tuple[SourceId, ...] = (FEED,)) -> Alert:
    """Return an alert."""
    return Alert(
        realm=Realm.ACTUAL,
        areas=tuple(map(AreaId, areas)),
        threat=THREATS[threat],
        state=state,
        since=AT,
        because=(),
        sources=sources,
    )


def snapshot(at: Moment, *alerts: Alert) -> dict[str, Any]:
    """Return the frame of a board on which these alerts were said."""
    told = Told(AREAS)
    for one in alerts:
        told.hear(one)
    return board_json(told, AREAS, at)


def beat(at: Moment) -> dict[str, Any]:
    """Return the frame of a beat."""
    return {**at.frame(), "fresh": {str(name): stamp(until) for name, until in at.fresh.items()}}


def test_it_merges_alerts_as_the_server_does(run: Any):
    """For any alerts, in any areas that lie in one another: both sides tell every area the same."""
    chance = random.Random(7)
    for _ in range(60):
        told, frames = Told(AREAS), [["snapshot", snapshot(moment()), 0]]
        for seq in range(2, 14):
            areas = chance.sample(SOME, chance.randint(1, 3))
            said = alert(chance.choice(STATES), *areas, threat=chance.randint(0, 1))
            told.hear(said)
            frames.append(["alert", alert_json(said, moment(seq=seq)), 0])
        states, _ = run(frames)
        assert states == [area_json(told, AreaId(area), moment())["state"] for area in SOME]


def test_a_clear_lasts_as_long_after_its_receipt_as_its_source_vouches(run: Any):
    """Fifteen seconds of the reader's own steady clock, however wrong the time of day is there."""
    frames = [
        ["snapshot", snapshot(moment(), alert(State.CLEAR, "UA80")), 50_000],
        ["beat", beat(moment()), 50_000],
    ]
    assert [run(frames, ["UA80"], at)[0][0] for at in (50_000, 61_000, 62_500, 90_000)] == [
        "clear", "clear", "unknown", "unknown",
    ]  # fmt: skip
    brief = [["snapshot", snapshot(moment(fresh_s=4), alert(State.CLEAR, "UA80")), 0]]
    assert [run(brief, ["UA80"], at)[0][0] for at in (3_900, 4_100)] == ["clear", "unknown"]


def test_a_raise_outlives_its_source(run: Any):
    """Silence is no all clear."""
    frames = [["snapshot", snapshot(moment(), alert(State.RAISED, "UA80")), 0]]
    assert run(frames, ["UA80"], 3_600_000)[0] == ["raised"]


def test_an_old_alert_sent_to_catch_up_vouches_for_nothing(run: Any):
    """Whoever comes back after an hour hears the clear of an hour ago; no one vouches for it now."""
    clear = alert_json(alert(State.CLEAR, "UA80"), moment(10, seq=2))
    frames = [
        ["snapshot", snapshot(moment(), alert(State.RAISED, "UA80")), 0],
        ["beat", beat(moment(3_600, fresh_s=0)), 3_600_000],
        ["connected", None, 3_600_001],
        ["alert", clear, 3_600_001],
    ]
    assert run(frames, ["UA80"])[0] == ["unknown"]


def test_the_next_beat_knows_better_than_an_alert(run: Any):
    """An alert vouches for its own clear until a beat comes, and not against that beat."""
    clear = alert_json(alert(State.CLEAR, "UA80", sources=(OTHER,)), moment(1, seq=2)._replace(
        fresh={OTHER: AT + timedelta(seconds=16)}))  # fmt: skip
    frames = [["snapshot", snapshot(moment(), alert(State.RAISED, "UA80")), 0], ["alert", clear, 1_000]]
    assert run(frames, ["UA80"])[0] == ["clear"]
    assert run([*frames, ["beat", beat(moment(2, seq=2)), 2_000]], ["UA80"])[0] == ["unknown"]


def test_a_frame_that_was_held_up_on_its_way_counts_from_when_it_left(run: Any):
    """A line that stores beats for 30 s and brings them all at once makes nothing fresh."""
    frames = [
        ["snapshot", snapshot(moment(), alert(State.CLEAR, "UA80")), 0],
        ["beat", beat(moment(5)), 35_000],
    ]
    assert run(frames, ["UA80"])[0] == ["unknown"]


def test_a_frame_of_another_log_is_refused(run: Any):
    """Its places mean nothing here: the page asks anew."""
    frames = [
        ["snapshot", snapshot(moment(), alert(State.CLEAR, "UA80")), 0],
        ["beat", beat(moment(1, epoch="other")), 1_000],
    ]
    assert run(frames, ["UA80"])[1] == [True, False]


def test_a_state_that_it_does_not_know_is_unknown(run: Any):
    """A later server may have more states; none of them is clear here."""
    frame = snapshot(moment(), alert(State.CLEAR, "UA80"))
    frame["areas"]["UA80"]["threats"]["air"]["state"] = "calm"
    assert run([["snapshot", frame, 0]], ["UA80"])[0] == ["unknown"]
