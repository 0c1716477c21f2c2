"""Apprise with its own JSON service, which posts to a real server of ours."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.channels.receiver import Receiver
from tests.support import RunningServer, tocsin, wait_until


def add(server: RunningServer, address: str, *words: str) -> None:
    """Add a service whose address lies in a file."""
    file = server.data / "service.txt"
    file.write_text(address)
    file.chmod(0o600)
    made = tocsin("channel", "add", "apprise", file, "--name", "chat", "--data", server.data, *words)
    assert made.returncode == 0, made.stderr


def messages(receiver: Receiver) -> list[str]:
    """Return the words of every message."""
    return [json.loads(got.body)["message"] for got in receiver.got]


def test_a_service_is_told_in_both_languages_and_its_limit_is_kept(tmp_path: Path):
    """What comes while it rests is told in one message; no secret is shown."""
    with Receiver(tmp_path / "r") as receiver, RunningServer(tmp_path / "d") as server:
        feed = server.feed("siren")
        add(server, f"jsons://user:hidden@127.0.0.1:{receiver.port}/?verify=no", "--per-minute", "20")
        time.sleep(1.0)
        feed.say("UA80", text="SOLD: buy now")
        wait_until(lambda: receiver.got, "it is told")
        for area in ("UA32", "UA46", "UA51"):
            feed.say(area)
        wait_until(lambda: "Lviv" in "".join(messages(receiver)), "the others are told")
        told = "".join(messages(receiver))
        gaps = [after.at - before.at for before, after in zip(receiver.got, receiver.got[1:], strict=False)]

        assert "ТРИВОГА" in told
        assert "ALERT" in told
        assert "Kyiv" in told
        assert "SOLD" not in told
        assert all(gap > 2.5 for gap in gaps)
        assert len(receiver.got) < 6
        assert "hidden" not in tocsin("channel", "list", "--json", "--data", server.data).stdout


@pytest.mark.parametrize("address", ["nothing", "nosuchservice://x"])
def test_an_address_that_apprise_does_not_know_is_not_kept(address: str, tmp_path: Path):
    """The command says so."""
    file = tmp_path / "service.txt"
    file.write_text(address)
    file.chmod(0o600)

    assert tocsin("channel", "add", "apprise", file, "--data", tmp_path).returncode == 1


def test_a_file_that_others_can_read_holds_no_secret(tmp_path: Path):
    """It is refused before it is read."""
    file = tmp_path / "service.txt"
    file.write_text("json://localhost")
    file.chmod(0o644)
    made = tocsin("channel", "add", "apprise", file, "--data", tmp_path)

    assert made.returncode == 1
    assert "chmod 600" in made.stderr
