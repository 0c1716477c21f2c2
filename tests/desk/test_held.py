"""CAP that waits for a person, at the console: who sees it, who decides, and what the log says of that."""

import hashlib
import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.cap import messages
from tests.desk.test_console import Browser, links
from tests.support import RunningServer, tocsin, wait_until
from tocsin.cap.write import moment
from tocsin.desk.kept import Kept
from tocsin.model import Approval, Realm, SourceId, Step
from tocsin.sources import Quarantined

TABLE = """
[[upstream]]
name = "second"
format = "cap"
url = "http://127.0.0.1:9"
areas = ["UA"]
threats = ["*"]
realm = "exercise"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that listens to CAP, in the exercise."""
    with RunningServer(tmp_path_factory.mktemp("held"), TABLE) as running:
        yield running


@pytest.fixture(scope="module")
def people(server):
    """Who may raise all, who may raise in Lviv only, and who may read."""
    made = {"olha": links(tocsin("desk", "init", "olha", "--authority", "office", "--data", server.data))}
    for name, words in {"petro": ("operator", "--areas", "UA46"), "iryna": ("auditor",)}.items():
        done = tocsin("desk", "add", name, "--authority", "office", "--role", *words, "--data", server.data)
        made[name] = links(done)
    browsers = {name: Browser(server.desk).enrol(given["exercise"]) for name, given in made.items()}
    wait_until(lambda: server.entries(Realm.EXERCISE), "the exercise has a log")
    yield browsers
    for one in browsers.values():
        one.http.close()


def post(server, key, **more):
    """Post a message that is quarantined for its status."""
    info = messages.info(expires=f"<expires>{moment(datetime.now(UTC) + timedelta(hours=1))}</expires>")
    body = messages.alert(info, sent=moment(datetime.now(UTC)), status="actual", **more)
    assert server.post("/v1/cap", key, content=body).status_code == 202
    return body


def decide(browser, name, step):
    """Press a button beside a message."""
    rows = browser.get("/held").text.split("<article")[1:]
    (row,) = [one for one in rows if f": {name} " in html.unescape(one)]
    number = re.search(r'name="number" value="(\d+)"', row)
    return browser.post("/held", {"number": number[1] if number else "1", "step": step})


def decided(server):
    """Return what the log says of messages that waited."""
    said = [one for _, one in server.entries(Realm.EXERCISE) if isinstance(one, Approval)]
    return [
        (json.loads(one.body)["held"], one) for one in said if one.body and "held" in json.loads(one.body)
    ]


def test_what_a_key_left_waiting_is_decided_by_a_person_and_logged(server, people):
    """The board leads there; the decision says who, of which message; and the message does nothing by it."""
    key = server.key("cap-office", "UA80", "air", realm="exercise")
    body = post(server, key, identifier="doubtful")
    assert "CAP messages that wait for a person: 1." in people["olha"].get("/").text
    assert "status-unknown" in people["olha"].get("/held").text
    assert decide(people["olha"], "doubtful", "discarded").status_code == 303
    ((name, said),) = decided(server)
    assert (name, said.step, said.person) == ("doubtful", Step.REFUSED, "olha")
    assert said.order == hashlib.sha256(body.encode() + b"doubtful").hexdigest()
    assert "CAP messages that wait" not in people["olha"].get("/").text
    assert not server.get_desk("/v1/cap/held", key).json()["held"]
    board = server.get_desk("/v1/board.json", key).json()
    assert board["areas"]["UA80"]["state"] == "unknown"


def test_what_an_upstream_left_waiting_is_there_too_and_is_not_brought_back(server, people):
    """A feed says the same message each time that it is asked."""
    kept, one = (
        Kept(server.data),
        Quarantined("storm", ("event that no table knows",), b"<alert>\xe2\x80\xae</alert>"),
    )
    number = kept.hold(SourceId("second"), one, datetime.now(UTC))
    page = people["olha"].get("/held").text
    assert "second: storm" in page
    assert "\u202e" not in page, "what reorders the text around it is not shown"
    assert decide(people["olha"], "storm", "taken").status_code == 303
    assert decided(server)[-1][1].step is Step.REVIEWED
    assert kept.hold(SourceId("second"), one, datetime.now(UTC)) == number
    assert "storm" not in people["olha"].get("/held").text
    kept.close()


def test_only_who_may_raise_all_of_a_source_decides_on_its_messages(server, people):
    """Others who raise see it; who only reads does not; and nobody decides twice."""
    key = server.key("cap-kyiv", "UA80", "air", realm="exercise")
    post(server, key, identifier="kyiv")
    before = len(decided(server))
    assert "cap-kyiv: kyiv" in people["petro"].get("/held").text
    number = re.search(r'value="(\d+)"', people["olha"].get("/held").text)[1]
    form = {"number": number, "step": "discarded"}
    assert people["petro"].post("/held", form).status_code == 403
    assert people["iryna"].get("/held").status_code == 403
    assert people["olha"].post("/held", {**form, "step": "raise"}).status_code == 422
    assert len(decided(server)) == before
    assert people["olha"].post("/held", form).status_code == 303
    assert people["olha"].post("/held", form).status_code == 422
    assert len(decided(server)) == before + 1


def test_a_message_of_one_realm_is_not_seen_in_another(server, people):
    post(server, server.key("cap-actual", "UA80", "air"), identifier="earnest")
    assert "earnest" not in people["olha"].get("/held").text
