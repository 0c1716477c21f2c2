"""Home Assistant's sensors go on, go off, and are not off when the feed is dead."""

from __future__ import annotations

import time

import pytest

from tests.clients.clients import Client, program_of
from tests.clients.conftest import SILENCE_S
from tests.support import wait_until


@pytest.fixture(params=["ukraine_alarm", "nina", "meteoalarm"])
def house(request):
    """Home Assistant with one integration."""
    program_of("home-assistant")
    living = request.getfixturevalue("living")
    with Client("home-assistant", "home_assistant", living.feed.server.public, request.param) as asked:
        yield asked


def first_off(house, living):
    """Wait until all is known, and have what was not set up before begin."""
    living.live()
    server = living.feed.server
    wait_until(lambda: server.get("/feeds/meteoalarm-legacy-atom-ukraine").status_code == 200, "all is known")
    house.ask("restart")
    wait_until(lambda: house.ask("kyiv") == ["off"], "all is known")


def test_without_a_feed_no_sensor_is_off(house):
    """An integration that is refused cannot be set up, and Home Assistant says so."""
    assert house.ask("kyiv") in ([], ["on"])
    assert house.ask("oblast") in ([], ["on"])


def test_a_sensor_goes_on_and_off(house, living):
    """For a city, and for an oblast of which a part is raised."""
    first_off(house, living)
    assert house.ask("oblast") == ["off"]
    living.say("UA80")
    living.say("UA6302")
    assert "on" in house.ask("kyiv")
    assert "on" in house.ask("oblast")
    living.say("UA80", "clear")
    living.say("UA6302", "clear")
    assert (house.ask("kyiv"), house.ask("oblast")) == (["off"], ["off"])


def test_no_sensor_is_off_when_the_feed_is_dead(house, living):
    """What was off is unavailable, or on with the word that it is unknown; what was on is not off."""
    first_off(house, living)
    living.say("UA6302")
    assert "on" in house.ask("oblast")
    living.die()
    time.sleep(SILENCE_S + 1.5)
    assert house.ask("kyiv") in (["unavailable"], ["on"])
    assert house.ask("oblast") in (["unavailable"], ["on"])
