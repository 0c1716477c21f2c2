"""The past: times are unions, ends say how they are known, and what stands for years is counted apart."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tocsin.countries import load
from tocsin.model import Act, Contact, Contract, Episode, Lapse, Realm, Signal
from tocsin.views.history import PACK, AreaPast, End, History, Peak, Span, peak, union

UA = load("ua").areas
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
KYIV, KYIV_OBLAST, DNIPRO_OBLAST = "UA80", "UA32", "UA12"
NIKOPOL_RAION = "UA1208"
HROMADA, OTHER_HROMADA = "UA1208001", "UA1208005"  # both lie in the raion above


def at(minutes):
    return NOON + timedelta(minutes=minutes)


class Past:
    """A history that is told things by the minute."""

    def __init__(self):
        self.history = History(UA)
        self._count = 0

    def episode(self, area, since, until, source="table", inferred=False, threat="air"):
        self.history.learn(
            at(600), Episode(Realm.ACTUAL, source, area, threat, at(since), at(until), inferred)
        )

    def signal(self, area, minute, state=Act.RAISED, source="feed", threat="air", **more):
        self._count += 1
        name = f"n{self._count}"
        signal = Signal(Realm.ACTUAL, source, name, area, threat, state, at(minute), **more)
        self.history.learn(at(minute), signal)

    def clear(self, area, minute, **more):
        self.signal(area, minute, Act.CLEAR, **more)

    def row(self, area, since=0, until=60, now=600, threat=None):
        """Return what a window was for one area."""
        (row,) = self.history.past(at(since), at(until), [area], now=at(now), threat=threat)
        return row

    def minutes(self, area, **window):
        return self.row(area, **window).seconds / 60

    def spans(self, area, **window):
        """Return the stretches in minutes after noon, and how each ended."""
        return [
            ((s.since - NOON).total_seconds() / 60, (s.until - NOON).total_seconds() / 60, str(s.end))
            for s in self.row(area, **window).spans
        ]


@pytest.fixture
def past():
    return Past()


def test_nothing_heard_is_no_time_under_alert(past):
    """A window of which nobody told anything has no seconds, no spans and no peak."""
    assert AreaPast(KYIV, 0, 0, 0, []) == past.row(KYIV)
    assert Peak(0, None, None) == peak([past.row(KYIV)])


def test_two_sources_of_one_alert_are_counted_once(past):
    """Times are unions: who was under alert for 30 minutes was so for 30 minutes, whoever says it."""
    past.episode(KYIV, 0, 20, source="one")
    past.episode(KYIV, 10, 30, source="two")
    assert past.minutes(KYIV) == 30
    assert past.spans(KYIV) == [(0, 30, "observed")]


def test_a_part_counts_for_what_lies_around_it(past):
    """An oblast counts while any part of it is raised, and two parts at once are one time."""
    past.episode(HROMADA, 0, 20)
    past.episode(OTHER_HROMADA, 10, 25)
    assert past.minutes(DNIPRO_OBLAST) == past.minutes(NIKOPOL_RAION) == 25
    assert past.minutes(HROMADA) == 20


def test_an_area_counts_for_all_that_lies_in_it(past):
    """A raise of the oblast is a raise of each of its hromadas, and of nothing beside it."""
    past.episode(DNIPRO_OBLAST, 0, 20)
    assert past.minutes(HROMADA) == past.minutes(NIKOPOL_RAION) == 20
    assert past.minutes(KYIV) == past.minutes(KYIV_OBLAST) == 0


def test_a_hromada_does_not_count_for_its_neighbour(past):
    """What one hromada was told is nothing that the next one in the same raion was told."""
    past.episode(HROMADA, 0, 20)
    assert past.minutes(OTHER_HROMADA) == 0


def test_kyiv_and_kyiv_oblast_are_two_areas(past):
    """The city lies in no oblast: an alert of the one is none of the other."""
    past.episode(KYIV, 0, 20)
    assert past.minutes(KYIV_OBLAST) == 0


def test_an_interval_is_cut_at_both_ends_of_the_window(past):
    """Only what lies in the window counts, and a window next to an interval has nothing of it."""
    past.episode(KYIV, -30, 90)
    assert past.spans(KYIV) == [(0, 60, "observed")]
    assert past.minutes(KYIV, since=90, until=120) == past.minutes(KYIV, since=-60, until=-30) == 0


def test_two_alerts_that_touch_are_one_stretch(past):
    """Half open: one that ends when the next begins leaves no gap and does not overlap."""
    past.episode(KYIV, 0, 10)
    past.episode(KYIV, 10, 20)
    assert past.spans(KYIV) == [(0, 20, "observed")]


def test_an_open_alert_counts_up_to_now(past):
    """Nobody knows its end: it is counted to now and not to the end of the window."""
    past.signal(KYIV, 10)
    assert past.spans(KYIV, now=25) == [(10, 25, "open")]
    assert past.minutes(KYIV, now=600) == 50
    assert past.minutes(KYIV, now=5) == 0


def test_a_window_of_the_future_has_no_time(past):
    """An alert that stands now says nothing of an hour that has not come."""
    past.signal(KYIV, 0)
    assert past.minutes(KYIV, since=120, until=180, now=60) == 0


@pytest.mark.parametrize(
    ("state", "end"), [(Act.CLEAR, End.OBSERVED), (Act.CANCELLED, End.CANCELLED)], ids=["clear", "cancelled"]
)
def test_an_end_says_how_it_is_known(past, state, end):
    """A clear is an observed end; a cancelled raise was a mistake, and its end is no all clear."""
    past.signal(KYIV, 0)
    past.signal(KYIV, 20, state)
    assert past.spans(KYIV) == [(0, 20, end)]


def test_a_raise_that_expired_says_so(past):
    """It ended by its own expiry and nobody said clear; the end is when it expired, not when we noticed."""
    past.signal(KYIV, 0, expires=at(15))
    past.history.learn(at(16), Lapse(Realm.ACTUAL, "feed", KYIV, "air", 1))
    assert past.spans(KYIV) == [(0, 15, "expired")]


def test_a_lapse_of_something_else_ends_no_raise(past):
    """A clear that nobody vouches for lapses too: it must not end a raise without an expiry."""
    past.signal(KYIV, 0)
    past.history.learn(at(16), Lapse(Realm.ACTUAL, "feed", KYIV, "air", 1))
    assert past.spans(KYIV) == [(0, 60, "open")]


def test_one_source_does_not_end_what_another_raised(past):
    """Its clear ends its own raise and nobody else's."""
    past.signal(KYIV, 0, source="siren")
    past.signal(KYIV, 5, source="backup")
    past.clear(KYIV, 20, source="backup")
    assert past.spans(KYIV) == [(0, 60, "open")]


