"""The status page and the signed notes: what a member of the public can know of a server, and no more."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from tests.support import Listener, RunningServer, wait_until
from tocsin.app.clock import WallClock
from tocsin.app.outlet import Outlet
from tocsin.countries import load
from tocsin.errors import LogBroken
from tocsin.log import note
from tocsin.log.memory import MemoryLog
from tocsin.log.sqlite import SqliteLog
from tocsin.model import Realm
from tocsin.public.http import Request
from tocsin.public.pages import LANGUAGES, Pages
from tocsin.public.status import Seen, Speed, Status, Trouble, length
from tocsin.public.words import STATUS_WORDS, WORDS
from tocsin.wire import stamp

UA = load("ua")
PAGES = Pages(UA)
AT = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)
NONE = Speed(0, None, None, None)
FAST = Speed(12, 0.002, 0.01423, AT - timedelta(minutes=5))
SLOW = Speed(3, float("inf"), 31.5, AT - timedelta(days=9))


def status(**more):
    """Return what a server that has measured nothing knows of itself."""
    plain = Status(
        started=AT - timedelta(hours=2),
        trouble=None,
        sources=(),
        today=NONE,
        month=NONE,
        since=AT - timedelta(days=12),
        days=0,
        checked=True,
        signed=True,
    )
    return plain._replace(**more)


def page(lang="en", realm="actual", notice=None, **more):
    """Return the status page as HTML."""
    board = {"epoch": "0a1b2c3d", "seq": 43, "realm": realm, "as_of": stamp(AT), "fresh": {}, "areas": {}}
    if notice:
        board["notice"] = notice
    return PAGES.status(status(**more), board, lang).decode()


def lines(html, part):
    """Return the lines of one list of the page, without their tags."""
    found = re.search(rf'<ul id="{part}".*?</ul>', html, re.DOTALL)
    assert found is not None
    return [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<li>(.*?)</li>", found[0])]


def sentence(html):
    """Return the one sentence on top."""
    return re.findall(r'<h1 id="sentence">(.*?)</h1>', html)[0]


# What the page says


def test_a_live_server_says_since_when_and_when_the_page_was_made():
    """So that a page that stayed on a screen is not taken for news."""
    html = page()
    assert sentence(html) == "This server is live."
    assert "Running since 10:00." in html
    assert "As of 12:00:30, 1 March 2026, Kyiv time" in html
    assert '<meta http-equiv="refresh" content="10">' in html
    assert "older than 15 s" in html


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_server_in_trouble_says_so_first(trouble, lang):
    """In the one sentence and in the title; it is not called live alone."""
    html = page(lang, trouble=trouble)
    assert sentence(html) == STATUS_WORDS[lang][f"trouble_{trouble}"] != STATUS_WORDS[lang]["live"]
    assert f"<title>{sentence(html)}</title>" in html


def test_what_was_not_measured_is_said_to_be_so():
    """No zero, no dash, no time that nobody took."""
    said = lines(page(), "speed")
    assert said[0] == "Today (UTC): nothing was measured."
    assert said[1].startswith("Last 30 days: nothing was measured.")
    assert not re.search(r"\d+ m?s\b", " ".join(said))


def test_the_usual_and_the_worst_time_are_told_for_today_and_for_30_days():
    """With how often, since when and on how many days: 12 times on 2 days is not a month."""
    said = lines(page(today=FAST, month=FAST, days=2), "speed")
    assert said[0] == "Today (UTC): 12 times, half of them within 2 ms, the longest 14.2 ms, at 11:55."
    assert said[1].startswith("Last 30 days: 12 times, half of them within 2 ms")
    assert said[2] == "Measured since 12:00, 17 February, on 2 of the last 30 days."


def test_a_slow_server_is_called_slow():
    """Beyond the last bound it says that it was longer, not how long."""
    said = lines(page(month=SLOW, days=1), "speed")
    assert said[1] == (
        "Last 30 days: 3 times, half of them longer than 10 s, the longest 31.5 s, at 12:00, 20 February."
    )


@pytest.mark.parametrize(
    ("seconds", "english", "ukrainian"),
    [
        (0.0005, "0.5 ms", "0,5 мс"),
        (0.001, "1 ms", "1 мс"),
        (0.01, "10 ms", "10 мс"),
        (0.1, "100 ms", "100 мс"),
        (0.01423, "14.2 ms", "14,2 мс"),
        (0.00123, "1.23 ms", "1,23 мс"),
        (1.0, "1 s", "1 с"),
        (2.5, "2.5 s", "2,5 с"),
        (120.4, "120 s", "120 с"),
    ],
)
def test_a_time_has_three_digits_that_count(seconds, english, ukrainian):
    """With the comma that its readers write."""
    assert (length("en", seconds), length("uk", seconds)) == (english, ukrainian)


def test_each_source_says_when_it_was_heard():
    """One that was never heard is not called silent since a time."""
    sources = [Seen("north", True, 3.2), Seen("south", False, 312.0), Seen("west", False, None)]
    assert lines(page(sources=sources), "sources") == [
        "north: in contact, last heard 3 s ago",
        "south: no contact, last heard 5 min ago",
        "west: no contact since this server was started",
    ]
    assert lines(page(), "sources") == ["No source is in contact."]


def test_a_log_is_called_checked_only_when_it_was():
    """Whatever else is wrong at the same time."""
    assert "was checked" in lines(page(), "log")[1]
    for trouble in (Trouble.CHECKING, Trouble.DISK, Trouble.FULL):
        assert "still being checked" in lines(page(trouble=trouble, checked=False), "log")[1]
    assert lines(page(trouble=Trouble.DISTRUSTED, checked=True), "log")[1] == "It is not what it was."
    assert lines(page(), "log")[0] == "Log 0a1b2c3d, entry 43."


def test_a_note_is_offered_only_where_there_is_one():
    assert 'href="/v1/checkpoint"' in page()
    without = page(signed=False)
    assert 'href="/v1/checkpoint"' not in without
    assert "There is no signed note yet." in lines(without, "log")


def test_a_replay_says_that_it_is_one_in_both_languages():
    """Before anything else, and in the title."""
    html = page("uk", "replay", "replay of 2 January 2024, no present danger")
    notice = re.search(r'<div class="notice".*?</div>', html, re.DOTALL)
    assert notice and "Повтор 2 січня 2024" in notice[0] and "Replay of 2 January 2024" in notice[0]
    assert html.index("notice") < html.index("<h1") and '<body class="replay">' in html
    assert re.search(r"<title>Повтор", html)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_needs_no_script_and_nobody_elses_address(lang):
    html = page(lang, sources=[Seen("<b>&\u202e", True, 1.0)], today=FAST, month=FAST)
    assert "<script" not in html and "style=" not in html
    assert not re.search(r'(?:src|href)="(?!/|#)', html)
    assert "&lt;b&gt;&amp;" in html and "\u202e" not in html
    assert f'<html lang="{lang}">' in html


def test_every_text_has_the_same_values_in_both_languages():
    """A value that one language leaves out is missing to its readers; and nobody is promised to be safe."""
    for key in STATUS_WORDS["en"]:
        assert key not in WORDS["en"], "a key has one home"
        forms = [
            set(re.findall(r"\{(\w+)\}", part))
            for lang in LANGUAGES
            for part in STATUS_WORDS[lang][key].split("|")
        ]
        assert all(form == forms[0] for form in forms), key
    template = files("tocsin.public").joinpath("templates", "status.html").read_text("utf-8")
    every = " ".join([*(text for table in STATUS_WORDS.values() for text in table.values()), template])
    assert not re.search(r"\bsafe|безпечн", every, re.IGNORECASE)


# A real server


@pytest.fixture(scope="module")
def feed(server):
    """A feed in contact."""
    feed = server.feed("feed", "UA80,UA32", "air")
    feed.contact()
    return feed


def test_a_real_server_tells_its_status_in_the_readers_language(server, feed):
    """By the address, or by what the browser says; the board links to it."""
    english = server.get("/status?lang=en")
    assert english.status_code == 200 and english.headers["cache-control"] == "no-store"
    assert sentence(english.text) == "This server is live."
    asked = server.get("/status", headers={"Accept-Language": "uk"})
    assert sentence(asked.text) == "Сервер працює."
    for lang in LANGUAGES:
        assert f'href="/status?lang={lang}"' in server.get(f"/{lang}").text
    assert 'href="/status' not in server.get("/en?wall").text


def test_the_page_shows_what_was_measured_and_who_was_heard(server, feed):
    """After a raise that went to an open stream: one time, and since when."""
    feed.contact("UA80")
    with Listener(server) as stream:
        stream.next()
        feed.say("UA32")
        stream.next_but("beat")

        def there():
            html = server.get("/status?lang=en").text
            return html if "half of them" in html else None

        html = wait_until(there, "the time is on the page")
    assert re.match(
        r"Today \(UTC\): 1 time, half of them (within|longer than) \S+ m?s, ", lines(html, "speed")[0]
    )
    assert re.search(r"on 1 of the last 30 days\.$", lines(html, "speed")[2])
    assert re.match(r"feed: in contact, last heard \d+ s ago", lines(html, "sources")[0])
    assert len(lines(html, "sources")) == 1, "the country pack is none that can be heard"
    board = server.board()
    assert lines(html, "log")[0] == f"Log {board['epoch']}, entry {board['seq']}."


def test_whoever_keeps_a_note_can_hold_the_log_against_it(server, feed):
    """Note and key come from the public door; the note is of an entry of this log."""
    feed.contact("UA80")
    wait_until(lambda: server.get("/v1/checkpoint").status_code == 200, "the first note")
    signed, key = server.get("/v1/checkpoint"), server.get("/v1/checkpoint.key")
    assert signed.headers["content-type"] == key.headers["content-type"] == "text/plain; charset=utf-8"
    held = note.read(signed.text, key.text.strip())
    assert 1 <= held.seq <= server.board()["seq"] and held.realm == "actual"
    log = SqliteLog(server.data / "log.db", append=False)
    try:
        note.compare(log, held)
    finally:
        log.close()


def test_a_note_is_kept_over_a_restart(tmp_path):
    """There is one from the first moment on, by the same key."""
    with RunningServer(tmp_path) as server:
        wait_until(lambda: server.get("/v1/checkpoint").status_code == 200, "the first note")
        key = server.get("/v1/checkpoint.key").text
        server.stop()
        server.start()
        assert note.read(server.get("/v1/checkpoint").text, key.strip()).seq >= 1
        assert server.get("/v1/checkpoint.key").text == key


def in_one_process(story):
    """Tell a story of an outlet that signs nothing."""

    async def told():
        outlet = Outlet(UA, MemoryLog(Realm.ACTUAL), WallClock(), asyncio.get_running_loop())
        try:
            story(outlet, lambda path: outlet.door.answer(Request("GET", path, {}, keep=False)))
        finally:
            outlet.station.stop()

    asyncio.run(told())


@pytest.mark.parametrize("path", ["/v1/checkpoint", "/v1/checkpoint.key"])
def test_where_nothing_is_signed_it_is_said_what_to_do(path):
    """A problem, and not an empty note."""

    def story(outlet, ask):
        answer = ask(path)
        assert (answer.status, answer.kind) == (404, "application/problem+json")
        assert b'"todo":' in answer.body and b"no signed note" in answer.body

    in_one_process(story)


def test_a_log_that_was_found_changed_is_told_to_the_public():
    """At once, and on the page for everybody."""

    def story(outlet, ask):
        assert sentence(ask("/status?lang=en").body.decode()) == "This server is live."
        outlet.station.distrust(LogBroken("entry 2 was changed"))
        outlet.door.beat()
        html = ask("/status?lang=en").body.decode()
        assert sentence(html) == STATUS_WORDS["en"]["trouble_distrusted"]
        assert "entry 2 was changed" not in html, "what it says of the disk is for whoever runs it"

    in_one_process(story)
