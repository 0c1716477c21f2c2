"""A station: what is heard is durable, then said, once, whatever happens in between."""

import random
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tocsin import wire
from tocsin.app.reserve import Reserve
from tocsin.app.station import News, Station
from tocsin.countries import load, read_day
from tocsin.errors import DiskFull, KeyTaken, LogError, SourceError
from tocsin.log import checked
from tocsin.log.memory import MemoryLog
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Act, Alert, Contact, Contract, Realm, Signal
from tocsin.warn.told import Told

UA = load("ua").areas
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
SOON_S = 10.0


class Clock:
    """A clock that the test puts forward."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def lasted(self):
        return self.seconds


class Stand:
    """A station with a clock and with ears; closes what it opened."""

    def __init__(self, log=None, checkpoints=None, reserve=None):
        self.log = log if log is not None else MemoryLog(Realm.ACTUAL)
        self.clock = Clock()
        self.news: list[News] = []
        self.heard = lambda news: None
        self.public = Told(UA)
        self.station = Station(self.log, UA, self.clock, self._hear, checkpoints, reserve)
        self.started = self.station.start()
        self.public = self.started.told

    def _hear(self, news):
        self.heard(news)
        self.news.append(news)
        for said in news.said:
            self.public.hear(said.alert)

    def submit(self, key, kind):
        return self.station.submit(key, kind).result(SOON_S)

    def agree(self, *sources, silence_s=60.0, max_age_s=900.0):
        for source in sources:
            contract = Contract(Realm.ACTUAL, source, ("UA",), ("air",), silence_s, max_age_s)
            self.station.agree(contract).result(SOON_S)

    def say(self, name, area="UA80", state=Act.RAISED, source="feed", **more):
        sent = more.pop("sent", self.clock.now())
        signal = Signal(Realm.ACTUAL, source, name, area, "air", state, sent, **more)
        return self.submit(f"signal/{source}/{name}", signal)

    def contact(self, *areas, source="feed"):
        now = self.clock.now()
        raised = tuple((area, "air") for area in areas)
        kind = Contact(Realm.ACTUAL, source, held=True, sent=now, raised=raised)
        return self.submit(f"contact/{source}/{now.isoformat()}/{raised}", kind)

    def state(self, area):
        return str(self.public.status(area, "air").state)

    def comes_to(self, area, state):
        """Wait until the public was told so; time stands still meanwhile."""
        end = time.monotonic() + SOON_S
        while self.state(area) != state and time.monotonic() < end:
            time.sleep(0.01)
        assert self.state(area) == state


@contextmanager
def stand(log=None):
    one = Stand(log)
    try:
        yield one
    finally:
        one.station.stop()


@pytest.fixture
def desk():
    with stand() as one:
        one.agree("feed")
        yield one


def test_a_signal_and_what_is_said_because_of_it_stand_side_by_side_in_the_log(desk):
    receipt = desk.say("1")
    kinds = [(entry.seq, wire.decode(entry.body)) for entry in desk.log.read(receipt.seq - 1)]
    (place, heard), *said = kinds
    assert (place, heard.id) == (receipt.seq, "1")
    assert {alert.areas for _, alert in said} == {("UA80",), ("UA",)}
    assert all(alert.because == (receipt.seq,) for _, alert in said)


def test_nothing_is_passed_on_before_it_is_durable():
    """Whoever hears of an alert finds it in the log, outside of any batch."""

    class Watched(MemoryLog):
        batching = False

        @contextmanager
        def batch(self):
            self.batching = True
            with super().batch():
                yield
            self.batching = False

    log = Watched(Realm.ACTUAL)
    with stand(log) as desk:
        seen = []
        desk.heard = lambda news: seen.append((log.batching, news.head, log.head.seq))
        desk.agree("feed")
        desk.say("1")
        assert seen
        assert all(not batching and told <= kept for batching, told, kept in seen)


def test_the_same_signal_again_changes_nothing_and_names_its_first_place(desk):
    first, news = desk.say("1"), len(desk.news)
    again = desk.say("1")
    assert (again.seq, again.new, first.new) == (first.seq, False, True)
    assert len(desk.news) == news


def test_another_content_under_a_used_key_is_refused_and_the_others_in_the_batch_are_not(desk):
    desk.say("1")
    other = Signal(Realm.ACTUAL, "feed", "1", "UA32", "air", Act.RAISED, NOON)
    good = Signal(Realm.ACTUAL, "feed", "2", "UA46", "air", Act.RAISED, NOON)
    refused = desk.station.submit("signal/feed/1", other)
    taken = desk.station.submit("signal/feed/2", good)
    with pytest.raises(KeyTaken, match="already has this key"):
        refused.result(SOON_S)
    assert taken.result(SOON_S).new
    assert (desk.state("UA32"), desk.state("UA46")) == ("unknown", "raised")


def test_an_end_before_any_raise_is_refused_and_says_what_to_do(desk):
    with pytest.raises(SourceError, match=r"UA80 was never raised .* by its contact"):
        desk.say("1", state=Act.CLEAR)
    with pytest.raises(SourceError, match="nothing for cancelled to end"):
        desk.say("2", state=Act.CANCELLED)


def test_silence_is_noticed_and_turns_clear_into_unknown(desk):
    desk.contact("UA80")
    assert (desk.state("UA80"), desk.state("UA32")) == ("raised", "clear")
    desk.clock.seconds = 59
    desk.contact("UA80")
    desk.clock.seconds = 118
    assert desk.station.fresh(desk.clock.now())["feed"] == desk.clock.now() + timedelta(seconds=1)
    time.sleep(0.5)
    assert desk.state("UA32") == "clear"
    desk.clock.seconds = 119
    desk.comes_to("UA32", "unknown")
    assert desk.state("UA80") == "raised"


def test_no_answer_vouches_for_a_clear_longer_than_15_s(desk):
    desk.contact()
    assert desk.station.fresh(desk.clock.now())["feed"] == desk.clock.now() + timedelta(seconds=15)


def test_contacts_that_say_nothing_new_are_not_logged(desk):
    desk.contact("UA80")
    head = desk.log.head
    for seconds in (5, 10, 15):
        desk.clock.seconds = seconds
        desk.contact("UA80")
    assert desk.log.head == head


def test_what_a_contact_does_not_list_stays_raised_and_whoever_runs_the_server_reads_of_it(desk, caplog):
    desk.say("1")
    desk.clock.seconds = 5
    desk.contact()
    desk.clock.seconds = 10
    desk.contact()
    assert desk.state("UA80") == "raised"
    assert [record.message for record in caplog.records if "UA80 air" in record.message] == [
        "source feed: 1 areas are raised here and not in its contact (UA80 air); they stay raised, "
        "send their all clear"
    ]


def test_an_expiry_ends_a_raise_as_unknown(desk):
    desk.contact()
    desk.say("1", expires=desk.clock.now() + timedelta(seconds=30))
    assert desk.state("UA80") == "raised"
    desk.clock.seconds = 30
    desk.comes_to("UA80", "unknown")


def test_an_all_clear_from_before_a_restart_is_unknown_until_its_source_is_heard_again(tmp_path):
    path = tmp_path / "log.db"
    with stand(SqliteLog(path)) as desk:
        desk.agree("feed")
        desk.contact("UA80")
        assert (desk.state("UA80"), desk.state("UA32")) == ("raised", "clear")
    with stand(SqliteLog(path)) as desk:
        assert (desk.state("UA80"), desk.state("UA32")) == ("raised", "unknown")
        desk.clock.seconds = 1
        desk.contact("UA80")
        assert (desk.state("UA80"), desk.state("UA32")) == ("raised", "clear")


def test_what_waits_when_it_is_stopped_is_finished_first():
    log = MemoryLog(Realm.ACTUAL)
    with stand(log) as desk:
        desk.agree("feed")
        waiting = [
            desk.station.submit(
                f"signal/feed/{n}", Signal(Realm.ACTUAL, "feed", f"{n}", "UA80", "air", "raised", NOON)
            )
            for n in range(1_000)
        ]
    assert all(future.result(0).seq for future in waiting)
    assert sum(entry.key.startswith("signal/") for entry in log.read()) == 1_000


class Failing(SqliteLog):
    """A log whose disk refuses: before a commit, after it, and for as long as it is told to."""

    refuse = ""

    @contextmanager
    def batch(self):
        with super().batch():
            yield
            if self.refuse == "before":
                raise LogError("cannot commit: the disk is full", todo="free space on the disk")
        if self.refuse == "after":
            self.refuse = ""
            raise LogError("cannot commit: the disk does not answer", todo="check the disk")

    def reopen(self):
        if self.refuse == "before":
            raise LogError("cannot open the log again: the disk is full", todo="free space on the disk")
        super().reopen()


@pytest.fixture
def failing(tmp_path):
    with stand(Failing(tmp_path / "log.db")) as desk:
        desk.agree("feed")
        desk.contact()
        yield desk


def test_while_the_disk_refuses_everybody_is_told_and_nothing_is_half_done(failing):
    before, news = failing.log.head, len(failing.news)
    failing.log.refuse = "before"
    for number in range(3):
        with pytest.raises(LogError, match="free space"):
            failing.say(f"{number}")
        assert "free space" in failing.station.broken
    assert (failing.log.head, len(failing.news), failing.state("UA80")) == (before, news, "clear")
    failing.log.refuse = ""
    assert failing.say("1").new
    assert (failing.state("UA80"), failing.station.broken) == ("raised", None)
    assert [entry.seq for entry in checked(failing.log)] == list(range(1, failing.log.head.seq + 1))


def test_what_was_kept_although_the_disk_said_no_is_told_and_is_known_when_it_is_said_again(failing):
    """After an error nobody knows whether the commit was kept.  It is asked, not guessed."""
    failing.log.refuse = "after"
    with pytest.raises(LogError, match="does not answer"):
        failing.say("1")
    failing.comes_to("UA80", "raised")
    assert not failing.say("1").new
    said = [one.seq for news in failing.news for one in news.said]
    assert len(said) == len(set(said))


def test_when_the_disk_is_full_the_reserve_is_given_up_and_the_raise_goes_in(tmp_path):
    """And the reserve is made again when there is room."""

    class Full(SqliteLog):
        @contextmanager
        def batch(self):
            with super().batch():
                yield
                if full and (tmp_path / "reserve").exists():
                    raise DiskFull("cannot commit: database or disk is full", todo="free space on the disk")

    full = False
    reserve = Reserve(tmp_path / "reserve", 4096)
    reserve.make()
    desk = Stand(Full(tmp_path / "log.db"), reserve=reserve)
    try:
        desk.agree("feed")
        full = True
        assert desk.say("1").new
        assert (desk.state("UA80"), desk.station.broken) == ("raised", None)
        assert desk.station.in_need == "the disk is full, the reserve is in use"
        assert not (tmp_path / "reserve").exists()
        full = False
        desk.clock.seconds = 20
        end = time.monotonic() + SOON_S
        while desk.station.in_need and time.monotonic() < end:
            time.sleep(0.01)
        assert (tmp_path / "reserve").stat().st_size == 4096
    finally:
        desk.station.stop()


def day_of_signals():
    """Return the built-in day as signals, in order."""
    said = []
    for episode in read_day("ua", "2024-01-02"):
        name = f"{episode.area}/{wire.stamp(episode.since)}"
        end = min(episode.until, NOON + timedelta(days=1))
        for state, sent in ((Act.RAISED, episode.since), (Act.CLEAR, end)):
            signal = Signal(
                Realm.ACTUAL, "feed", f"{name}/{state}", episode.area, episode.threat, state, sent
            )
            said.append((f"signal/feed/{signal.id}", signal))
    return sorted(said, key=lambda item: item[1].sent)


def test_a_day_told_twice_tripled_or_shuffled_adds_nothing():
    day = day_of_signals()
    with stand() as desk:
        desk.agree("feed", max_age_s=1e7)
        for item in day:
            desk.submit(*item)
        head, states = desk.log.head, {area.id: desk.state(area.id) for area in UA}
        again = day * 3
        random.Random(2).shuffle(again)
        assert not any(future.result(SOON_S).new for future in [desk.station.submit(*item) for item in again])
        assert desk.log.head == head
        assert {area.id: desk.state(area.id) for area in UA} == states


def test_the_day_in_any_order_leaves_the_same_board():
    """Raises come first: an end before any raise is refused."""
    day = day_of_signals()
    boards = []
    for seed in range(3):
        raises = [item for item in day if item[1].state is Act.RAISED]
        ends = [item for item in day if item[1].state is not Act.RAISED]
        for part in (raises, ends):
            random.Random(seed).shuffle(part)
        with stand() as desk:
            desk.agree("feed", max_age_s=1e7)
            for item in raises + ends:
                desk.submit(*item)
            boards.append({area.id: (desk.state(area.id)) for area in UA})
    assert boards[0] == boards[1] == boards[2]


def test_every_alert_that_was_said_is_in_the_log_and_the_other_way_round(desk):
    desk.contact("UA80")
    desk.say("1", area="UA3202")
    desk.say("2", area="UA3202", state=Act.CLEAR, sent=desk.clock.now() + timedelta(seconds=1))
    said = [one.seq for news in desk.news for one in news.said]
    logged = [entry.seq for entry in desk.log.read() if isinstance(wire.decode(entry.body), Alert)]
    assert said == logged[-len(said) :]
    assert len(said) > 5
