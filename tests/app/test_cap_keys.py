"""The keys that sign CAP: what the folder has now is what counts, and a new one waits until it is known."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support import RunningServer, tocsin, wait_until
from tocsin.app import cap_keys
from tocsin.app.cap_keys import Ring, make_key, read_keys
from tocsin.cap.sign import choose

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ring(tmp_path, monkeypatch):
    """A ring of one key, that looks each time."""
    monkeypatch.setattr(cap_keys, "LOOK_S", 0.0)
    make_key(tmp_path, "first", NOW)
    return Ring(tmp_path, read_keys(tmp_path), lambda: NOW)


def test_a_new_key_is_there_and_signs_a_day_later(ring, tmp_path):
    """Before that only where there is no other: receivers must be able to pin its certificate."""
    first = ring.keys()
    make_key(tmp_path, "second", NOW + 2 * DAY)
    both = ring.keys()
    assert len(both) == 2
    assert choose(both, NOW + 2 * DAY).certificate == first[0].certificate
    assert choose(both, NOW + 3 * DAY).certificate != first[0].certificate
    for path in (tmp_path / "cap").glob("first.*"):
        path.unlink()
    (left,) = ring.keys()
    assert choose([left], NOW + 2 * DAY).certificate == left.certificate != first[0].certificate


def test_a_key_that_cannot_be_read_ends_no_other(ring, tmp_path, caplog):
    """It is said once, and looked at again; what was taken away is not used any more all the same."""
    make_key(tmp_path, "second", NOW)
    assert len(ring.keys()) == 2
    half = tmp_path / "cap" / "third.key"
    half.touch(0o600)
    with caplog.at_level(logging.ERROR, "tocsin"):
        assert len(ring.keys()) == len(ring.keys()) == 2
    assert caplog.text.count("a key for CAP is not used") == 1
    (tmp_path / "cap" / "first.key").unlink()
    assert len(ring.keys()) == 1
    half.unlink()
    make_key(tmp_path, "third", NOW)
    assert len(ring.keys()) == 2


def test_a_running_server_signs_with_a_key_that_was_made_meanwhile(tmp_path):
    """And says for how many days, to who watches it."""
    with RunningServer(tmp_path, 'metrics = "127.0.0.1:0"\n') as server:
        feed = server.feed("siren", "UA", "air")
        at = json.loads((tmp_path / "server.json").read_bytes())["metrics"]

        def days():
            figures = httpx.get(f"http://{at}/metrics", trust_env=False, timeout=30).text
            return re.findall(r'tocsin_cap_key_days\{realm="actual"\} (\S+)', figures)

        feed.say("UA46")
        assert (days(), "SignatureValue" in newest(server)) == ([], False)
        assert tocsin("cap", "keys", "--new", "first", "--data", tmp_path).returncode == 0
        wait_until(lambda: days() == ["364.0"], "the new key is seen", 5)
        feed.say("UA59")
        wait_until(lambda: "SignatureValue" in newest(server), "the next message is signed", 5)


def newest(server):
    """Return the newest message in CAP."""
    name = re.search(r"<identifier>(.+)</identifier>", server.get("/v1/alerts.atom").text)
    return server.get(f"/v1/alerts/{name[1]}.cap.xml").text
