"""The machine is gone, and the warnings go on from the copy."""

import json
import re
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.cap import messages
from tests.channels.receiver import Receiver
from tests.support import Listener, RunningServer, plain_environment, tocsin, wait_until
from tocsin import wire
from tocsin.cap.write import moment
from tocsin.desk.people import People


def test_a_server_goes_on_from_its_backup_and_its_readers_begin_anew(own_server, tmp_path):
    """The keys open it, what was raised is raised, and a cursor from before is of another log."""
    server, copy, new = own_server, tmp_path / "copy", tmp_path / "new"
    feed = server.feed("feed", "UA")
    feed.say("UA80")
    command = [sys.executable, "-m", "tocsin", "backup", str(copy), "--data", str(server.data)]
    with subprocess.Popen(
        command, env=plain_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_until((copy / "backup.json").exists, "the first copy is there")
        receipt = feed.say("UA46")
        begun = time.monotonic()
        wait_until(lambda: places(copy)["actual"] >= receipt, "the copy has the new alert")
        assert time.monotonic() - begun < 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    cursor = server.board()
    server.kill()
    done = tocsin("restore", copy, "--data", new, "--json")
    assert done.returncode == 0, done.stderr
    epoch = json.loads(done.stdout)["logs"]["actual"]["epoch"]
    server.data = new
    server.start()
    board = server.board()
    assert (board["epoch"], cursor["epoch"] != epoch) == (epoch, True)
    assert {board["areas"][area]["state"] for area in ("UA80", "UA46")} == {"raised"}
    assert feed.say("UA32")
    with Listener(server, f"?after={cursor['epoch']}-{cursor['seq']}") as reader:
        assert (reset := reader.next()).event == "reset"
        assert "of another log" in reset.data["why"]


def places(copy):
    return json.loads((copy / "backup.json").read_bytes())["places"]


def test_a_folder_without_a_log_cannot_be_backed_up_nor_restored_from(tmp_path):
    (tmp_path / "empty").mkdir()
    for words in (("backup", tmp_path / "copy"), ("restore", tmp_path / "empty")):
        done = tocsin(*words, "--data", tmp_path / "none")
        assert (done.returncode, "there is no log in" in done.stderr) == (1, True), done.stderr


def test_a_restore_does_not_touch_a_folder_that_has_a_log(own_server, tmp_path):
    assert tocsin("backup", tmp_path / "copy", "--data", own_server.data, "--once").returncode == 0
    done = tocsin("restore", tmp_path / "copy", "--data", own_server.data)
    assert (done.returncode, "choose an empty folder" in done.stderr) == (1, True)


def fill(server, receiver):
    """Make people, a drill, an endpoint, a key for CAP, and two messages: in force, and held."""
    ends = wire.stamp(datetime.now(UTC) + timedelta(hours=1))
    for words in (
        ("desk", "init", "olena", "--authority", "office"),
        ("desk", "drill", "spring", "--begins", wire.stamp(datetime.now(UTC)), "--ends", ends),
        ("channel", "add", "webhook", receiver.url, "--name", "lamp", "--areas", "UA80"),
        ("cap", "keys", "--new", "first"),
    ):
        done = tocsin(*words, "--data", server.data, TOCSIN_CHANNELS_ALLOW="127.0.0.1")
        assert done.returncode == 0, done.stderr
    (server.data / "push.key").touch(0o600)
    (server.data / "push.key").write_bytes(b"of browsers")
    key = server.key("cap-office", "UA80", "air")
    lasting = messages.info(expires=f"<expires>{moment(datetime.now(UTC) + timedelta(hours=1))}</expires>")
    sent = moment(datetime.now(UTC) - timedelta(seconds=10))
    assert server.post("/v1/cap", key, content=messages.alert(lasting, sent=sent)).status_code == 201
    held = messages.alert(lasting, identifier="two", sent=sent, status="actual")
    assert server.post("/v1/cap", key, content=held).status_code == 202
    receiver.wait_for("snapshot")
    return key, sent


def test_what_is_beside_the_log_comes_back_too_and_is_served(tmp_path):
    """People, drills, endpoints, keys for CAP, messages that wait, and those that a later one refers to."""
    with Receiver(tmp_path / "r") as receiver:
        allowed = f'channels_allow = "127.0.0.1"\nchannels_ca = "{receiver.authority}"\n'
        copy, new = tmp_path / "copy", tmp_path / "new"
        with RunningServer(tmp_path / "old", allowed) as server:
            key, sent = fill(server, receiver)
            done = tocsin("backup", copy, "--data", server.data, "--once")
            assert done.returncode == 0, done.stderr
        assert tocsin("restore", copy, "--data", new).returncode == 0
        for path in (new / "subscribers.db", new / "push.key", new / "cap.db", new / "cap" / "first.key"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        people = People(new)
        assert [one.name for one in people.all()] == ["olena"]
        people.close()
        before = len(receiver.of("snapshot"))
        with RunningServer(new, allowed) as server:
            assert server.told("UA80")["state"] == "raised"
            assert "spring" in server.get("/drills").text
            assert "Signature" in server.get(link(server)).text
            assert [one["name"] for one in server.get_desk("/v1/cap/held", key).json()["held"]] == ["two"]
            receiver.wait_for("snapshot", before + 1)
            end = messages.alert(
                messages.info(response="AllClear"), identifier="end", sent=moment(datetime.now(UTC)),
                kind="Update", after_scope=messages.references("one", sent=sent),
            )  # fmt: skip
            assert server.post("/v1/cap", key, content=end).status_code == 201
            assert server.told("UA80")["state"] == "clear"


def link(server):
    """Return where the newest message in CAP is."""
    name = re.search(r"<identifier>(.+)</identifier>", server.get("/v1/alerts.atom").text)
    assert name is not None
    return f"/v1/alerts/{name[1]}.cap.xml"


def test_a_key_for_cap_that_was_taken_away_is_taken_away_from_the_copy(own_server, tmp_path):
    """Somebody may have stolen it: a restore does not bring it back."""
    folder, copy = own_server.data, tmp_path / "copy"
    for name in ("first", "second"):
        assert tocsin("cap", "keys", "--new", name, "--data", folder).returncode == 0
    assert tocsin("backup", copy, "--data", folder, "--once").returncode == 0
    for path in (folder / "cap").glob("first.*"):
        path.unlink()
    assert tocsin("backup", copy, "--data", folder, "--once").returncode == 0
    assert sorted(path.name for path in (copy / "cap").iterdir()) == ["second.key", "second.pem"]
