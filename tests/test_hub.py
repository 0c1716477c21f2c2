"""The hub: whoever comes back is told all that was missed, or is told that nobody can prove it."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tocsin.countries import load
from tocsin.errors import UnknownArea
from tocsin.hub import Event, Hub, Reset, wish_for
from tocsin.model import AreaId

UA = load("ua").areas
EPOCH = "0a1b2c3d"


def event(seq, *areas):
    return Event(seq, frozenset(map(AreaId, areas or ("UA80",))), b"sse", b"ws")


def seqs(events):
    return [one.seq for one in events]


def hub(*places, head=None, limit=100, floor=0):
    """Return a hub that holds alerts at some places."""
    made = Hub(EPOCH, 0, limit)
    made.load([], floor)
    made.add(map(event, places), head or max(places, default=0))
    return made


def resumed(made, cursor):
    """Return the places that somebody with a cursor is told, or None for a reset."""
    place = made.resume(cursor)
    return None if isinstance(place, Reset) else seqs(made.behind(place))


def test_who_was_away_is_told_what_was_missed():
    """Exactly what stands behind the cursor, also where the cursor's place was no alert."""
    made = hub(2, 5, 9, head=12)
    told = {place: resumed(made, f"{EPOCH}-{place}") for place in (0, 1, 2, 4, 5, 8, 9, 12)}
    assert told == {0: [2, 5, 9], 1: [2, 5, 9], 2: [5, 9], 4: [5, 9], 5: [9], 8: [9], 9: [], 12: []}


@pytest.mark.parametrize(
    "cursor",
    ["", "-", EPOCH, f"{EPOCH}-", "-5", "5", f"{EPOCH}-x", f"{EPOCH}-5x", f"{EPOCH}-5.0", f"{EPOCH}-0x5",
     f"{EPOCH} 5", f"{EPOCH}-٥", f"{EPOCH}-²", f"{EPOCH}-+5", f"{EPOCH}-1_0", f"{EPOCH}- 5", f"{EPOCH}--5",
     f"{EPOCH}-" + "9" * 19, f"{EPOCH}-" + "9" * 5000, "\0", "null", f"{EPOCH}-5\n\ndata: x"],
)  # fmt: skip
def test_a_garbled_cursor_is_a_reset(cursor):
    """Nobody goes on from a place that cannot be read."""
    why = hub(2, 5, 9).resume(cursor)
    assert isinstance(why, Reset)
    assert why.why.startswith("the cursor ")


@pytest.mark.parametrize("epoch", ["ffffffff", EPOCH.upper(), EPOCH[:-1], EPOCH + "0", "x-" + EPOCH])
def test_a_cursor_of_another_log_is_a_reset(epoch):
    """After a restore the same place means something else."""
    assert Reset("the cursor is of another log") == hub(2, 5, 9).resume(f"{epoch}-5")


def test_a_cursor_ahead_of_the_log_is_a_reset():
    """What the subscriber saw there is gone: it cannot be the same log."""
    made = hub(2, 5, 9, head=12)
    assert 12 == made.resume(f"{EPOCH}-12")
    assert Reset("the cursor is ahead of the log") == made.resume(f"{EPOCH}-13")


def test_a_cursor_from_before_the_floor_is_a_reset():
    """Alerts behind it may be missing here; from the floor on none is."""
    made = hub(52, 55, head=60, floor=50)
    assert Reset("the cursor is older than what is kept to resume from") == made.resume(f"{EPOCH}-49")
    assert [52, 55] == resumed(made, f"{EPOCH}-50")


def test_a_new_hub_resumes_nobody_from_before_it_began():
    """Until the alerts of before the restart are loaded."""
    made = Hub(EPOCH, 7, 10)
    assert isinstance(made.resume(f"{EPOCH}-6"), Reset)
    assert [] == resumed(made, f"{EPOCH}-7")
    made.load([event(3), event(6)], 2)
    assert [6] == resumed(made, f"{EPOCH}-3")
    assert isinstance(made.resume(f"{EPOCH}-1"), Reset)


