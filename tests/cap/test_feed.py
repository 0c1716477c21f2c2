"""Feeds: ours carries the messages as we wrote them; of others' the links are found."""

from datetime import UTC, datetime

import pytest

from tests.cap.messages import alert
from tests.shared import shared
from tocsin.cap.feed import read_links, to_atom
from tocsin.cap.read import read
from tocsin.errors import SourceGarbled

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://example.org/cap/"


def test_our_feed_carries_the_messages_and_links_to_them():
    """Whoever reads either way reads the same."""
    first, second = (read(alert(identifier=name).encode())[0].message for name in ("one", "two"))
    feed = to_atom([first, second], id=URL, title="A < B & C", updated=NOON, url=URL)

    assert {one.message for one in read(feed)} == {first, second}
    assert {one.url for one in read_links(feed)} == {f"{URL}one", f"{URL}two"}
    assert all(one.findings == () for one in read(feed))
    assert b"<updated>2026-03-01T12:00:00Z</updated>" in feed


def test_a_link_that_says_it_is_cap_goes_before_another():
    """An entry often links to a page for people first."""
    feed = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><updated>2026-03-01T12:00:00Z</updated>"
        b"<link href='https://example.org/page'/><link type='application/cap+xml' href='https://example.org/cap'/>"
        b"</entry><entry><link rel='self' href='https://example.org/self'/></entry></feed>"
    )

    assert read_links(feed) == (("1", NOON, "https://example.org/cap"),)


def test_the_links_of_an_rss_feed_are_texts():
    """And their time is in a form that we do not need."""
    feed = (
        b"<rss><channel><link>https://example.org/</link><item><guid>1</guid><pubDate>Sunday</pubDate>"
        b"<link> https://example.org/1.xml </link></item></channel></rss>"
    )

    assert read_links(feed) == (("1", None, "https://example.org/1.xml"),)


@pytest.mark.parametrize("body", [b"", b"<html/>", alert().encode(), b"<!DOCTYPE feed><feed/>"])
def test_what_is_no_feed_is_said_to_be_none(body):
    """To whoever runs it."""
    with pytest.raises(SourceGarbled):
        read_links(body)


def test_the_links_of_a_real_feed_are_found():
    """MeteoAlarm's form, in which each entry links to a message."""
    found = read_links(shared("cap/samples/meteoalarm-lv__feed.xml").read_bytes())

    assert found
    assert all(one.url.startswith("http") for one in found)
