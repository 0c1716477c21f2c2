"""Whatever is asked of a log, in whatever order, it answers as a plain list would."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tocsin.errors import KeyTaken, LogError
from tocsin.log import checked, from_us, to_us
from tocsin.log.memory import MemoryLog
from tocsin.log.sqlite import SqliteLog

KEYS = st.sampled_from("abcdefg") | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
BODIES = st.sampled_from([b"", b"one", b"two"]) | st.binary(max_size=50)
TIMES = st.builds(
    lambda after, hours: (datetime(2, 1, 1, tzinfo=UTC) + after).astimezone(timezone(timedelta(hours=hours))),
    st.timedeltas(timedelta(0), timedelta(3_000_000)),
    st.sampled_from([0, 2, -9]),
)
APPENDS = st.tuples(KEYS, BODIES, TIMES)


class Plain(list[tuple[str, bytes | None, datetime]]):
    """The model: what was appended, in order."""

    def append_as_documented(self, key, body, at):
        """Return what a log must answer."""
        for seq, (there, words, _) in enumerate(self, 1):
            if there == key:
                return (seq, False) if words in (None, body) else KeyTaken
        self.append((key, body, at))
        return (len(self), True)


class Sequences(RuleBasedStateMachine):
    """Appends, erasures, batches that end well or not, and restarts, beside the model."""

    def __init__(self):
        super().__init__()
        self.plain = Plain()
        self.log = self.make()

    def make(self):
        raise NotImplementedError

    def reopen(self):
        """Close the log and open it again, where it outlives its process."""

    def say(self, plain, key, body, at):
        """Append to both, and compare the answers."""
        expected = plain.append_as_documented(key, body, at)
        if expected is KeyTaken:
            with pytest.raises(KeyTaken):
                self.log.append(key, body, at)
        else:
            assert expected == self.log.append(key, body, at)

    @rule(one=APPENDS)
    def append(self, one):
        self.say(self.plain, *one)

    @rule(several=st.lists(APPENDS, max_size=5))
    def batch(self, several):
        with self.log.batch():
            for one in several:
                self.say(self.plain, *one)

    @rule(several=st.lists(APPENDS, max_size=5))
    def batch_that_fails(self, several):
        aside = Plain(self.plain)

        def fail():
            with self.log.batch():
                for one in several:
                    self.say(aside, *one)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

    @precondition(lambda self: self.plain)
    @rule(data=st.data())
    def erase(self, data):
        seq = data.draw(st.integers(1, len(self.plain)))
        self.log.erase(seq)
        key, _, at = self.plain[seq - 1]
        self.plain[seq - 1] = (key, None, at)

    @rule(beyond=st.integers(1, 9))
    def erase_what_is_not_there(self, beyond):
        with pytest.raises(LogError):
            self.log.erase(len(self.plain) + beyond)

    @rule()
    def restart(self):
        self.reopen()

    @rule(after=st.integers(0, 30), limit=st.none() | st.integers(0, 5))
    def read(self, after, limit):
        expected = self.plain[after:] if limit is None else self.plain[after : after + limit]
        assert expected == [(e.key, e.body, e.at) for e in self.log.read(after, limit)]

    @invariant()
    def it_holds_what_was_appended(self):
        entries = list(checked(self.log))
        assert self.plain == [(e.key, e.body, e.at) for e in entries]
        assert list(range(1, len(self.plain) + 1)) == [e.seq for e in entries]
        assert self.log.last_given() == self.log.head.seq == len(self.plain)
        assert entries == [self.log.find(e.key) for e in entries]

    def teardown(self):
        self.log.close()


class MemorySequences(Sequences):
    def make(self):
        return MemoryLog()


class SqliteSequences(Sequences):
    def make(self):
        self.folder = Path(tempfile.mkdtemp())
        return SqliteLog(self.folder / "log.db")

    def reopen(self):
        epoch = self.log.epoch
        self.log.close()
        self.log = SqliteLog(self.folder / "log.db")
        assert epoch == self.log.epoch

    def teardown(self):
        super().teardown()
        shutil.rmtree(self.folder)


# A machine that is busy with other tests is no fault of the log.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TestMemorySequences = MemorySequences.TestCase
TestMemorySequences.settings = settings(patient, max_examples=100, stateful_step_count=30)
TestSqliteSequences = SqliteSequences.TestCase
TestSqliteSequences.settings = settings(patient, max_examples=40, stateful_step_count=25)


@settings(deadline=None)
@given(TIMES)
def test_a_time_is_kept_to_the_microsecond(at):
    """From year 2 to 8215, in any zone, it comes back as the same moment."""
    assert at == from_us(to_us(at))
