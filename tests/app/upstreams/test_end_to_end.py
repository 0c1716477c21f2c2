"""One tocsin listens to another, through each format: raise, all clear, and silence that is none."""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.support import RunningServer, wait_until

SPEEDY = "silence_s = 3.0\n"


def table(name, format, url, areas=("UA80", "UA46"), **more):
    """Return a table of a settings file."""
    given = {"name": name, "format": format, "url": url, "threats": ["air"], "every_s": 0.2, **more}
    lines = [f"{key} = {_toml(value)}" for key, value in given.items()]
    return "\n".join(["[[upstream]]", f"areas = {_toml(list(areas))}", *lines, ""])


def _toml(value):
    return (
        str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if not isinstance(value, str)
        else f'"{value}"'
    )


@contextlib.contextmanager
def two(tmp_path, format, **more):
    """Run a server with a feed, and one that listens to it."""
    with RunningServer(tmp_path / "a", SPEEDY) as origin:
        feed = origin.feed("feed", "UA", "*")
        feed.contact()
        wait_until(lambda: origin.told("UA80")["state"] == "clear", "all is known there")
        settings = SPEEDY + table("up", format, origin.public, **more)
        with RunningServer(tmp_path / "b", settings) as here:
            yield origin, feed, here


@pytest.mark.parametrize("format", ["alerts.in.ua", "tocsin", "ukrainealarm", "alerts.com.ua"])
def test_what_another_says_is_said_here(tmp_path, format):
    """And when its feed dies it is not clear here: what was raised stays, the rest is unknown."""
    with two(tmp_path, format) as (origin, feed, here):
        wait_until(lambda: (feed.contact(), here.told("UA80")["state"] == "clear")[1], "clear here")
        feed.say("UA80")
        wait_until(lambda: here.told("UA80")["state"] == "raised", "raised here", 3)
        assert here.told("UA80")["sources"] == ["up"]
        assert here.told("UA46")["state"] == "clear"
        feed.say("UA80", "clear")
        wait_until(lambda: (feed.contact(), here.told("UA80")["state"] == "clear")[1], "clear again", 3)
        feed.say("UA80")
        wait_until(lambda: here.told("UA80")["state"] == "raised", "raised here", 3)
        origin.kill()
        wait_until(lambda: here.told("UA46")["state"] == "unknown", "nobody vouches for it", 8)
        assert here.told("UA80")["state"] == "raised"
        assert here.running and "fault of tocsin" not in here.errors()


def test_a_feed_of_cap_raises_and_its_all_clear_ends(tmp_path):
    """What it does not speak of is unknown, always: nobody ruled that it is complete."""
    with RunningServer(tmp_path / "a") as origin:
        feed = origin.feed("feed", "UA", "*")
        feed.contact()
        settings = "silence_s = 60.0\n" + table("up", "cap", f"{origin.public}/v1/alerts.atom")
        with RunningServer(tmp_path / "b", settings) as here:
            feed.say("UA80", text="Дрони")
            wait_until(lambda: here.told("UA80")["state"] == "raised", "raised here", 5)
            assert here.told("UA80")["text"] == "Дрони"
            feed.say("UA80", "clear")
            wait_until(lambda: here.told("UA80")["state"] == "clear", "clear here")
            feed.say("UA80")
            wait_until(lambda: here.told("UA80")["state"] == "raised", "raised again")
            feed.say("UA80", "cancelled")
            wait_until(lambda: here.told("UA80").get("cancelled"), "sent in error")
            assert (here.told("UA80")["state"], here.told("UA46")["state"]) == ("unknown", "unknown")
            assert here.running and "fault of tocsin" not in here.errors()


def test_a_source_that_comes_back_is_heard_again(tmp_path):
    """It says at once that it does not know, since its own feed is silent; and is heard again with that."""
    with two(tmp_path, "tocsin") as (_, feed, here):
        feed.say("UA80")
        wait_until(lambda: here.told("UA80")["state"] == "raised", "raised here", 5)
        wait_until(lambda: here.told("UA46")["state"] == "unknown", "its feed is silent", 8)
        assert here.told("UA80")["state"] == "raised"
        feed.contact("UA80")
        wait_until(lambda: here.told("UA46")["state"] == "clear", "heard again", 3)
        feed.say("UA80", "clear")
        wait_until(lambda: (feed.contact(), here.told("UA80")["state"] == "clear")[1], "clear here")


def test_any_source_raises_and_all_must_clear(tmp_path):
    """Two upstreams for one area: an all clear of one does not end what the other holds."""
    with (
        RunningServer(tmp_path / "a") as one,
        RunningServer(tmp_path / "b") as other,
    ):
        feeds = [server.feed("feed", "UA", "*") for server in (one, other)]
        settings = table("one", "alerts.in.ua", one.public) + table("other", "tocsin", other.public)
        with RunningServer(tmp_path / "c", settings) as here:
            for feed in feeds:
                feed.contact()
            wait_until(lambda: here.told("UA80")["state"] == "clear", "clear here")
            for feed in feeds:
                feed.say("UA80")
            wait_until(lambda: here.told("UA80")["sources"] == ["one", "other"], "both raise", 5)
            feeds[0].say("UA80", "clear")
            wait_until(lambda: here.told("UA80")["sources"] == ["other"], "one has cleared", 5)
            time.sleep(0.5)
            assert here.told("UA80")["state"] == "raised"
            feeds[1].say("UA80", "clear")
            wait_until(lambda: here.told("UA80")["state"] == "clear", "both have cleared", 5)
