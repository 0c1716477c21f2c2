"""CAP posted at the desk: what it does, under which rights, and what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.cap import messages
from tests.support import RunningServer, tocsin, wait_until
from tocsin.cap.write import moment


@pytest.fixture
def server(tmp_path):
    """A server of its own."""
    with RunningServer(tmp_path) as running:
        yield running


def at(seconds=0.0):
    """Return the time as CAP writes it."""
    return moment(datetime.now(UTC) + timedelta(seconds=seconds))


def post(server, key, message):
    """Post a message."""
    return httpx.post(
        f"{server.desk}/v1/cap", content=message, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )


def lasting(**more):
    """Return an info that has not run out."""
    return messages.info(expires=f"<expires>{at(3600)}</expires>", **more)


def test_a_message_raises_and_its_all_clear_ends(server):
    """Also when the server was killed in between: what was accepted is remembered."""
    key, sent = server.key("office", "UA80", "air"), at(-10)
    up = messages.alert(lasting(), sent=sent)
    first = post(server, key, up)
    assert (first.status_code, first.json()["verdict"]) == (201, "accepted")
    assert server.told("UA80")["state"] == "raised"
    assert (post(server, key, up).status_code, server.told("UA80")["state"]) == (200, "raised")
    server.kill()
    server.start()
    end = messages.alert(
        lasting(response="AllClear"), identifier="end", sent=at(), kind="Update",
        after_scope=messages.references("one", sent=sent),
    )  # fmt: skip
    assert post(server, key, end).status_code == 201
    assert server.told("UA80")["state"] == "clear"
    assert post(server, key, up).status_code == 200
    assert server.told("UA80")["state"] == "clear", "a replayed message has no effect"


def test_a_quarantined_message_waits_for_a_person(server):
    """It raises nothing; the answer says why, and the desk shows it to the key that sent it, to no other."""
    key, other = server.key("office", "UA80", "air"), server.key("other", "UA80", "air")
    answer = post(server, key, messages.alert(lasting(), sent=at(), status="actual"))
    assert (answer.status_code, answer.json()["person"]) == (202, ["status-unknown"])
    assert server.told("UA80")["state"] == "unknown"
    (held,) = server.get_desk("/v1/cap/held", key).json()["held"]
    assert (held["source"], held["name"], held["why"]) == ("office", "one", ["status-unknown"])
    assert server.get_desk("/v1/cap/held", other).json() == {"held": []}
    assert server.get_desk("/v1/cap/held").status_code == 401


def test_a_harmless_fault_is_taken_and_reported(server):
    """Fractions of a second, as real issuers write them."""
    key = server.key("office", "UA80", "air")
    answer = post(server, key, messages.alert(lasting(), sent=datetime.now(UTC).isoformat()))
    assert (answer.status_code, answer.json()["verdict"]) == (201, "accepted")
    assert answer.json()["findings"]


def test_what_is_no_message_is_refused(server):
    """With the rule and the line."""
    key = server.key("office", "UA80", "air")
    answer = post(server, key, "<alert")
    assert (answer.status_code, answer.json()["findings"][0]["rule"]) == (422, "not-xml")


def test_a_key_says_only_what_it_may(server):
    """A message that names one area too many does nothing at all, and is not remembered."""
    key, sent = server.key("office", "UA46", "air"), at()
    lviv = messages.area(desc="Львів", code="UA46000000000026241")
    both = messages.alert(lasting(areas=messages.area() + lviv), sent=sent)
    assert post(server, key, both).status_code == 403
    assert server.told("UA46")["state"] == "unknown"
    assert post(server, "wrong", both).status_code == 401
    ahead = messages.alert(lasting(areas=lviv), sent=at(3600), identifier="ahead")
    assert post(server, key, ahead).status_code == 422


def test_sources_are_told_with_what_they_hold(server):
    """And where one holds raised what another says is clear; on the desk and in the terminal."""
    danger, calm = server.feed("danger", "UA", "air"), server.feed("calm", "UA", "air")
    danger.say("UA80")
    wait_until(
        lambda: (calm.contact(), server.get_desk("/v1/sources", calm.key).json()["disagreements"])[1], "it"
    )
    told = server.get_desk("/v1/sources", calm.key).json()
    rows = {one["name"]: one for one in told["sources"]}
    assert (rows["danger"]["raised"], rows["calm"]["contact"]) == ([["UA80", "air"]], True)
    assert told["disagreements"] == [
        {"area": "UA80", "threat": "air", "raised": ["danger"], "clear": ["calm"]}
    ]
    shown = tocsin("sources", "--data", server.data, TOCSIN_KEY=calm.key)
    assert "raised by danger, clear by calm; it is raised" in shown.stdout
    assert (
        '"disagreements":[{' in tocsin("sources", "--json", "--data", server.data, TOCSIN_KEY=calm.key).stdout
    )
    assert server.get_desk("/v1/sources").status_code == 401
