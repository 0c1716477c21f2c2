"""Every dialect keeps the promises of all: unknown is never clear, in the way that its clients read it."""

from __future__ import annotations

import json
from functools import lru_cache
from xml.etree import ElementTree

import pytest

from tocsin.countries import load
from tocsin.dialects import Reply, jaam
from tocsin.dialects.alerts_com_ua import AlertsComUa
from tocsin.dialects.alerts_in_ua import AlertsInUa
from tocsin.dialects.meteoalarm import MeteoAlarm
from tocsin.dialects.mirrors import SirensInUa, Tryvoha, Ubilling, VadimKlimenko
from tocsin.dialects.nina import Nina
from tocsin.dialects.nws import Nws
from tocsin.dialects.ukrainealarm import UkraineAlarm
from tocsin.model import THREATS, Realm, State
from tocsin.public.spoken import speak
from tocsin.testing.dialects import DialectPromises, land

UA = land().areas


def chain_codes(system, area):
    """Return the codes of an area and of all around it."""
    return {land().codes.of(system, above) for above in UA.chain(area)} - {None}


def inside(system, area):
    """Return the codes of all that lies in an area."""
    return {land().codes.of(system, part) for part in UA.below(area)} - {None}


def refused(reply):
    """Return what a client knows from an error: there is no such region, or it is not known."""
    return None if reply.status == 404 else State.UNKNOWN


class TestAlertsInUaActive(DialectPromises):
    """The list of active alerts: what is not in it is clear."""

    dialect = AlertsInUa()
    system = "alerts_in_ua"
    threats = THREATS

    def read(self, ask, area):
        reply = ask("/v1/alerts/active.json")
        if reply.status != 200:
            return refused(reply)
        uids = {row["location_uid"] for row in json.loads(reply.body)["alerts"]}
        if uids & chain_codes(self.system, area):
            return State.RAISED
        return State.PARTLY if uids & inside(self.system, area) else State.CLEAR

    def test_what_nobody_covers_is_never_clear(self):
        """The list has no word for it.  It is not refused, and says so to whoever reads on."""
        world = self.world()
        for threat in THREATS:
            world.tell(State.NOT_COVERED, "UA74", threat=threat)
        reply = world.ask("/v1/alerts/active.json")
        assert reply.status == 200
        assert "no source reports on" in json.loads(reply.body)["disclaimer"]


LETTERS = {
    "A": State.RAISED,
    "R": State.RAISED,
    "Y": State.RAISED,
    "P": State.PARTLY,
    "N": State.CLEAR,
    " ": None,
}


class TestAlertsInUaOblasts(DialectPromises):
    """27 letters; a client reads any letter that it does not know as clear."""

    dialect = AlertsInUa()
    system = "alerts_in_ua_oblast"
    gaps = False
    path = "/v1/iot/active_air_raid_alerts_by_oblast.json"

    def read(self, ask, area):
        reply = ask(self.path)
        if reply.status != 200:
            return refused(reply)
        letter = json.loads(reply.body)[int(land().codes.of(self.system, area))]
        return LETTERS.get(letter, State.CLEAR) or State.CLEAR


class TestAlertsInUaOblasts2(TestAlertsInUaOblasts):
    """The same in version 2."""

    path = "/v2/iot/active_air_raid_alerts_by_oblast.json"


class TestAlertsInUaUids(DialectPromises):
    """A letter a uid; a gap is skipped."""

    dialect = AlertsInUa()
    system = "alerts_in_ua"

    def read(self, ask, area):
        reply = ask("/v1/iot/active_air_raid_alerts.json")
        if reply.status != 200:
            return refused(reply)
        return LETTERS[json.loads(reply.body)[int(land().codes.of(self.system, area))]]


class TestAlertsInUaUid(DialectPromises):
    """One letter."""

    dialect = AlertsInUa()
    system = "alerts_in_ua"

    def read(self, ask, area):
        reply = ask(f"/v2/iot/active_air_raid_alerts/{land().codes.of(self.system, area)}.json")
        return LETTERS[json.loads(reply.body)] if reply.status == 200 else refused(reply)


class TestUkraineAlarmRegion(DialectPromises):
    """One region, as Home Assistant asks for it."""

    dialect = UkraineAlarm()
    system = "ukrainealarm"
    threats = THREATS

    def read(self, ask, area):
        code = land().codes.of(self.system, area)
        reply = ask(f"/api/v3/alerts/{code}")
        if reply.status != 200:
            return refused(reply)
        (region,) = json.loads(reply.body)
        assert region["regionId"] == code
        ids = {alert["regionId"] for alert in region["activeAlerts"]}
        if ids & chain_codes(self.system, area):
            return State.RAISED
        return State.PARTLY if ids else State.CLEAR


class TestUkraineAlarmList(DialectPromises):
    """The list of regions with alerts: what is not in it is clear."""

    dialect = UkraineAlarm()
    system = "ukrainealarm"
    threats = THREATS

    def read(self, ask, area):
        if land().codes.of(self.system, area) not in regions(ask("/api/v3/regions").body):
            return None
        reply = ask("/api/v3/alerts")
        if reply.status != 200:
            return refused(reply)
        ids = {alert["regionId"] for region in json.loads(reply.body) for alert in region["activeAlerts"]}
        if ids & chain_codes(self.system, area):
            return State.RAISED
        return State.PARTLY if ids & inside(self.system, area) else State.CLEAR


