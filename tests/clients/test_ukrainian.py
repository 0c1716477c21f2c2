"""Ukrainian clients see a raise, an all clear, and never a clear when the feed is dead.

Each is unchanged, and only its address is another one.
"""

from __future__ import annotations

import time

import pytest

from tests.clients.clients import Client, failed, program_of
from tests.clients.conftest import SILENCE_S
from tests.support import wait_until

KYIV, OBLAST = "м. Київ", "Харківська область"
DEAD_S = (
    SILENCE_S + 1.5
)  # from the last contact until nothing may be clear any more: a tick and a beat beside


@pytest.fixture(params=["waiting", "async"])
def alerts_in_ua(request):
    """The client for alerts.in.ua, in both its forms."""
    program_of("alerts-in-ua")  # a server is not begun for nothing
    living = request.getfixturevalue("living")
    with Client("alerts-in-ua", "alerts_in_ua", living.feed.server.public, request.param) as client:
        yield client


@pytest.fixture(params=["uasiren", "ukrainealarm", "ua-alarm"])
def siren(request):
    """The three clients for ukrainealarm."""
    program_of(request.param)
    living = request.getfixturevalue("living")
    driver = "ua_alarm" if request.param == "ua-alarm" else "siren"
    with Client(request.param, driver, living.feed.server.public, request.param) as client:
        yield client


def never_clear(ask, clear, for_s=2.0):
    """Ask again and again: no answer may read as clear."""
    end = time.monotonic() + for_s
    count = 0
    while time.monotonic() < end:
        said = ask()
        assert not clear(said), said
        count += 1
    assert count > 3


def test_alerts_in_ua_without_a_feed_is_never_clear(alerts_in_ua):
    """Nobody has said anything yet: every question ends as an error."""
    for question in ("active", "oblasts", "uids", "31"):
        assert failed(alerts_in_ua.ask(question)), question


def test_alerts_in_ua_sees_a_raise_and_an_all_clear(alerts_in_ua, living):
    """In the list, in the strings and for one region; also from its cache."""
    living.live()
    wait_until(lambda: not failed(alerts_in_ua.ask("active")), "all is known")
    first = alerts_in_ua.ask("updated")
    assert {row["uid"] for row in alerts_in_ua.ask("active")} == {"29", "16"}  # what has stood for years
    assert alerts_in_ua.ask("31") == "no_alert"
    living.say("UA80", level="yellow")
    living.say("UA6302")
    raised = {row["uid"]: row for row in alerts_in_ua.ask("active")}
    assert set(raised) == {"29", "16", "31", "126"}
    assert (raised["31"]["type"], raised["31"]["level"]) == ("air_raid", "yellow")
    assert alerts_in_ua.ask("updated") > first
    assert alerts_in_ua.ask("oblasts") == {KYIV: "active", OBLAST: "partly"}
    assert alerts_in_ua.ask("uids") == {KYIV: "active", OBLAST: "partly"}
    assert (alerts_in_ua.ask("31"), alerts_in_ua.ask("level")) == ("active", "yellow")
    living.say("UA80", "clear")
    living.say("UA6302", "clear")
    assert {row["uid"] for row in alerts_in_ua.ask("active")} == {"29", "16"}
    assert alerts_in_ua.ask("oblasts") == {KYIV: "no_alert", OBLAST: "no_alert"}
    assert alerts_in_ua.ask("31") == "no_alert"
    assert [row["uid"] for row in alerts_in_ua.ask("history")] == ["31"]


def test_alerts_in_ua_is_never_clear_when_the_feed_is_dead(alerts_in_ua, living):
    """What it keeps must not come back as *not modified*."""
    living.live()
    wait_until(lambda: alerts_in_ua.ask("31") == "no_alert", "all is known")
    for question in ("active", "oblasts", "uids"):
        assert not failed(alerts_in_ua.ask(question))  # now it has each in its cache
    living.die()
    time.sleep(DEAD_S)
    for question in ("active", "oblasts", "uids", "31"):
        never_clear(lambda question=question: alerts_in_ua.ask(question), lambda said: not failed(said), 0.5)


def test_ukrainealarm_without_a_feed_is_never_clear(siren):
    """Every question ends as an error."""
    for question in ("all", "region", "oblast"):
        assert failed(siren.ask(question)), question


def test_ukrainealarm_sees_a_raise_and_an_all_clear(siren, living):
    """In the list and for one region; an oblast of which a part is raised is not clear."""
    living.live()
    wait_until(lambda: siren.ask("region") == [], "all is known")
    first = siren.ask("status")
    assert set(siren.ask("all")) == {"9999", "16"}
    assert siren.ask("regions") == 26  # Sevastopol has no code there
    living.say("UA80")
    living.say("UA6302")
    assert set(siren.ask("all")) == {"9999", "16", "31", "126"}
    assert (siren.ask("region"), siren.ask("oblast")) == (["AIR"], ["AIR"])
    second = siren.ask("status")
    assert second > first
    living.say("UA80", "clear")
    living.say("UA6302", "clear")
    assert (siren.ask("region"), siren.ask("oblast")) == ([], [])
    assert set(siren.ask("all")) == {"9999", "16"}
    assert siren.ask("status") > second


def test_ukrainealarm_is_never_clear_when_the_feed_is_dead(siren, living):
    """What was clear becomes an error; what was raised stays raised."""
    living.live()
    wait_until(lambda: siren.ask("region") == [], "all is known")
    living.say("UA6302")
    assert siren.ask("oblast") == ["AIR"]
    living.die()
    time.sleep(DEAD_S)
    never_clear(lambda: siren.ask("region"), lambda said: said == [], 1.0)
    never_clear(lambda: siren.ask("oblast"), lambda said: said == [], 0.5)
    assert failed(siren.ask("all"))
