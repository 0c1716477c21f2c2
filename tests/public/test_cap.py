"""What we told, as the public finds it in CAP: XML, JSON, pages, and a feed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.cap.test_sign import key
from tests.support import RunningServer, tocsin, wait_until
from tocsin.cap.feed import read_links
from tocsin.cap.message import Message
from tocsin.cap.read import read, read_one
from tocsin.cap.say import Author
from tocsin.cap.sign import read_signed
from tocsin.countries import load
from tocsin.model import Alert, Realm, State
from tocsin.public.cap import FEED, PREFIX, Shelf

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AUTHOR = Author("tocsin@example.org", {"uk": "Сповіщення", "en": "Alerts"}, "https://example.org/v1/alerts/")
UA = load("ua").areas


def said(seq, *areas, state=State.RAISED, minutes=0, realm=Realm.ACTUAL, **more):
    """Return an alert with its place and time."""
    at = NOW + timedelta(minutes=minutes)
    return seq, at, Alert(realm, areas, "air", state, at, (1,), **more)


def shelf(*alerts, keys=(), minutes=60):
    """Return what holds the messages of some alerts."""
    now = NOW + timedelta(minutes=minutes)
    made = Shelf(UA, AUTHOR, "e1", NOW, lambda: now, lambda: keys)
    made.hear(alerts)
    return made


def body(found, path, accept="", lang="en"):
    """Return what lies at an address."""
    answer = found.answer(path, accept, lang)
    return None if answer is None else answer.body


UP, CLEAR = said(1, "UA80"), said(2, "UA80", state=State.CLEAR, minutes=30)


def message(found, name) -> Message:
    """Return a message as a reader of its XML has it; nothing may be wrong with it."""
    reading = read_one(body(found, f"{PREFIX}{name}.cap.xml"))
    assert reading.findings == () and reading.message is not None
    return reading.message


def test_each_alert_is_a_message_and_the_chain_is_kept():
    """A raise is an Alert, its all clear an Update that refers to it."""
    found = shelf(UP, CLEAR)
    assert message(found, "e1-1").type == "Alert"
    end = message(found, "e1-2")
    assert (end.type, end.infos[0].responses) == ("Update", ("AllClear",))
    assert [one.identifier for one in end.references] == ["e1-1"]
    assert b'"msgType":"Update"' in body(found, f"{PREFIX}e1-2.cap.json")


def test_what_is_no_message_is_left_to_others():
    """alerts.in.ua has an address that begins alike."""
    found = shelf(UP)
    assert [body(found, PREFIX + name) for name in ("active.json", "e1-9", "e1-1.txt")] == [None, None, None]


def test_messages_are_signed_by_a_key_that_is_valid():
    """Where none is, they go out unsigned: an alert that is not sent warns nobody."""
    good, ended = key(), key(NOW - timedelta(days=9), NOW - timedelta(days=1))
    signed = body(shelf(UP, keys=[ended, good]), f"{PREFIX}e1-1.cap.xml")
    assert read_signed(signed, [good.certificate], NOW).message.identifier == "e1-1"
    assert message(shelf(UP, keys=[ended]), "e1-1").identifier == "e1-1"


def test_the_feed_has_what_stands_and_what_was_of_late():
    """Newest first; a message that was replaced goes after two days, one that stands never."""
    found = shelf(UP, CLEAR, said(3, "UA46", minutes=40))
    names = [one.message.identifier for one in read(body(found, FEED))]
    assert names == ["e1-3", "e1-2", "e1-1"]
    old = shelf(UP, CLEAR, said(3, "UA46", minutes=40), minutes=3 * 24 * 60)
    assert [one.message.identifier for one in read(body(old, FEED))] == ["e1-3"]
    assert read_links(body(found, FEED))[0].url == "https://example.org/v1/alerts/e1-3"


def test_the_feed_stands_still_while_nothing_is_said():
    """And changes with what is."""
    found = shelf(UP)
    first = found.answer(FEED, "", "en")
    assert found.answer(FEED, "", "uk") is first, "made once"
    found.hear([CLEAR])
    assert found.answer(FEED, "", "en") is not first


def test_a_message_is_said_again_before_it_runs_out():
    """Half a day later, without anybody asking."""
    now = [NOW]
    found = Shelf(UA, AUTHOR, "e1", NOW, lambda: now[0])
    found.hear([UP])
    now[0] += timedelta(hours=13)
    found.renew()
    assert message(found, "e1-1.r1").references[0].identifier == "e1-1"


def test_a_page_says_in_words_what_a_message_says():
    """To a browser; with what replaced it."""
    found = shelf(UP, CLEAR)
    page = body(found, f"{PREFIX}e1-1", "text/html,application/xml").decode()
    assert "Air raid alert: Kyiv" in page and 'href="/v1/alerts/e1-2.html"' in page
    assert "Повітряна тривога" in body(found, f"{PREFIX}e1-1.html", lang="uk").decode()
    assert re.search(r"Sent: \d\d:\d\d:\d\d, \d+ \w+ \d{4}, ", page), "in words, with its date and zone"
    assert body(found, f"{PREFIX}e1-1", "*/*").startswith(b"<?xml")


def test_other_peoples_words_are_inert_on_a_page():
    """Markup is text."""
    page = body(shelf(said(1, "UA80", text="<script>alert(1)</script>")), f"{PREFIX}e1-1.html").decode()
    assert "<script" not in page and "&lt;script" in page


def test_an_exercise_says_so_and_a_replay_says_nothing():
    """No reader is to take either for danger."""
    drill = shelf(said(1, "UA80", realm=Realm.EXERCISE))
    assert "There is no real danger" in body(drill, f"{PREFIX}e1-1.html").decode()
    assert message(drill, "e1-1").status == "Exercise"
    assert body(shelf(said(1, "UA80", realm=Realm.REPLAY)), f"{PREFIX}e1-1.html") is None


@pytest.fixture
def signing(tmp_path):
    """A server that signs."""
    made = tocsin("cap", "keys", "--new", "spring", "--data", tmp_path)
    assert made.returncode == 0, made.stderr
    with RunningServer(tmp_path) as server:
        yield server


def test_a_server_gives_its_messages_out_and_the_same_after_a_restart(signing):
    """Signed; the address is the feed's."""
    feed = signing.feed("feed", "UA", "*")
    feed.say("UA80")
    feed.say("UA80", "clear")
    wait_until(lambda: len(read(signing.get(FEED).content)) >= 3, "raise, clear, and what stands")
    before = [one.message for one in read(signing.get(FEED).content)]
    kyiv = next(one for one in before if one.type == "Update")
    answer = signing.get(f"{PREFIX}{kyiv.identifier}.cap.xml")
    assert (answer.headers["content-type"], b"Signature" in answer.content) == ("application/cap+xml", True)
    signing.stop()
    signing.start()
    assert [one.message for one in read(signing.get(FEED).content)] == before


