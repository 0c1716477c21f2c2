"""What every log engine keeps.

class TestMemory(LogEngine):
    def make(self, folder: Path, name: str = "log") -> Log:
        return MemoryLog()

An engine that outlives its process says in `reopen` how to open the same log again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tocsin.errors import KeyTaken, LogBroken, LogError, TocsinError
from tocsin.log import Entry, Link, Log, checked, follow
from tocsin.log.chain import SALT_BYTES, digest, genesis, link
from tocsin.model import Place, Realm

AT = datetime(2024, 1, 2, 3, 53, 57, 123456, tzinfo=UTC)

Change = Callable[[list[Entry]], list[Entry]]


def fill(log: Log, count: int) -> list[Entry]:
    """Append so many entries, a second apart, and return all that the log holds."""
    first = log.head.seq
    for number in range(first + 1, first + count + 1):
        log.append(f"k{number}", f"body {number}".encode(), AT + timedelta(seconds=number))
    return list(log.read())


def broken_off(log: Log, count: int, error: BaseException) -> None:
    """Append so many entries in a batch that fails."""
    with log.batch():
        fill(log, count)
        raise error


class Doctored:
    """What a log would give back if somebody had changed its entries: all that `checked` looks at."""

    def __init__(self, log: Log, change: Change) -> None:
        self.epoch, self.origin, self.realm = log.epoch, log.origin, log.realm
        self._log, self._change = log, change

    def read(self, after: Place = 0, limit: int | None = None) -> Iterator[Entry]:
        """Yield the changed entries behind a place."""
        entries = [entry for entry in self._change(list(self._log.read())) if entry.seq > after]
        yield from entries[:limit]

    def last_given(self) -> Place:
        """Return what the log says; nobody changed that."""
        return self._log.last_given()


def found(log: Log, change: Change) -> int:
    """Return the place at which `checked` finds that entries were changed."""
    doctored: Log = Doctored(log, change)  # type: ignore[assignment]  # nobody appends to it
    with pytest.raises(LogBroken) as caught:
        list(checked(doctored))
    seq = caught.value.values["seq"]
    assert isinstance(seq, int)
    assert f"entry {seq}" in str(caught.value)
    return seq


def swap(field: str, value: Any, seq: int) -> Change:
    """Return the change of one field of the entry at a place."""
    return lambda all_: [e._replace(**{field: value}) if e.seq == seq else e for e in all_]


class LogEngine:
    """The promises of a log engine, as tests."""

    def make(self, folder: Path, name: str = "log") -> Log:
        """Return a new, empty log of the actual realm, in a folder of its own."""
        raise NotImplementedError

    def reopen(self, log: Log) -> Log:
        """Return the same log, closed and opened again; an engine in memory returns what it is given."""
        return log

    @pytest.fixture
    def log(self, tmp_path: Path) -> Iterator[Log]:
        """Give a new log, and close it."""
        log = self.make(tmp_path)
        yield log
        log.close()

    # 1 and 3: places

    def test_an_empty_log_begins_at_its_epoch(self, log: Log) -> None:
        """Nothing was said, and the first entry will hang on the realm and the origin."""
        assert log.head == Link(0, genesis(log.realm, log.origin))
        assert (log.realm, log.last_given(), list(log.read()), list(checked(log))) == (
            Realm.ACTUAL,
            0,
            [],
            [],
        )

    def test_places_grow_from_1_without_gaps(self, log: Log) -> None:
        """Somebody who has seen entry 7 knows that there were six before it."""
        places = [log.append(f"k{n}", b"x", AT) for n in range(20)]
        assert [(n, True) for n in range(1, 21)] == places
        assert list(range(1, 21)) == [entry.seq for entry in log.read()]
        assert log.last_given() == 20

    def test_an_entry_is_kept_as_it_was_appended(self, log: Log) -> None:
        """Key, body and time come back to the byte and the microsecond, whatever stands in them."""
        bodies = [b"", b"\x00\xff\r\n'", "Повітряна тривога".encode(), bytes(70_000)]
        keys = ["", "signal/7/UA80", "ключ '\"\x00", "k" * 3_000]
        for key, body in zip(keys, bodies, strict=True):
            log.append(key, body, AT)
        kept = list(log.read())
        assert list(zip(keys, bodies, [AT] * 4, strict=True)) == [(e.key, e.body, e.at) for e in kept]
        assert kept == [log.find(key) for key in keys]
        assert log.find("another") is None

    def test_the_time_is_a_moment_not_a_clock_face(self, log: Log) -> None:
        """05:53 in Kyiv and 03:53 in UTC are one time; 05:53 somewhere is none, and is refused."""
        kyiv = AT.astimezone().replace(tzinfo=None)
        with pytest.raises(TypeError):
            log.append("naive", b"x", kyiv)
        assert list(log.read()) == []
        log.append("aware", b"x", AT)
        assert [AT] == [entry.at for entry in log.read()]

    def test_a_time_may_stand_still_or_go_back(self, log: Log) -> None:
        """A clock that is set back stops no alert: places order entries, times do not."""
        for number, seconds in enumerate((0, 0, -3600, -2_000_000_000)):
            log.append(f"k{number}", b"x", AT + timedelta(seconds=seconds))
        assert len(list(checked(log))) == 4

    # 2: keys

    def test_saying_it_again_adds_nothing(self, log: Log) -> None:
        """A feed that repeats a message gets the first place, and the log stays as it was."""
        fill(log, 3)
        before = (log.head, list(log.read()))
        assert log.append("k2", b"body 2", AT + timedelta(days=1)) == (2, False)
        assert (log.head, list(log.read())) == before

    def test_a_key_that_says_something_else_is_refused(self, log: Log) -> None:
        """The error names the key and the entry in the way, and nothing is changed."""
        fill(log, 3)
        before = (log.head, list(log.read()))
        with pytest.raises(KeyTaken, match=r"'k2'.*entry 2") as caught:
            log.append("k2", b"another body", AT)
        assert (caught.value.values["key"], caught.value.values["seq"]) == ("k2", 2)
        assert (log.head, list(log.read())) == before
        assert log.append("k4", b"x", AT) == (4, True)

    def test_an_erased_key_is_never_free_again(self, log: Log) -> None:
        """What was erased cannot come back by being sent again, in the same words or others."""
        fill(log, 2)
        log.erase(1)
        assert log.append("k1", b"body 1", AT) == (1, False)
        assert log.append("k1", b"other words", AT) == (1, False)
        assert [None, b"body 2"] == [entry.body for entry in log.read()]

    def test_keys_that_look_alike_are_different(self, log: Log) -> None:
        """UA3 and UA32, upper and lower case, one letter in two Unicode spellings."""
        keys = ["UA3", "UA32", "ua3", "UA3 ", "\u0457", "\u0456\u0308"]
        assert [1, 2, 3, 4, 5, 6] == [log.append(key, b"x", AT).seq for key in keys]

    # 1: batches

    def test_a_batch_is_kept_as_a_whole(self, log: Log) -> None:
        """What a signal caused us to say stands behind it, found as soon as it is appended."""
        with log.batch():
            fill(log, 3)
            assert log.find("k3") is not None
            assert log.append("k3", b"body 3", AT) == (3, False)
        assert (log.head.seq, log.last_given(), len(list(checked(log)))) == (3, 3, 3)

    @pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, KeyTaken])
    def test_a_batch_that_fails_leaves_nothing(self, log: Log, stop: type[BaseException]) -> None:
        """Half a batch would be a signal of which nobody was told."""
        fill(log, 2)
        before = (log.head, list(log.read()), log.last_given())
        with pytest.raises(stop):
            broken_off(log, 3, stop("no"))
        assert (log.head, list(log.read()), log.last_given()) == before
        assert log.find("k3") is None
        assert log.append("k3", b"said after all", AT) == (3, True)
        assert len(list(checked(log))) == 3

    def test_a_refused_key_does_not_end_a_batch(self, log: Log) -> None:
        """One feed's fault costs no other feed its place in the batch."""
        fill(log, 1)
        with log.batch():
            log.append("a", b"x", AT)
            with pytest.raises(KeyTaken):
                log.append("k1", b"something else", AT)
            log.append("b", b"x", AT)
        assert ["k1", "a", "b"] == [entry.key for entry in checked(log)]

    def test_a_batch_in_a_batch_is_refused_and_costs_nothing(self, log: Log) -> None:
        """The outer one goes on: what was appended before and after stands together."""
        with log.batch():
            fill(log, 1)
            with pytest.raises(LogError, match="append inside it"):
                broken_off(log, 1, ValueError())
            fill(log, 1)
        assert [1, 2] == [entry.seq for entry in checked(log)]

    def test_erasing_in_a_batch_is_refused(self, log: Log) -> None:
        """What is erased is gone from the disk; a batch that fails could not bring it back."""
        fill(log, 2)
        with log.batch(), pytest.raises(LogError, match="when it has ended"):
            log.erase(1)
        assert [b"body 1", b"body 2"] == [entry.body for entry in log.read()]

    # 3: reading

    def test_reading_goes_on_behind_a_place(self, log: Log) -> None:
        """In order, no more than asked for, nothing at or behind the end."""
        entries = fill(log, 5)
        assert entries[2:] == list(log.read(2))
        assert entries[2:4] == list(log.read(2, 2))
        assert entries == list(log.read(0, 99))
        assert [] == list(log.read(5)) == list(log.read(99)) == list(log.read(0, 0))

    def test_an_append_during_a_reading_neither_hurts_nor_is_lost(self, log: Log) -> None:
        """Whoever reads again from the last place has seen every entry once, in order."""
        fill(log, 3)
        seen: list[Place] = []
        while more := list(islice(log.read(seen[-1] if seen else 0), 2)):
            seen += [entry.seq for entry in more]
            if log.head.seq < 9:
                fill(log, 1)
        assert seen == list(range(1, 10))

    def test_following_sees_every_entry_once(self, log: Log) -> None:
        """There is no hand-over from the past to the present in which an entry could fall through."""

        def wait() -> bool:
            if log.head.seq < 12:
                fill(log, 3)
                return True
            return False

        fill(log, 2)
        assert list(range(2, 15)) == [entry.seq for entry in follow(log, 1, wait)]

    # 4: erasing

    def test_erasing_forgets_the_words_and_keeps_the_place(self, log: Log) -> None:
        """Salt and body are gone; place, time, key, digest and hash stay, and so does the chain."""
        before = fill(log, 3)
        log.erase(2)
        after = list(checked(log))
        assert [before[0], before[1]._replace(salt=None, body=None), before[2]] == after
        assert (log.find("k2"), log.head) == (after[1], Link(3, before[2].hash))

    def test_erasing_the_last_entry_takes_no_place_away(self, log: Log) -> None:
        """The next entry comes behind it and hangs on it."""
        fill(log, 2)
        log.erase(2)
        log.erase(2)  # twice is once
        fill(log, 1)
        assert [1, 2, 3] == [entry.seq for entry in checked(log)]

    @pytest.mark.parametrize("seq", [-1, 0, 4, 2**40])
    def test_what_is_not_there_cannot_be_erased(self, log: Log, seq: Place) -> None:
        """The error says which places there are."""
        before = fill(log, 3)
        with pytest.raises(LogError, match=rf"entry {seq}\b.*1 to 3"):
            log.erase(seq)
        assert before == list(log.read())

    # 5: the chain

    def test_the_chain_is_what_is_documented(self, log: Log) -> None:
        """Whoever holds the entries can check them with SHA-256 and nothing of ours but the layout."""
        before = sha256(f"tocsin log 1\nactual\n{log.origin}\n".encode()).digest()
        for entry in fill(log, 3):
            assert entry.salt is not None
            assert entry.body is not None
            assert sha256(entry.salt + entry.body).digest() == entry.digest
            name = entry.key.encode()
            head = entry.seq.to_bytes(8) + entry.at_us.to_bytes(8, signed=True) + len(name).to_bytes(4)
            before = sha256(before + head + name + entry.digest).digest()
            assert before == entry.hash
        assert log.head == Link(3, before)

    def test_a_short_text_cannot_be_guessed_from_what_stays(self, log: Log) -> None:
        """The same words have another digest each time, over fresh salt."""
        for key in "abc":
            log.append(key, b"yes", AT)
        entries = list(log.read())
        assert len({entry.digest for entry in entries}) == 3
        assert len({entry.salt for entry in entries}) == 3
        assert all(entry.salt is not None and len(entry.salt) == SALT_BYTES == 16 for entry in entries)
        assert sha256(b"yes").digest() not in {entry.digest for entry in entries}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("body", b"body 3 "),
            ("body", b""),
            ("salt", bytes(16)),
            ("at_us", 0),
            ("key", "k33"),
            ("digest", bytes(32)),
            ("hash", bytes(32)),
            ("body", 5),  # a damaged file can turn text into a number
            ("at_us", 2**70),
            ("at_us", None),
            ("key", None),
            ("hash", None),
        ],
    )
    def test_a_changed_entry_is_found(self, log: Log, field: str, value: object) -> None:
        """Whatever field somebody changes, `checked` stops at that entry and names it."""
        fill(log, 5)
        assert 3 == found(log, swap(field, value, 3))

    def test_an_entry_erased_by_halves_is_found(self, log: Log) -> None:
        """Erasing takes salt and body; what takes one of them was not `erase`."""
        fill(log, 3)
        assert 2 == found(log, swap("body", None, 2))
        assert 2 == found(log, swap("salt", None, 2))

    def test_an_entry_written_anew_is_found_at_the_next(self, log: Log) -> None:
        """Who changes an entry and computes its hash again has broken the one behind it."""

        def rewrite(entries: list[Entry]) -> list[Entry]:
            old, before = entries[2], entries[1].hash
            fresh = digest(b"s" * 16, b"forged")
            forged = link(before, old.seq, old.at_us, old.key, fresh)
            entries[2] = old._replace(salt=b"s" * 16, body=b"forged", digest=fresh, hash=forged)
            return entries

        fill(log, 5)
        assert 4 == found(log, rewrite)

    def test_swapped_entries_are_found(self, log: Log) -> None:
        """With their places, or with their contents only."""

        def contents(entries: list[Entry]) -> list[Entry]:
            one, two = entries[1], entries[2]
            entries[1:3] = [two._replace(seq=one.seq), one._replace(seq=two.seq)]
            return entries

        fill(log, 5)
        assert 2 == found(log, lambda all_: [all_[0], all_[2], all_[1], *all_[3:]])
        assert 2 == found(log, contents)

    def test_a_missing_entry_is_found(self, log: Log) -> None:
        """The first, one in the middle, one that is there twice, and the end, also when nothing is left."""
        fill(log, 5)
        assert 1 == found(log, lambda all_: all_[1:])
        assert 3 == found(log, lambda all_: all_[:2] + all_[3:])
        assert 3 == found(log, lambda all_: all_[:2] + all_[1:])
        assert 4 == found(log, lambda all_: all_[:3])
        assert 1 == found(log, lambda _: [])

    def test_entries_of_another_log_do_not_fit(self, log: Log, tmp_path: Path) -> None:
        """Two logs never share an epoch, and the first entry already hangs on it."""
        other = self.make(tmp_path, "other")
        fill(log, 2)
        entries = fill(other, 2)
        assert log.epoch != other.epoch
        assert 1 == found(log, lambda _: entries)
        other.close()

    def test_checking_goes_on_behind_a_trusted_link(self, log: Log) -> None:
        """A link that was kept proves what came after it, and does not fit another history."""
        entries = fill(log, 5)
        assert entries[3:] == list(checked(log, Link(3, entries[2].hash)))
        assert [] == list(checked(log, log.head))
        with pytest.raises(LogBroken, match="entry 4"):
            list(checked(log, Link(3, entries[1].hash)))
        with pytest.raises(LogBroken):  # whoever saw entry 9 knows that this log was cut
            list(checked(log, Link(9, entries[4].hash)))

    def test_an_append_during_a_check_is_no_fault(self, log: Log) -> None:
        """`tocsin verify` beside a running server does not cry wolf."""
        fill(log, 3)
        checking = checked(log)
        next(checking)
        fill(log, 2)
        assert {3, 5} >= {1 + len(list(checking))}

    # Beginning anew

    def test_beginning_anew_keeps_what_was_acknowledged(self, log: Log) -> None:
        """After a batch that failed: the entries, the head, the names of the log, and the right to append."""
        fill(log, 3)
        log.erase(1)
        with pytest.raises(LogError, match="no"):
            broken_off(log, 2, LogError("no"))
        before = (log.epoch, log.realm, log.head, log.last_given(), list(log.read()))
        log.reopen()
        log.reopen()
        assert before == (log.epoch, log.realm, log.head, log.last_given(), list(checked(log)))
        assert log.append("k3", b"body 3", AT) == (3, False)
        with log.batch():
            fill(log, 2)
        assert [1, 2, 3, 4, 5] == [entry.seq for entry in checked(log)]

    def test_an_empty_log_begins_anew_as_the_same(self, log: Log) -> None:
        """It has a name already, and keeps it."""
        before = (log.epoch, log.head)
        log.reopen()
        assert before == (log.epoch, log.head)

    def test_beginning_anew_in_a_batch_is_refused(self, log: Log) -> None:
        """The batch goes on and is kept as a whole."""
        with log.batch():
            fill(log, 1)
            with pytest.raises(LogError, match="when it has ended"):
                log.reopen()
            fill(log, 1)
        assert [1, 2] == [entry.seq for entry in checked(log)]

    # On disk

    def test_it_is_the_same_after_a_restart(self, log: Log) -> None:
        """Epoch, realm, entries, head and the record of places are as they were left."""
        with pytest.raises(ValueError, match="no"):
            broken_off(log, 2, ValueError("no"))
        fill(log, 3)
        log.erase(1)
        left = (log.epoch, log.realm, log.head, log.last_given(), list(log.read()))
        again = self.reopen(log)
        try:
            assert left == (again.epoch, again.realm, again.head, again.last_given(), list(checked(again)))
            assert again.append("k2", b"body 2", AT) == (2, False)
            fill(again, 1)
            assert [1, 2, 3, 4] == [entry.seq for entry in checked(again)]
        finally:
            again.close()

    def test_its_errors_can_be_acted_on(self, log: Log) -> None:
        """Every error of a log says what to do, and is one of ours."""
        fill(log, 1)
        for wrong in (lambda: log.erase(7), lambda: log.append("k1", b"no", AT)):
            with pytest.raises(TocsinError) as caught:
                wrong()
            assert caught.value.todo
