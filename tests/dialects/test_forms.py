"""The forms, to the letter where a client breaks otherwise."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest

from tocsin.dialects import Reply, jaam
from tocsin.dialects.alerts_com_ua import AlertsComUa
from tocsin.dialects.alerts_in_ua import AlertsInUa
from tocsin.dialects.meteoalarm import MeteoAlarm
from tocsin.dialects.mirrors import Tryvoha, Ubilling, VadimKlimenko
from tocsin.dialects.nina import Nina
from tocsin.dialects.nws import Nws
from tocsin.dialects.ukrainealarm import UkraineAlarm
from tocsin.model import THREATS, Level, Realm, SourceId, State, Threat
from tocsin.testing.dialects import AIR, AT, Moment, World, land
from tocsin.views.history import End, Interval
from tocsin.warn.told import Status

ACTIVE = "/v1/alerts/active.json"
FIELDS = {
    "id", "location_title", "location_type", "started_at", "finished_at", "updated_at", "alert_type",
    "location_uid", "location_oblast", "location_oblast_uid", "location_raion", "location_title_en", "notes",
    "country", "calculated", "alert_level", "threats",
}  # fmt: skip


def asked(dialect, target, *raised, accept=""):
    """Return an answer as JSON, with some areas raised."""
    world = World(dialect, *THREATS)
    for area in raised:
        world.tell(State.RAISED, area)
    return json.loads(world.ask(target, accept).body)


def past(*spans):
    """Return a past of (area, minutes ago that it began, and ended)."""
    rows = [
        Interval(
            AT - timedelta(minutes=since),
            AT - timedelta(minutes=until) if until is not None else None,
            End.OBSERVED if until is not None else End.OPEN,
            SourceId("feed"),
            area,
            AIR,
        )
        for area, since, until in spans
    ]
    return lambda since, until: rows


# alerts.in.ua


def test_a_row_has_every_key_and_the_types_that_strict_clients_need():
    """A text for the uid, a number for the oblast's; a fraction in every time."""
    (row,) = asked(AlertsInUa(), ACTIVE, "UA6302")["alerts"]
    assert set(row) == FIELDS
    assert (row["location_uid"], row["location_oblast_uid"], row["location_type"]) == ("126", 22, "raion")
    assert isinstance(row["id"], int) and 0 <= row["id"] < 2**31
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["started_at"])
    assert (row["alert_type"], row["alert_level"], row["finished_at"]) == ("air_raid", "red", None)
    assert row["location_oblast"] == "Харківська область"


def test_the_meta_of_a_list_can_be_read():
    """A client breaks without it, and reads the time in one form only."""
    meta = asked(AlertsInUa(), ACTIVE)["meta"]
    assert datetime.strptime(meta["last_updated_at"], "%Y/%m/%d %H:%M:%S %z") - AT < timedelta(seconds=6)


@pytest.mark.parametrize(
    ("threat", "theirs"),
    [
        ("air", "air_raid"),
        ("artillery", "artillery_shelling"),
        ("nuclear", "nuclear"),
        ("mud", "unknown"),
    ],
)
def test_every_threat_has_a_type(threat, theirs):
    """One that they do not know is kept as unknown, not dropped."""
    world = World(AlertsInUa(), *THREATS)
    world.told.tell(Threat(threat), ["UA80"], Status(State.RAISED, AT, (SourceId("feed"),)))
    rows = json.loads(world.ask(ACTIVE).body)["alerts"]
    assert [row["alert_type"] for row in rows] == [theirs]


def test_a_row_covers_its_parts():
    """A raion in a raised oblast has no row of its own."""
    rows = asked(AlertsInUa(), ACTIVE, "UA6302", "UA63")["alerts"]
    assert [row["location_uid"] for row in rows] == ["22"]


def test_a_city_without_a_uid_raises_the_hromada_around_it():
    """It is shown larger than it is, and not left out."""
    rows = asked(AlertsInUa(), ACTIVE, "UA7410039001")["alerts"]
    uid = land().areas["UA7410039"].codes["alerts_in_ua"]
    assert [row["location_uid"] for row in rows] == [uid]


def test_the_same_alert_keeps_its_id_and_another_has_one_of_its_own():
    """Clients remember which alerts they have sounded."""
    first = asked(AlertsInUa(), ACTIVE, "UA80", "UA63")["alerts"]
    again = asked(AlertsInUa(), ACTIVE, "UA80", "UA63")["alerts"]
    assert [row["id"] for row in first] == [row["id"] for row in again]
    assert len({row["id"] for row in first}) == 2


def test_levels_show_in_the_second_version_only():
    """A in the first, R or Y in the second."""
    world = World(AlertsInUa())
    world.tell(State.RAISED, "UA80", level=Level.YELLOW)
    world.tell(State.RAISED, "UA32", level=Level.RED)
    letters = [
        world.ask(f"/v{version}/iot/active_air_raid_alerts/{uid}.json").body
        for uid in (31, 14)
        for version in (1, 2)
    ]
    assert letters == [b'"A"', b'"Y"', b'"A"', b'"R"']