def test_a_clear_from_before_the_raise_ends_nothing(past):
    """It was sent earlier and came late."""
    past.signal(KYIV, 10)
    past.clear(KYIV, 5)
    assert past.spans(KYIV) == [(10, 60, "open")]


def test_a_raise_that_is_said_again_goes_on(past):
    """The second word neither ends the alert nor begins a new one."""
    past.signal(KYIV, 0)
    past.signal(KYIV, 10)
    past.clear(KYIV, 20)
    assert past.spans(KYIV) == [(0, 20, "observed")]


def test_a_raise_that_comes_after_its_clear_stays_ended(past):
    """A late copy of a raise that its source has cleared since does not open it again."""
    past.signal(KYIV, 0)
    past.clear(KYIV, 20)
    past.signal(KYIV, 10)
    assert past.spans(KYIV) == [(0, 20, "observed")]


def test_the_order_of_arrival_does_not_matter(past):
    """A clear that overtook its raise ends it, and an older raise that comes late begins the alert."""
    past.signal(KYIV, 0)
    past.clear(KYIV, 5)
    past.clear(KYIV, 30)
    past.signal(KYIV, 20)
    past.signal(KYIV, 10)
    assert past.spans(KYIV) == [(0, 5, "observed"), (10, 30, "observed")]


