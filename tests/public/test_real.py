"""The page *is this real?*: it says what was sent and what holds now, and never more than it knows."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import wait_until


@pytest.fixture(scope="module")
def feed(server):
    """A feed for the whole country."""
    return server.feed("real")


def asked(server, text, lang="en"):
    """Return what the page answers, without its markup."""

    def ask():
        answer = server.get("/real", params={"text": text, "lang": lang})
        return answer if answer.status_code == 200 else None

    html = wait_until(ask, "the page has room").text.partition('id="found"')[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def identifiers(server):
    """Return the identifiers in the feed of messages."""
    return re.findall(r"<identifier>([^<]+)<", server.get("/v1/alerts.atom").text)


def test_an_identifier_of_ours_is_known_with_what_it_said(server, feed):
    """Whoever doubts a message reads when it was sent and what it said."""
    feed.say("UA59")
    name = wait_until(lambda: identifiers(server), "a message is in the feed")[0]
    told = asked(server, f"forwarded: {name} !!!")
    assert "Yes, we sent this" in told
    assert name in told
    assert "Sumy" in told


def test_an_identifier_that_we_never_gave_is_not_called_ours(server, feed):
    """It says that it has no such message, and how many it remembers; not that anything is false."""
    told = asked(server, "0badcafe-12345")
    assert "We have no message of this name: 0badcafe-12345" in told
    assert "Yes" not in told


def test_the_words_of_a_picture_lead_to_what_holds_there_now(server, feed):
    """In either language."""
    feed.say("UA63")
    for text, lang, words in (
        ("Massive ATTACK on Kharkiv Oblast!!! share", "en", "Now: Kharkiv Oblast: Alert"),
        ("Харківська область під атакою", "uk", "Зараз: Харківська область: Тривога"),
    ):
        assert words in asked(server, text, lang)


def test_an_area_of_which_nothing_is_known_is_not_called_clear(server, feed):
    """Nobody was heard for it: unknown, as on the map."""
    told = asked(server, "Волинська область відбій", "uk")
    assert "Невідомо" in told
    assert "Зараз: Волинська область: Відбій" not in told


def test_what_names_nothing_of_ours_gets_no_answer_but_advice(server):
    """The page does not guess."""
    told = asked(server, "hello world")
    assert "We know no area and no message of ours in this." in told
    assert "act as during an alert" in told


def test_markup_and_control_characters_of_a_text_are_shown_and_do_nothing(server):
    """The text comes from a stranger's picture."""
    page = server.get("/real", params={"text": '</textarea><script>x()</script>\u202e"', "lang": "en"}).text
    assert "<script>x()" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page


def test_a_flood_of_questions_does_not_hold_up_the_board(server):
    """Each costs more than the board does; beyond some in a quarter of a second they are asked to wait."""
    with ThreadPoolExecutor(8) as many:
        codes = list(
            many.map(lambda n: server.get("/real", params={"text": f"Київ {n}"}).status_code, range(400))
        )
    begun = time.monotonic()
    assert server.get("/v1/board.json").status_code == 200
    assert time.monotonic() - begun < 1
    assert set(codes) <= {200, 503}
    assert 503 in codes
