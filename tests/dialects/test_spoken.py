"""Answers are kept while they hold, and the time of the last change never names two states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.dialects import Reply
from tocsin.dialects.alerts_in_ua import AlertsInUa
from tocsin.dialects.mirrors import SirensInUa, Ubilling
from tocsin.dialects.sight import Sight
from tocsin.dialects.spoken import Spoken, base_of
from tocsin.errors import ConfigError
from tocsin.model import Realm, SourceId, State
from tocsin.public import frames
from tocsin.testing.dialects import AIR, AT, FEED, Moment, World, land
from tocsin.warn.told import Status, Told

ACTIVE = "/v1/alerts/active.json"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def modified(world):
    """Return when the answer was last modified, as its headers say."""
    return parsedate_to_datetime(world.ask_dated(ACTIVE)[1])


def test_two_changes_in_one_second_are_told_apart():
    """Times in HTTP have whole seconds: who saw the first change must not be told *not modified*."""
    world = World(AlertsInUa())
    seen = [modified(world)]
    for state in (State.RAISED, State.CLEAR):
        world.tell(state, "UA80")
        seen.append(modified(world))
    assert seen == sorted(set(seen))
    assert seen[-1] - AT <= timedelta(seconds=8)


def test_a_time_that_runs_far_ahead_names_no_state():
    """After a restart it could be the time of another state; such an answer is asked for anew."""
    world = World(AlertsInUa())
    seen = []
    for count in range(12):
        world.tell(State.RAISED if count % 2 else State.CLEAR, "UA80")
        seen.append(modified(world))
    assert NEVER in seen
    real = [one for one in seen if one != NEVER]
    assert real == sorted(set(real)) and max(real) <= AT + timedelta(seconds=8)


def test_a_restart_takes_up_no_time_that_was_given_before():
    """However many changes the process before it saw last, and though it lived for 4 s only."""
    for lived_s in (4, 5, 7, 10, 60):
        before, after = World(AlertsInUa()), World(AlertsInUa())
        for world in (before, after):
            world.moment = world.moment._replace(fresh={FEED: AT + timedelta(hours=1)})
        given_ = [modified(before)]
        before.pass_time(lived_s)
        for count in range(40):
            before.tell(State.RAISED if count % 2 else State.CLEAR, "UA80")
            given_.append(modified(before))
        after.pass_time(lived_s)
        assert modified(after) > max(given_), lived_s


def test_the_time_stays_while_nothing_changes():
    """A poll is then answered with 304."""
    world = World(AlertsInUa())
    first = modified(world)
    world.pass_time(5)
    assert modified(world) == first


def test_a_source_that_falls_silent_changes_the_answer():
    """Nothing was said, and yet what was kept no longer holds."""
    world = World(AlertsInUa())
    assert world.ask(ACTIVE).status == 200
    world.pass_time(15)
    assert world.ask(ACTIVE).status == 503


def test_an_answer_that_says_how_old_it_is_is_made_each_second():
    """`cachedat` of ubilling is the present; the other answers are kept."""
    world = World(Ubilling())
    first = world.ask("/aerialalerts/")
    world.pass_time(0.5)
    assert world.ask("/aerialalerts/") is first
    world.pass_time(0.5)
    assert world.ask("/aerialalerts/") != first


def test_doubled_slashes_count_as_one():
    """Some clients join their address and their path with one too many."""
    world = World(SirensInUa())
    assert world.ask("//api//v1/") is world.ask("/api/v1/")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/iot/active_air_raid_alerts/1/2.json", "/api/v1/x", "/V1/"])
def test_other_paths_are_nobodys(path):
    """The door goes on to say that there is nothing."""
    assert World(AlertsInUa()).ask(path).status == 404


def test_two_dialects_at_one_path_are_refused():
    """It would be chance which of them answers."""
    with pytest.raises(ConfigError, match=r"/v1/alerts/active\.json"):
        Spoken([AlertsInUa(), AlertsInUa()], land(), Realm.ACTUAL, lambda reply, modified: reply)


def test_ever_new_questions_do_not_fill_the_memory():
    """What is kept has a limit, and the answers stay right."""
    world = World(AlertsInUa())
    for number in range(6_000):
        world.ask(f"/v1/iot/active_air_raid_alerts/{number}.json")
    assert len(world.spoken._kept) <= 5_000
    assert world.ask("/v1/iot/active_air_raid_alerts/31.json").body == b'"N"'


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"host": "alerts.example"}, "http://alerts.example"),
        ({"host": "alerts.example:8410", "x-forwarded-proto": "https"}, "https://alerts.example:8410"),
        ({"host": "[::1]:8410"}, "http://[::1]:8410"),
        ({"host": '"><script>'}, ""),
        ({"host": "a b"}, ""),
        ({}, ""),
    ],
)
def test_links_lead_to_where_it_was_asked(headers, base):
    """A name that is no host name is not repeated."""
    assert base_of(headers) == base


STATES = st.sampled_from([State.RAISED, State.PARTLY, State.CLEAR, State.UNKNOWN, State.NOT_COVERED])
SOURCES = st.lists(st.sampled_from(["feed", "other", "gone"]), max_size=3, unique=True)
SECONDS = st.integers(min_value=-20, max_value=20)


@given(state=STATES, sources=SOURCES, feed=SECONDS, other=SECONDS)
def test_a_sight_is_what_the_public_door_shows(state, sources, feed, other):
    """One rule for both: a clear that nobody vouches for at this moment is unknown."""
    told = Told(land().areas)
    told.tell(AIR, ["UA80"], Status(state, AT, tuple(map(SourceId, sources))))
    fresh = {FEED: AT + timedelta(seconds=feed), SourceId("other"): AT + timedelta(seconds=other)}
    sight = Sight(told, land(), Moment(fresh=fresh), AT)
    moment = frames.Moment("e", 1, Realm.ACTUAL, AT, fresh, None)
    for area in ("UA80", "UA32"):
        shown = frames.status_json(told.status(area, AIR), moment)["state"]
        assert shown == sight.status(area, AIR).state


def test_a_reply_is_finished_once():
    """What the door makes of it is kept, so that a poll costs a look-up."""
    made = []

    def finish(reply, modified):
        made.append(reply)
        return reply

    spoken = Spoken([SirensInUa()], land(), Realm.ACTUAL, finish)
    told = Told(land().areas)
    replies = [spoken.answer("/api/v1/", {}, {}, told, Moment()) for _ in range(50)]
    assert len(made) == 1 and isinstance(replies[0], Reply)