def test_the_27_letters_stand_in_the_order_of_their_list():
    """Crimea first, Kyiv tenth, Chernihiv oblast last."""
    text = asked(AlertsInUa(), "/v1/iot/active_air_raid_alerts_by_oblast.json", "UA01", "UA80", "UA7402")
    assert text == "A" + "N" * 8 + "A" + "N" * 16 + "P"


def test_a_uid_is_the_place_of_its_letter():
    """Kharkiv oblast at 22; what is no uid is a gap."""
    text = asked(AlertsInUa(), "/v1/iot/active_air_raid_alerts.json", "UA63")
    assert (text[22], text[126], text[31], text[0], text[6]) == ("A", "A", "N", " ", " ")


def test_the_past_has_what_ended_newest_first():
    """What still stands is not among it; a city's alert is its hromada's."""
    dialect = AlertsInUa(past(("UA80", 50, 40), ("UA80", 30, 20), ("UA80", 5, None), ("UA63", 9, 8)))
    rows = asked(dialect, "/v1/regions/31/alerts/month_ago.json")["alerts"]
    assert [row["started_at"][11:16] for row in rows] == ["03:23", "03:03"]
    assert all(row["finished_at"] and "threats" not in row for row in rows)
    assert World(AlertsInUa()).ask("/v1/regions/31/alerts/week_ago.json").status == 503  # not read yet
    assert World(dialect).ask("/v1/regions/7777/alerts/week_ago.json").status == 404


def test_an_error_has_a_message():
    """Their library shows it."""
    world = World(AlertsInUa())
    world.tell(State.UNKNOWN, "UA80")
    reply = world.ask(ACTIVE)
    assert (reply.status, dict(reply.headers)) == (503, {"Retry-After": "5"})
    assert "no all clear" in json.loads(reply.body)["message"]


# ukrainealarm


def test_a_region_is_a_list_of_one():
    """Home Assistant reads the first element, and breaks on an empty list."""
    for raised in ((), ("UA80",)):
        (region,) = asked(UkraineAlarm(), "/api/v3/alerts/31", *raised)
        assert set(region) == {
            "regionId", "regionType", "regionName", "regionEngName", "lastUpdate", "activeAlerts"
        }  # fmt: skip
        assert len(region["activeAlerts"]) == len(raised)


def test_an_alert_says_of_which_region_it_is():
    """The oblast shows the raion's, the hromada shows that of what lies around it."""
    world = World(UkraineAlarm(), *THREATS)
    world.tell(State.RAISED, "UA6302", level=Level.YELLOW)
    hromada = land().areas[land().areas.children("UA6302")[0]].codes["ukrainealarm"]
    for code in ("22", "126", hromada):
        (alert,) = json.loads(world.ask(f"/api/v3/alerts/{code}").body)[0]["activeAlerts"]
        assert (alert["regionId"], alert["regionType"], alert["type"]) == ("126", "District", "AIR")
        assert alert["activeAlertLevels"][0]["alertLevel"] == "Yellow"


def test_the_tree_has_its_children_at_every_level():
    """The set-up of Home Assistant walks it."""
    states = asked(UkraineAlarm(), "/api/v3/regions")["states"]
    waiting, count = list(states), 0
    while waiting:
        region = waiting.pop()
        count += 1
        assert set(region) == {"regionId", "regionName", "regionType", "regionChildIds"}
        waiting.extend(region["regionChildIds"])
    assert (len(states), count) == (26, len(land().codes.all("ukrainealarm")))


def test_the_index_grows_with_every_change():
    """Also when a source falls silent, so that whoever polls it asks again and learns that it is unknown."""
    world = World(UkraineAlarm())

    def index():
        return json.loads(world.ask("/api/v3/alerts/status").body)["lastActionIndex"]

    seen = [index()]
    world.tell(State.RAISED, "UA80")
    seen.append(index())
    world.pass_time(15)
    seen.append(index())
    assert seen == sorted(set(seen)) and seen[-1] < 2**63


def test_the_past_of_a_region_counts_how_long():
    """The newest 25, with a length as .NET writes it."""
    dialect = UkraineAlarm(past(*[("UA80", 2 * n + 1, 2 * n) for n in range(1, 40)], ("UA80", 1, None)))
    (region,) = asked(dialect, "/api/v3/alerts/regionHistory?regionId=31")
    assert (region["regionId"], len(region["alarms"])) == ("31", 25)
    assert region["alarms"][0]["isContinue"] is True
    assert region["alarms"][1]["duration"]["totalMinutes"] == 1
    assert World(dialect).ask("/api/v3/alerts/regionHistory?regionId=7777").status == 404