@pytest.mark.parametrize("floor", [5, 25, 80])
@pytest.mark.parametrize("count", range(1, 8))
def test_what_a_restart_does_not_keep_cannot_be_resumed_from(count, floor):
    """More alerts than the hub keeps: who missed one that was dropped gets a reset, never a gap."""
    made = Hub(EPOCH, 80, limit=3)
    said = [10 * number for number in range(1, count + 1)]
    made.load([event(seq) for seq in said], floor)
    for place in range(81):
        behind = [seq for seq in said if seq > place]
        told = resumed(made, f"{EPOCH}-{place}")
        assert told == (behind if place >= floor and len(behind) <= 3 else None)


def test_the_head_moves_where_nothing_was_said():
    """A signal that changes nothing is a place too: whoever is up to date stays so."""
    made = hub(2)
    made.add([], 8)
    assert (8, []) == (made.resume(f"{EPOCH}-8"), resumed(made, f"{EPOCH}-3"))


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 4), max_size=6), max_size=40),
    st.integers(1, 5),
)
def test_a_cut_loses_nothing_that_can_be_resumed_from(groups, limit):
    """At any time, for every cursor: all that was said behind it, or a reset; and the newest are kept."""
    made = Hub(EPOCH, 0, limit)
    said: list[int] = []
    for group in groups:
        more: list[int] = []
        for step in group:
            more.append((more or said or [0])[-1] + step)
        said += more
        head = max(made.head, *said, 0) + 1 if said else 0
        made.add(map(event, more), head)
        for place in range(head + 2):
            told = resumed(made, f"{EPOCH}-{place}")
            assert told in (None, [one for one in said if one > place])
            may_be_forgotten = len([one for one in said if one > place]) > limit
            assert (told is None) <= (may_be_forgotten or place > head)
        assert len(made.behind(0)) <= 2 * limit


# Wishes


def test_a_wish_hears_what_lies_around_and_in_it():
    """Who lives in a raion of Kyiv oblast hears of the oblast, the country and the raion's hromadas."""
    wish = wish_for(UA, [AreaId("UA3210")])
    assert frozenset([*UA.chain(AreaId("UA3210")), *UA.below(AreaId("UA3210"))]) == wish
    assert frozenset(["UA", "UA32", "UA3210"]) < frozenset(wish or ())
    made = Hub(EPOCH, 0, 10)
    places = ["UA", "UA32", "UA3210", UA.below(AreaId("UA3210"))[0], "UA80", "UA3208", "UA05"]
    made.add([event(n, area) for n, area in enumerate(places, 1)], 7)
    assert [1, 2, 3, 4] == seqs(made.behind(0, wish))
    assert [3, 4] == seqs(made.behind(2, wish))


def test_kyiv_oblast_is_not_told_about_kyiv():
    """UA32 and UA80 are neighbours; neither lies in the other."""
    wish = wish_for(UA, [AreaId("UA32")])
    assert wish is not None
    assert "UA80" not in wish
    assert set(UA.below(AreaId("UA32"))) < wish


def test_several_wishes_are_one():
    areas = [AreaId("UA32"), AreaId("UA80")]
    one, two = (wish_for(UA, [area]) for area in areas)
    assert one is not None
    assert two is not None
    assert one | two == wish_for(UA, areas)


def test_an_alert_of_many_areas_reaches_whoever_wants_one_of_them():
    made = Hub(EPOCH, 0, 10)
    made.add([event(1, "UA05", "UA32"), event(2, "UA05", "UA07")], 2)
    assert [1] == seqs(made.behind(0, wish_for(UA, [AreaId("UA32")])))
    assert [1, 2] == seqs(made.behind(0, None))


def test_the_whole_country_and_no_wish_are_told_everything():
    assert wish_for(UA, []) is None
    assert frozenset(area.id for area in UA) == wish_for(UA, [AreaId("UA")])


def test_an_unknown_area_is_told_at_once():
    """Whoever mistypes an area does not wait for alerts that never come."""
    for wrong in ("UA8", "ua80", "Kyiv", ""):
        with pytest.raises(UnknownArea):
            wish_for(UA, [AreaId("UA80"), AreaId(wrong)])