def test_the_end_of_the_keys_is_told(tmp_path):
    """By the command, which then ends with 1."""
    assert "there is no key" in tocsin("cap", "keys", "--data", tmp_path).stdout
    tocsin("cap", "keys", "--new", "spring", "--data", tmp_path)
    again = tocsin("cap", "keys", "--new", "spring", "--data", tmp_path)
    assert again.returncode == 1 and "choose another name" in again.stderr
    shown = tocsin("cap", "keys", "--json", "--data", tmp_path)
    assert '"warning":null' in shown.stdout
    (tmp_path / "cap" / "spring.key").chmod(0o644)
    assert "others can read" in tocsin("cap", "keys", "--data", tmp_path).stderr


class Days:
    """A shelf with keys, and a clock that is moved on day by day."""

    def __init__(self, *keys):
        self.day = 0
        self.shelf = Shelf(UA, AUTHOR, "e1", NOW, lambda: self.now, lambda: keys)
        self.pinned = [one.certificate for one in keys]

    @property
    def now(self):
        """Return the time."""
        return NOW + timedelta(days=self.day)

    def verdict(self, seq):
        """Return what somebody who has pinned the certificates finds wrong with a message of this day."""
        raised = Alert(Realm.ACTUAL, ("UA80",), "air", State.RAISED, self.now, (1,))
        self.shelf.hear([(seq, self.now, raised)])
        reading = read_signed(body(self.shelf, f"{PREFIX}e1-{seq}.cap.xml"), self.pinned, self.now)
        return [one.rule for one in reading.findings], reading.message is not None


def test_with_the_clock_moved_on_by_90_days_every_day_is_counted_down_and_nothing_fails_open():
    """The last key ends on day 80; whoever has pinned it takes nothing after it."""
    days = Days(key(begins=NOW, ends=NOW + timedelta(days=80)))
    due = []
    for days.day in range(91):
        due.append(days.shelf.key_days())
        found, taken = days.verdict(days.day + 1)
        assert taken == (days.day <= 80), (days.day, found)
    assert due == [*range(80, -1, -1)] + [0] * 10  # the board of the desk names it from 60 on


def test_while_two_keys_overlap_every_message_of_90_days_is_signed_and_the_days_go_up_again():
    """The new key is made on day 30, and the old one ends on day 80."""
    old = key(begins=NOW, ends=NOW + timedelta(days=80))
    days = Days(old, key(begins=NOW + timedelta(days=30), ends=NOW + timedelta(days=395)))
    due = []
    for days.day in range(91):
        due.append(days.shelf.key_days())
        assert days.verdict(days.day + 1) == ([], True), days.day
    assert all(one is not None and one > 50 for one in due)