# The mirrors


def test_ubilling_writes_the_wall_clock_of_kyiv():
    """Two hours ahead in winter; what never changed has the year 1970."""
    world = World(Ubilling())
    world.told.tell(AIR, ["UA63"], Status(State.CLEAR, None, (SourceId("feed"),)))
    answer = json.loads(world.ask("/aerialalerts/").body)
    assert answer["cachedat"] == "2024-01-02 05:53:57"
    assert answer["states"]["Харківська область"] == {"alertnow": False, "changed": "1970-01-01 00:00:00"}


@pytest.mark.parametrize(("source", "key"), [("aiu", "location_uid"), ("ual", "regionId")])
def test_ubilling_passes_on_what_others_say(source, key):
    """In their form, within its own."""
    raw = asked(Ubilling(), f"/aerialalerts/?source={source}&raw", "UA80")["raw"]
    assert [row[key] for row in raw] == ["31"]


def test_klimenko_has_the_raions():
    """Both are raised; the others of the oblast are not."""
    states = asked(VadimKlimenko(), "/map/statuses.json", "UA6302")["states"]
    districts = states["Харківська область"]["districts"]
    assert [name for name, row in districts.items() if row["enabled"]] == ["Богодухівський район"]


def test_tryvoha_spells_as_it_always_did():
    """Nobody has its list; this is the one slug that is known, and its rule."""
    assert land().codes.of("tryvoha", "UA3206") == "brovarskii-raion"
    answer = asked(Tryvoha(), "/api/v1/alerts/kiyivska-oblast", "UA3206")
    assert answer == {"active": False, "active_anywhere": True, "districts_active": ["brovarskii-raion"]}


# alerts.com.ua, JAAM


def test_alerts_com_ua_numbers_by_the_alphabet():
    """1 is Vinnytsia oblast, 25 Kyiv; times have the offset of Kyiv."""
    states = asked(AlertsComUa(), "/api/states", "UA80")["states"]
    assert [row["id"] for row in states] == list(range(1, 26))
    assert (states[0]["name_en"], states[24]["name"]) == ("Vinnytsia oblast", "м. Київ")
    assert (states[24]["alert"], states[24]["changed"]) == (True, "2024-01-02T05:48:57+02:00")
    assert asked(AlertsComUa(), "/api/states/99")["state"] is None


def test_alerts_com_ua_tells_each_change_once():
    """Two raises that overlap are one; what stands has no end."""
    dialect = AlertsComUa(past(("UA80", 50, 30), ("UA80", 40, 20), ("UA63", 10, None)))
    reply = World(dialect).ask("/api/history")
    rows = json.loads(reply.body)
    assert reply.kind.startswith("text/html")
    assert [(row["state_id"], row["alert"]) for row in rows] == [(25, True), (25, False), (19, True)]


def test_a_frame_of_the_lamp_has_28_slots_in_its_order():
    """The cities of Kharkiv and Zaporizhzhia have the last two; Transcarpathia is the first."""
    world = World(Frame())
    world.tell(State.RAISED, "UA21", "UA6312027")
    frame = json.loads(world.ask("/frame").body)
    assert [place for place, slot in enumerate(frame["alerts"]) if slot[0]] == [0, 10, 26]
    assert frame["payload"] == "alerts"


class Frame:
    """The frames of the lamp, as a dialect that can be asked for one."""

    name = "frame"
    reads: frozenset[str] = frozenset()
    ticks = False

    def __init__(self):
        self.routes = {"/frame": lambda sight, asked: self.reply(sight)}

    def reply(self, sight):
        """Return the frame of the newest version."""
        return Reply(jaam.frame(sight, 4))


# NWS, NINA, MeteoAlarm


def test_nws_answers_in_three_forms():
    """GeoJSON unless another is asked for."""
    world = World(Nws(), *THREATS)
    world.tell(State.RAISED, "UA63")
    geo = world.ask("/alerts/active")
    assert (geo.kind, json.loads(geo.body)["type"]) == ("application/geo+json", "FeatureCollection")
    (feature,) = json.loads(geo.body)["features"]
    assert feature["properties"]["eventCode"]["NationalWeatherService"]
    assert feature["properties"]["parameters"]["NWSheadline"]
    assert {"UAZ063", "UAZ6302"} <= set(feature["properties"]["geocode"]["UGC"])
    assert "@graph" in json.loads(world.ask("/alerts/active", "application/ld+json").body)
    atom = ElementTree.fromstring(world.ask("/alerts/active", "application/atom+xml").body)
    assert len(atom.findall("{http://www.w3.org/2005/Atom}entry")) == 1
    cap = ElementTree.fromstring(
        world.ask(f"/alerts/{feature['properties']['id']}", "application/cap+xml").body
    )
    assert cap.tag == "{urn:oasis:names:tc:emergency:cap:1.2}alert"