def test_a_raise_that_is_renewed_lasts_as_long_as_its_newest_word(past):
    """A feed that says it again with a later expiry, or with none, has not let it end."""
    for minute in (0, 4, 8):
        past.signal(KYIV, minute, expires=at(minute + 5))
        past.history.learn(at(minute + 5), Lapse(Realm.ACTUAL, "feed", KYIV, "air", 1))
    assert past.spans(KYIV) == [(0, 13, "expired")]
    past.signal(KYIV, 20, expires=at(25))
    past.signal(KYIV, 22)
    past.history.learn(at(26), Lapse(Realm.ACTUAL, "feed", KYIV, "air", 1))
    assert past.spans(KYIV) == [(0, 13, "expired"), (20, 60, "open")]


def test_a_raise_that_had_run_out_when_it_was_heard_has_ended(past):
    """It came late, no lapse follows it, and it stands in history for as long as it was meant to."""
    past.history.learn(
        at(50), Signal(Realm.ACTUAL, "feed", "late", KYIV, "air", Act.RAISED, at(0), expires=at(10))
    )
    assert past.spans(KYIV) == [(0, 10, "expired")]


def test_an_expiry_that_has_passed_ends_a_raise_also_while_nobody_serves(past):
    """A log that is read without a server has no lapse yet; an open raise is not made longer by that."""
    past.signal(KYIV, 0, expires=at(10))
    assert past.spans(KYIV, now=600) == [(0, 10, "expired")]
    assert past.spans(KYIV, now=8) == [(0, 8, "open")]


def test_a_contact_confirms_a_raise_and_does_not_begin_another(past):
    """What is raised already stays as it was said; listed at the very time of its clear, the clear counts."""
    listed = ((KYIV, "air"),)
    past.signal(KYIV, 0, expires=at(20))
    past.history.learn(at(10), Contact(Realm.ACTUAL, "feed", True, at(10), listed))
    assert past.spans(KYIV) == [(0, 20, "expired")]
    past.history.learn(at(30), Contact(Realm.ACTUAL, "feed", True, at(30), listed))
    past.clear(KYIV, 40)
    past.history.learn(at(40), Contact(Realm.ACTUAL, "feed", True, at(40), listed))
    assert past.spans(KYIV) == [(0, 20, "expired"), (30, 40, "observed")]


def test_what_a_contact_lists_is_raised_from_its_time_on(past):
    """A feed that begins in the middle of an alert tells of it by its contact."""
    past.history.learn(at(10), Contact(Realm.ACTUAL, "feed", True, at(10), ((KYIV, "air"),)))
    past.clear(KYIV, 30)
    assert past.spans(KYIV) == [(10, 30, "observed")]


def test_silence_ends_no_alert(past):
    """A source that goes quiet has not said clear: the alert is open."""
    past.signal(KYIV, 0)
    past.history.learn(at(10), Contact(Realm.ACTUAL, "feed", False, at(10)))
    past.history.learn(at(11), Contract(Realm.ACTUAL, "feed", (), ()))
    assert past.spans(KYIV) == [(0, 60, "open")]


def test_an_invented_end_is_counted_and_marked(past):
    """The seconds that rest on an invented end alone are told; those that somebody else saw are not."""
    past.episode(KYIV, 0, 60, inferred=True)
    past.episode(KYIV, 0, 20, source="other")
    row = past.row(KYIV)
    assert (3_600, 2_400) == (row.seconds, row.inferred_seconds)
    assert past.spans(KYIV) == [(0, 60, "inferred")]


def test_what_stands_for_years_is_counted_apart(past):
    """The pack's raise would fill every day; its own alerts of the day are counted as everywhere."""
    past.signal("UA44", -1_000_000, source=PACK)
    past.episode("UA44", 10, 20)
    row = past.row("UA44")
    assert (600, 3_600) == (row.seconds, row.standing_seconds)
    assert Peak(1, at(10), at(20)) == peak([row])