@lru_cache(maxsize=4)
def regions(tree):
    """Return the ids of a tree of regions, as a client walks it to let its user choose."""
    found, waiting = set(), json.loads(tree)["states"]
    while waiting:
        region = waiting.pop()
        found.add(region["regionId"])
        waiting.extend(region["regionChildIds"])
    return found


class TestUbilling(DialectPromises):
    """Oblasts by their names, true or false."""

    dialect = Ubilling()
    system = "iso_3166_2"

    def read(self, ask, area):
        reply = ask("/aerialalerts/")
        if reply.status != 200:
            return refused(reply)
        state = json.loads(reply.body)["states"].get(UA.name(area, "uk"))
        if state is None:
            return None
        return State.RAISED if state["alertnow"] else State.CLEAR


class TestVadimKlimenko(DialectPromises):
    """Oblasts by their names, with their raions."""

    dialect = VadimKlimenko()
    system = "iso_3166_2"

    def read(self, ask, area):
        reply = ask("/map/statuses.json")
        if reply.status != 200:
            return refused(reply)
        state = json.loads(reply.body)["states"].get(UA.name(area, "uk"))
        if state is None:
            return None
        return State.RAISED if state["enabled"] else State.CLEAR


class TestSirensInUa(DialectPromises):
    """The one with a word for unknown."""

    dialect = SirensInUa()
    system = "sirens_in_ua"

    def read(self, ask, area):
        word = json.loads(ask("/api/v1/").body)[land().codes.of(self.system, area)]
        words = {"full": State.RAISED, "partial": State.PARTLY, None: State.CLEAR, "no_data": State.UNKNOWN}
        return words[word]


class TestTryvoha(DialectPromises):
    """One slug."""

    dialect = Tryvoha()
    system = "tryvoha"

    def read(self, ask, area):
        reply = ask(f"/api/v1/alerts/{land().codes.of(self.system, area)}")
        if reply.status != 200:
            return refused(reply)
        answer = json.loads(reply.body)
        if answer["active"]:
            return State.RAISED
        return State.PARTLY if answer["active_anywhere"] else State.CLEAR


class TestTryvohaList(DialectPromises):
    """The list."""

    dialect = Tryvoha()
    system = "tryvoha"

    def read(self, ask, area):
        reply = ask("/api/v1/alerts")
        if reply.status != 200:
            return refused(reply)
        slugs = {alert["slug"] for alert in json.loads(reply.body)["alerts"]}
        if slugs & chain_codes(self.system, area):
            return State.RAISED
        return State.PARTLY if slugs & inside(self.system, area) else State.CLEAR

    def test_what_nobody_covers_is_never_clear(self):
        """The list has no word for it; asked for by itself, such a slug is none."""
        world = self.world()
        world.tell(State.NOT_COVERED, "UA74")
        assert world.ask("/api/v1/alerts").status == 200
        assert world.ask(f"/api/v1/alerts/{land().codes.of('tryvoha', 'UA74')}").status == 404


class TestAlertsComUaStates(DialectPromises):
    """25 states in a list."""

    dialect = AlertsComUa()
    system = "alerts_com_ua"

    def read(self, ask, area):
        reply = ask("/api/states?short")
        if reply.status != 200:
            return refused(reply)
        states = {row["id"]: row["alert"] for row in json.loads(reply.body)["states"]}
        alert = states.get(int(land().codes.of(self.system, area)))
        return None if alert is None else State.RAISED if alert else State.CLEAR


class TestAlertsComUaState(DialectPromises):
    """One state; null is none."""

    dialect = AlertsComUa()
    system = "alerts_com_ua"

    def read(self, ask, area):
        reply = ask(f"/api/states/{land().codes.of(self.system, area)}")
        if reply.status != 200:
            return refused(reply)
        state = json.loads(reply.body)["state"]
        return None if state is None else State.RAISED if state["alert"] else State.CLEAR


class Frames:
    """The frames of the lamp, as a dialect that can be asked for one."""

    name = "JAAM frames"
    reads: frozenset[str] = frozenset()
    ticks = False

    def __init__(self, version):
        self.routes = {"/frame": lambda sight, asked: self.reply(sight, version)}

    def reply(self, sight, version):
        """Return the frame, or that the socket is closed."""
        found = jaam.frame(sight, version)
        return Reply(b"", status=503) if found is None else Reply(found)


class TestJaamFrame(DialectPromises):
    """28 slots; the device reads a missing one as clear."""

    dialect = Frames(4)
    system = "jaam"
    gaps = False

    def read(self, ask, area):
        reply = ask("/frame")
        if reply.status != 200:
            return refused(reply)
        alerts = json.loads(reply.body)["alerts"]
        assert len(alerts) == 28
        slot = alerts[int(land().codes.of(self.system, area))]
        return State.RAISED if (slot if isinstance(slot, int) else slot[0]) else State.CLEAR


