"""The machine is gone, and the warnings go on from the copy."""

import json
import signal
import subprocess
import sys
import time

from tests.support import Listener, plain_environment, tocsin, wait_until


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
