"""Each source has one owner: no key, no authority and no upstream speaks under the name of another."""

from datetime import UTC, datetime

import apsw
import pytest

from tests.support import RunningServer, now, tocsin, wait_until
from tocsin.app.desk import Desk
from tocsin.desk.keys import Keys, Principal
from tocsin.desk.people import People
from tocsin.desk.rights import Entitlement, Role
from tocsin.errors import ConfigError, KeyRefused
from tocsin.model import AreaId, Realm, SourceId, Threat

AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
SECONDS = {"silence_s": 60.0, "max_age_s": 900.0, "person_silence_s": 900.0}
TABLE = """
[[upstream]]
name = "second"
format = "alerts.in.ua"
url = "http://127.0.0.1:9"
areas = ["UA"]
threats = ["air"]
"""


def feed(name):
    return Principal(SourceId(name), (AreaId("UA"),), (Threat("air"),), Realm.ACTUAL)


def rights(realm=Realm.ACTUAL):
    return [Entitlement(Role.OPERATOR, (AreaId("UA"),), (Threat("air"),), realm)]


def test_neither_a_key_nor_an_authority_is_made_under_an_upstreams_name(tmp_path):
    """The files stay as they were."""
    taken = [SourceId("second")]
    keys, people = Keys(tmp_path, taken=taken), People(tmp_path, taken=taken)
    with pytest.raises(ConfigError, match=r"there is an upstream .second.: .*choose another name"):
        keys.add(feed("second"), AT)
    with pytest.raises(ConfigError, match="authority 'second' has the name of an upstream"):
        people.add("olena", "second", rights(), AT)
    assert (keys.all(), people.all()) == ([], [])
    keys.close()
    people.close()


def test_who_had_the_name_before_the_upstream_came_opens_nothing(tmp_path):
    """A key and a session that were good are so no longer, while the table stands."""
    keys, people = Keys(tmp_path), People(tmp_path)
    key = keys.add(feed("second"), AT)
    people.add("olena", "office", rights(), AT)
    token = people.log_in("olena", Realm.ACTUAL, "code", AT)
    later_keys = Keys(tmp_path, taken=[SourceId("second")])
    later_people = People(tmp_path, taken=[SourceId("office")])
    assert keys.who(f"Bearer {key}").name == "second"
    assert people.session(token, Realm.ACTUAL, AT) is not None
    with pytest.raises(KeyRefused, match="has the name of an upstream"):
        later_keys.who(f"Bearer {key}")
    assert later_people.session(token, Realm.ACTUAL, AT) is None
    for one in (keys, people, later_keys, later_people):
        one.close()


@pytest.mark.parametrize("realm", [Realm.ACTUAL, Realm.EXERCISE])
def test_a_key_and_an_authority_of_one_name_are_refused_however_they_came_there(tmp_path, realm):
    """A file that was put together by hand or from two backups; whichever realm each is for."""
    desk = Desk(tmp_path)
    desk.keys.add(feed("air-force"), AT)
    desk.people.add("olena", "office", rights(realm), AT)
    assert len(desk.contracts(SECONDS, lambda taken: [])) == 2
    with apsw.Connection(str(tmp_path / "desk.db")) as db:
        db.execute("update person set authority = 'air-force'")
    with pytest.raises(ConfigError, match="'air-force' is the name of a key and of an authority"):
        desk.contracts(SECONDS, lambda taken: [])
    desk.people.revoke("olena", AT)
    assert [one.source for one in desk.contracts(SECONDS, lambda taken: [])] == ["air-force"]
    desk.close()


def test_the_upstreams_are_told_every_name_at_the_desk(tmp_path):
    desk = Desk(tmp_path)
    desk.keys.add(feed("air-force"), AT)
    desk.people.add("olena", "office", rights(), AT)
    told = []

    def more(taken):
        told.extend(sorted(taken))
        return []

    desk.contracts(SECONDS, more)
    assert told == ["air-force", "office"]
    desk.close()


@pytest.mark.parametrize("command", [
    ("key", "add", "second", "--areas", "UA80", "--threats", "air", "--realm", "actual"),
    ("desk", "init", "olena", "--authority", "second"),
    ("desk", "add", "olena", "--authority", "second", "--role", "operator"),
])  # fmt: skip
def test_the_commands_refuse_an_upstreams_name(tmp_path, command):
    settings = tmp_path / "tocsin.toml"
    settings.write_text(TABLE)
    done = tocsin(*command, "--data", tmp_path, "--config", settings)
    assert (done.returncode, "upstream" in done.stderr) == (1, True), done.stderr


def test_a_key_that_takes_an_upstreams_name_under_way_says_nothing_and_stops_nobody(tmp_path):
    """It was made without the settings file.  The server says so, goes on, and hears its other feeds."""
    with RunningServer(tmp_path, TABLE) as server:
        other = server.feed("air-force", "UA", "air")
        keys = Keys(tmp_path)
        key = keys.add(feed("second"), datetime.now(UTC))
        keys.close()
        wait_until(lambda: "a change at the desk is not followed" in server.errors(), "it is said")
        signal = {"id": "a", "area": "UA80", "threat": "air", "state": "raised", "sent": now()}
        assert server.post("/v1/signals", key, signal).status_code == 401
        assert server.state("UA80") == "unknown"
        other.say("UA46")
        wait_until(lambda: server.state("UA46") == "raised", "the other feed is heard")
        assert server.running


def test_a_server_does_not_start_where_two_have_one_name(tmp_path):
    people = People(tmp_path)
    people.add("olena", "second", rights(), AT)
    people.close()
    settings = tmp_path / "tocsin.toml"
    settings.write_text(TABLE)
    done = tocsin("serve", "--data", tmp_path, "--config", settings,
                  "--public", "127.0.0.1:0", "--desk", "127.0.0.1:0")  # fmt: skip
    assert (done.returncode, "upstream second" in done.stderr) == (1, True), done.stderr