class TestJaamFrame1(TestJaamFrame):
    """The first version has no times."""

    dialect = Frames(1)


class TestJaamStatuses(DialectPromises):
    """The JSON of its web server."""

    dialect = jaam.Jaam()
    system = "alerts_com_ua"  # those of the slots that are oblasts
    gaps = False

    def read(self, ask, area):
        reply = ask("/alerts_statuses_v1.json")
        if reply.status != 200:
            return refused(reply)
        row = json.loads(reply.body)["states"][UA.name(area, "uk")]
        assert json.loads(ask("/alerts_statuses_v3.json").body)[UA.name(area, "uk")] is row["enabled"]
        return State.PARTLY if row["district"] else State.RAISED if row["enabled"] else State.CLEAR


def state_by_zones(system, area, zones):
    """Return what a client makes of the zones that alerts name."""
    if land().codes.of(system, area) in zones:
        return State.RAISED
    return State.PARTLY if zones & inside(system, area) else State.CLEAR


class TestNwsList(DialectPromises):
    """All alerts; a client looks for its zone among those of each."""

    dialect = Nws()
    system = "ugc"
    threats = THREATS

    def read(self, ask, area):
        reply = ask("/alerts/active")
        if reply.status != 200:
            return refused(reply)
        features = json.loads(reply.body)["features"]
        zones = {zone for one in features for zone in one["properties"]["geocode"]["UGC"]}
        return state_by_zones(self.system, area, zones)

    def test_what_nobody_covers_is_never_clear(self):
        """The list has no word for it; asked for by itself, such a zone is none."""
        world = self.world()
        for threat in THREATS:
            world.tell(State.NOT_COVERED, "UA74", threat=threat)
        assert world.ask("/alerts/active").status == 200
        assert world.ask("/alerts/active/zone/UAZ074").status == 404


class TestNwsZone(DialectPromises):
    """One zone: any alert there is one for it."""

    dialect = Nws()
    system = "ugc"
    threats = THREATS

    def read(self, ask, area):
        reply = ask(f"/alerts/active?zone={land().codes.of(self.system, area)}")
        if reply.status != 200:
            return refused(reply)
        features = json.loads(reply.body)["features"]
        zones = {zone for one in features for zone in one["properties"]["geocode"]["UGC"]}
        return state_by_zones(self.system, area, zones)


class TestNina(DialectPromises):
    """A dashboard: any warning on it is one for the region."""

    dialect = Nina()
    system = "nina"
    threats = THREATS

    def areas(self):
        """Return oblasts and raions: no finer region has digits that count."""
        return [area.id for area in UA if area.level in ("oblast", "raion")]

    def read(self, ask, area):
        reply = ask(f"/api31/dashboard/{land().codes.of('ars', area)}.json")
        if reply.status != 200:
            return refused(reply)
        warnings = json.loads(reply.body)
        for warning in warnings:
            assert ask(f"/api31/warnings/{warning['id']}.json").status == 200
        digits = {warning["payload"]["data"]["area"]["data"] for warning in warnings}
        if digits & chain_codes("ars", area):
            return State.RAISED
        return State.PARTLY if warnings else State.CLEAR


class TestMeteoAlarm(DialectPromises):
    """The feed of a country: a client looks for its province's name."""

    dialect = MeteoAlarm("ukraine")
    system = "meteoalarm"
    threats = THREATS

    def read(self, ask, area):
        reply = ask("/feeds/meteoalarm-legacy-atom-ukraine")
        if reply.status != 200:
            return refused(reply)
        cap = "{urn:oasis:names:tc:emergency:cap:1.2}"
        feed = ElementTree.fromstring(reply.body)
        name = UA.name(area, "en")
        described: list[str] = []
        not_known: list[str] = []
        for entry in feed.iter("{http://www.w3.org/2005/Atom}entry"):
            known = entry.findtext(f"{cap}certainty") == "Observed"
            (described if known else not_known).append(entry.findtext(f"{cap}areaDesc"))
        if any(name in one for one in not_known):
            return State.UNKNOWN
        if any(one == name or one.startswith((f"{name} (", f"{name}, ")) for one in described):
            return State.RAISED
        return State.PARTLY if any(name in one for one in described) else State.CLEAR

    def test_what_nobody_covers_is_never_clear(self):
        """The feed of a country has no word for it; it is refused for nobody."""
        world = self.world()
        for threat in THREATS:
            world.tell(State.NOT_COVERED, "UA74", threat=threat)
        assert world.ask("/feeds/meteoalarm-legacy-atom-ukraine").status == 200


def test_every_dialect_at_the_door_is_among_these():
    """A dialect without promises is not spoken."""
    spoken = speak(load("ua"), Realm.ACTUAL, lambda: None)
    tried = {one.dialect.name for one in DialectPromises.__subclasses__()}
    assert {dialect.name for dialect in spoken.dialects} <= tried


@pytest.mark.parametrize("realm", [realm for realm in Realm if realm is not Realm.ACTUAL])
def test_the_door_of_another_realm_speaks_none(realm):
    """Not even the paths are there."""
    assert speak(load("ua"), realm, lambda: None) is None