def test_threats_can_be_asked_for_one_by_one(past):
    """By default any threat counts."""
    past.episode(KYIV, 0, 10, threat="air")
    past.episode(KYIV, 5, 30, threat="artillery")
    assert past.minutes(KYIV) == 30
    assert past.minutes(KYIV, threat="air") == 10
    assert past.minutes(KYIV, threat="chemical") == 0


def test_the_rows_come_in_the_order_asked_for(past):
    """n areas give n rows."""
    asked = [KYIV, HROMADA, DNIPRO_OBLAST, "UA"]
    assert asked == [row.area for row in past.history.past(at(0), at(60), asked, now=at(60))]


def test_the_peak_is_the_first_time_of_most_areas(past):
    """One that ends as another begins does not overlap with it."""
    past.episode(KYIV, 0, 10)
    past.episode(KYIV_OBLAST, 10, 20)
    past.episode(DNIPRO_OBLAST, 15, 30)
    past.episode(KYIV, 25, 40)
    rows = past.history.past(at(0), at(60), UA.board, now=at(60))
    assert Peak(2, at(15), at(20)) == peak(rows)


_words = st.lists(
    st.tuples(
        st.integers(0, 20), st.sampled_from(list(Act)), st.one_of(st.none(), st.integers(1, 12))
    ),
    max_size=8,
)  # fmt: skip


@given(_words, st.randoms(use_true_random=False))
def test_history_has_an_area_raised_exactly_while_the_board_would(words, chance):
    """Told minute by minute in the order of their times, and by history from any order of arrival."""
    mixed = [*words]
    chance.shuffle(mixed)
    history = Past()
    for minute, state, expires in mixed:
        ends = at(minute + expires) if expires and state is Act.RAISED else None
        history.signal(KYIV, minute, state, expires=ends)
    spans = history.row(KYIV, 0, 60).spans
    for minute in range(40):
        said = [word for word in words if word[0] <= minute]
        ended = max((when for when, state, _ in said if state is not Act.RAISED), default=-1)
        raises = [
            (when, x is None, x or 0) for when, state, x in said if state is Act.RAISED and when >= ended
        ]
        when, for_good, lasts = max(raises, default=(0, False, 0))
        raised = bool(raises) and (for_good or minute < when + lasts)
        assert raised == any(span.since <= at(minute) < span.until for span in spans)


_minutes = st.integers(0, 120)
_alerts = st.lists(
    st.tuples(
        st.lists(_minutes, min_size=2, max_size=2, unique=True).map(sorted), st.sampled_from(list(End))
    ).map(lambda one: (*one[0], one[1])),
    max_size=12,
)


@given(_alerts)
def test_a_union_covers_each_minute_that_a_part_covers_and_no_other(alerts):
    """Counted minute by minute, the slow way."""
    spans = [Span(at(since), at(until), end) for since, until, end in alerts]
    merged = union(spans)
    for minute in range(121):
        inside = any(since <= minute < until for since, until, _ in alerts)
        assert inside == any(span.since <= at(minute) < span.until for span in merged)
    for before, after in pairwise(merged):
        assert before.until < after.since, "two that touch are one"


@given(st.lists(_alerts, min_size=1, max_size=5))
def test_a_peak_is_what_one_finds_minute_by_minute(areas):
    """The most areas at once, the first minute in which they were, and the first one in which not."""
    rows = [
        AreaPast(f"UA{number}", 0, 0, 0, union(Span(at(a), at(b), end) for a, b, end in alerts))
        for number, alerts in enumerate(areas)
    ]
    counts = [sum(any(a <= m < b for a, b, _ in alerts) for alerts in areas) for m in range(122)]
    most = max(counts)
    if not most:
        assert Peak(0, None, None) == peak(rows)
        return
    first = counts.index(most)
    last = next(minute for minute in range(first, 122) if counts[minute] != most)
    found = peak(rows)
    assert (most, at(first)) == found[:2]
    # Where one area ends in the minute in which another begins, the count stays the same.
    assert found.until == at(last)