@pytest.mark.parametrize(
    ("query", "count"),
    [("severity=Extreme", 2), ("severity=Severe", 0), ("event=Air%20Raid%20Alert", 2), ("limit=1", 1),
     ("status=actual", 2), ("status=exercise", 0), ("area=UA", 2)],
)  # fmt: skip
def test_nws_filters(query, count):
    """As its clients ask."""
    assert len(asked(Nws(), f"/alerts/active?{query}", "UA80", "UA63")["features"]) == count


def test_an_alert_of_years_has_an_expiry_ahead():
    """A client that takes an expired alert for none would show what has stood for years as clear."""
    for dialect, target in (
        (Nws(), "/alerts/active"),
        (MeteoAlarm("ukraine"), "/api/v1/warnings/feeds-ukraine"),
    ):
        world = World(dialect, *THREATS)
        long_ago = Status(State.RAISED, AT - timedelta(days=900), (SourceId("feed"),))
        world.told.tell(AIR, ["UA44"], long_ago)
        found = re.findall(rb'"expires":"([^"]+)"', world.ask(target).body)
        assert found and all(datetime.fromisoformat(one.decode()) > AT + timedelta(hours=23) for one in found)


def test_nina_looks_at_the_first_five_digits():
    """A hromada's region is its raion; a German one is none."""
    world = World(Nina(), *THREATS)
    world.tell(State.RAISED, "UA6302")
    (row,) = json.loads(world.ask("/api31/dashboard/630200300000.json").body)
    detail = json.loads(world.ask(f"/api31/warnings/{row['id']}.json").body)["info"][0]
    assert detail["description"] and detail["senderName"]
    assert world.ask("/api31/dashboard/091620000000.json").status == 404
    assert len(json.loads(world.ask("/api31/mowas/mapData.json").body)) == 1
    assert json.loads(world.ask("/api31/dwd/mapData.json").body) == []


def test_meteoalarm_leads_to_a_message():
    """Each entry has two links, of which one is of a CAP message in two languages."""
    world = World(MeteoAlarm("ukraine"), *THREATS)
    world.tell(State.RAISED, "UA6302")
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = ElementTree.fromstring(world.ask("/feeds/meteoalarm-legacy-atom-ukraine").body).iter(
        f"{atom}entry"
    )
    links = entry.findall(f"{atom}link")
    assert len(links) == 2
    message = ElementTree.fromstring(world.ask(links[0].get("href")).body)
    cap = "{urn:oasis:names:tc:emergency:cap:1.2}"
    assert [one.text for one in message.iter(f"{cap}language")] == ["en-GB", "uk-UA"]
    assert "Kharkiv Oblast" in message.find(f"{cap}info/{cap}area/{cap}areaDesc").text


def test_meteoalarm_says_unknown_in_the_words_of_cap():
    """As an entry of its own, behind the alerts, of which its clients take the first; never green."""
    world = World(MeteoAlarm("ukraine"), *THREATS)
    world.tell(State.RAISED, "UA80")
    world.tell(State.UNKNOWN, "UA63", threat=THREATS[1])
    world.tell(State.UNKNOWN, "UA63")
    warnings = json.loads(world.ask("/api/v1/warnings/feeds-ukraine").body)["warnings"]
    infos = [one["alert"]["info"][0] for one in warnings]
    assert [info["event"] for info in infos] == ["Air Raid Alert", "Status Unknown"]
    assert [infos[1][name] for name in ("urgency", "severity", "certainty")] == ["Unknown"] * 3
    assert "yellow" in infos[1]["parameter"][0]["value"]
    feed = world.ask("/feeds/meteoalarm-legacy-atom-ukraine").body
    link = re.findall(rb'<link type="application/cap.xml" href="([^"]+)"', feed)[1].decode()
    assert "no all clear" in world.ask(link).body.decode()


def test_words_of_a_source_do_not_break_a_message():
    """They are text, whatever they look like."""
    world = World(MeteoAlarm("ukraine"), *THREATS)
    nasty = "</description><x a='\"'>&amp; ]]> \u0416"
    world.told.tell(AIR, ["UA80"], Status(State.RAISED, AT, (SourceId("feed"),), text=nasty))
    feed = ElementTree.fromstring(world.ask("/feeds/meteoalarm-legacy-atom-ukraine").body)
    link = next(feed.iter("{http://www.w3.org/2005/Atom}link")).get("href")
    message = ElementTree.fromstring(world.ask(link).body)
    cap = "{urn:oasis:names:tc:emergency:cap:1.2}"
    assert [one.text for one in message.iter(f"{cap}description")] == [nasty, nasty]


def test_a_moment_is_of_the_actual_realm():
    """The tests above are of it."""
    assert Moment().realm is Realm.ACTUAL
