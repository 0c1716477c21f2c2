"""Webhooks against a real https server: signed, ordered, at least once, and one in nobody's way."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.channels.receiver import Got, Receiver
from tests.support import RunningServer, tocsin, wait_until


def settings(receiver: Receiver) -> str:
    """Return the settings that let a server call a receiver on loopback."""
    return f'channels_allow = "127.0.0.1"\nchannels_ca = "{receiver.authority}"\n'


def add(server: RunningServer, url: str, *words: str) -> str:
    """Add a webhook; returns its secret."""
    made = tocsin(
        "channel", "add", "webhook", url, "--data", server.data, *words, TOCSIN_CHANNELS_ALLOW="127.0.0.1"
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def signed(got: Got, secret: str) -> bool:
    """Return whether a request is signed under a secret, as its receiver would look."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    words = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    wanted = "v1," + base64.b64encode(hmac.new(key, words, hashlib.sha256).digest()).decode()
    return wanted in got.headers["webhook-signature"].split(" ")


def of_area(receiver: Receiver, area: str) -> list[Got]:
    """Return the alerts that are about an area first of all."""
    return [got for got in receiver.of("alert") if got.said["data"]["area"] == area]


def receipts(server: RunningServer) -> Any:
    """Return what `tocsin channels` says."""
    told = tocsin("channels", "--json", "--data", server.data)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def confirmed(server: RunningServer, name: str) -> list[bool]:
    """Return for each alert, the oldest first, whether an endpoint confirmed it."""
    rows = [
        one for alert in receipts(server)["alerts"] for one in alert["receipts"] if one["endpoint"] == name
    ]
    return [one["confirmed"] is not None for one in reversed(rows)]


def test_an_endpoint_gets_the_present_state_and_then_what_changes(tmp_path: Path):
    """Signed, in order, each under the name of its place in the log; its receipts can be read."""
    with Receiver(tmp_path / "r") as receiver, RunningServer(tmp_path / "d", settings(receiver)) as server:
        feed = server.feed("siren")
        secret = add(server, receiver.url, "--name", "lamp", "--areas", "UA80")
        receiver.wait_for("snapshot")
        place = feed.say("UA80")
        feed.say("UA32")
        feed.say("UA80", "clear")
        wait_until(lambda: len(of_area(receiver, "UA80")) == 2, "both are told")
        alerts = of_area(receiver, "UA80")

        assert receiver.types()[:2] == ["snapshot", "alert"]
        assert receiver.types().count("snapshot") == 1
        assert [got.said["data"]["state"] for got in alerts] == ["raised", "clear"]
        assert place in alerts[0].said["data"]["because"]
        assert not any("UA32" in got.said["data"]["areas"] for got in receiver.of("alert"))
        assert all(signed(got, secret) for got in receiver.got)
        assert not any(signed(got, "whsec_" + base64.b64encode(bytes(32)).decode()) for got in receiver.got)
        assert "UA80" in receiver.of("snapshot")[0].said["data"]["areas"]
        assert "UA32" not in receiver.of("snapshot")[0].said["data"]["areas"]
        epoch = alerts[0].said["data"]["epoch"]
        assert [got.headers["webhook-id"] for got in alerts] == [
            f"{epoch}-{got.said['data']['seq']}" for got in alerts
        ]
        wait_until(lambda: len(confirmed(server, "lamp")) > 1 and all(confirmed(server, "lamp")), "confirmed")
        took = [one["took_s"] for alert in receipts(server)["alerts"] for one in alert["receipts"]]
        assert all(0 <= seconds < 10 for seconds in took)
        page = wait_until(lambda: server.get("/status?lang=en").text, "the status page")
        assert "Webhooks. Last 30 days:" in page
        assert "lamp" in tocsin("channels", "--data", server.data).stdout


def test_what_was_missed_follows_as_missed_after_the_present_state(tmp_path: Path):
    """An endpoint that was away hears what holds now first, and sounds nothing of what is over."""
    with Receiver(tmp_path / "r") as receiver, RunningServer(tmp_path / "d", settings(receiver)) as server:
        feed = server.feed("siren")
        add(server, receiver.url, "--name", "lamp", "--areas", "UA80")
        receiver.wait_for("snapshot")
        server.stop()
        receiver.got.clear()
        server.start()
        receiver.answer = lambda got: web.Response(status=503)
        feed.say("UA80")
        feed.say("UA80", "clear")
        server.stop()
        receiver.answer = lambda got: web.Response(status=204)
        receiver.got.clear()
        server.start()
        wait_until(lambda: any(got.said["data"]["state"] == "clear" for got in receiver.of("missed")), "told")
        missed = receiver.of("missed")

        assert receiver.types()[:1] == ["snapshot"]
        kyiv = [got.said["data"]["state"] for got in missed if got.said["data"]["area"] == "UA80"]
        assert kyiv[:2] == ["raised", "clear"]
        assert all(got.said["data"]["late"] for got in missed)
        assert not any("fresh_until" in got.said["data"] for got in missed)
        assert "alert" not in receiver.types()


def test_a_dead_endpoint_delays_nobody(tmp_path: Path):
    """One answers 500, one never answers, one hears within a second."""

    async def never(got: Got) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    with (
        Receiver(tmp_path / "r") as good,
        Receiver(tmp_path / "b", lambda got: web.Response(status=500)) as bad,
        Receiver(tmp_path / "t", never) as tarpit,
    ):
        both = tmp_path / "both.pem"
        both.write_bytes(b"".join(one.authority.read_bytes() for one in (good, bad, tarpit)))
        with RunningServer(
            tmp_path / "d", f'channels_allow = "127.0.0.1"\nchannels_ca = "{both}"\n'
        ) as server:
            feed = server.feed("siren")
            for name, receiver in (("good", good), ("bad", bad), ("tarpit", tarpit)):
                add(server, receiver.url, "--name", name)
            good.wait_for("snapshot")
            time.sleep(1.0)  # all three have begun
            feed.say("UA32")
            begun = time.monotonic()
            feed.say("UA80")
            good.wait_for("alert", 2)

            assert good.of("alert")[-1].at - begun < 1.0
            assert not any(confirmed(server, "bad") + confirmed(server, "tarpit"))
            assert len(confirmed(server, "bad")) == len(confirmed(server, "tarpit")) >= 2
            rows = {one["endpoint"]: one for one in receipts(server)["alerts"][0]["receipts"]}
            assert rows["good"]["confirmed"]
            assert rows["bad"]["confirmed"] is None


def test_a_refused_alert_is_tried_again_under_the_same_name(tmp_path: Path):
    """At least once, and the order is kept."""
    tries: list[str] = []

    def answer(got: Got) -> web.Response:
        if got.said["type"] == "alert":
            tries.append(got.headers["webhook-id"])
        return web.Response(status=503 if len(tries) in (1, 2) else 204)

    with (
        Receiver(tmp_path / "r", answer) as receiver,
        RunningServer(tmp_path / "d", settings(receiver)) as server,
    ):
        feed = server.feed("siren")
        add(server, receiver.url, "--name", "lamp")
        receiver.wait_for("snapshot")
        feed.say("UA80")
        feed.say("UA32")
        alerts = receiver.wait_for("alert", 2)

        assert tries[0] == tries[1] == tries[2] == alerts[0].headers["webhook-id"]
        wait_until(lambda: of_area(receiver, "UA32"), "the second is told")
        places = [got.said["data"]["seq"] for got in receiver.of("alert")]
        assert places == sorted(set(places))


def test_an_exercise_reaches_no_endpoint(tmp_path: Path):
    """What a realm of exercises says goes to its own board and to no actual outlet."""
    with Receiver(tmp_path / "r") as receiver, RunningServer(tmp_path / "d", settings(receiver)) as server:
        drill = server.feed("drill", realm="exercise")
        feed = server.feed("siren")
        add(server, receiver.url, "--name", "lamp")
        receiver.wait_for("snapshot")
        drill.say("UA80")
        feed.say("UA32")
        receiver.wait_for("alert")

        assert not any("UA80" in got.said["data"]["areas"] for got in receiver.of("alert"))
        assert all(got.said["data"]["realm"] == "actual" for got in receiver.got)


def test_a_redirect_is_not_followed(tmp_path: Path):
    """It could lead anywhere."""
    elsewhere: list[str] = []

    def answer(got: Got) -> web.Response:
        if got.path != "/hook":
            elsewhere.append(got.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    with (
        Receiver(tmp_path / "r", answer) as receiver,
        RunningServer(tmp_path / "d", settings(receiver)) as server,
    ):
        add(server, receiver.url, "--name", "lamp")
        wait_until(lambda: receipts(server)["endpoints"], "it is kept")
        time.sleep(2)

        assert elsewhere == []
        assert receiver.got == []


def test_an_old_secret_signs_beside_a_new_one(tmp_path: Path):
    """So that nothing is lost while the receiver learns the new one."""
    with Receiver(tmp_path / "r") as receiver, RunningServer(tmp_path / "d", settings(receiver)) as server:
        old = add(server, receiver.url, "--name", "lamp")
        receiver.wait_for("snapshot")
        new = tocsin("channel", "rotate", "lamp", "--data", server.data).stdout.strip()
        told = receiver.wait_for("snapshot", 2)[-1]

        assert signed(told, old)
        assert signed(told, new)
        assert old not in tocsin("channel", "list", "--json", "--data", server.data).stdout
        assert (server.data / "subscribers.db").stat().st_mode & 0o077 == 0


def test_a_removed_endpoint_hears_nothing_more(tmp_path: Path):
    """Within a second."""
    with Receiver(tmp_path / "r") as receiver, RunningServer(tmp_path / "d", settings(receiver)) as server:
        feed = server.feed("siren")
        add(server, receiver.url, "--name", "lamp")
        receiver.wait_for("snapshot")
        assert tocsin("channel", "remove", "lamp", "--data", server.data).returncode == 0
        time.sleep(1.5)
        feed.say("UA80")
        time.sleep(0.5)

        assert receiver.of("alert") == []


@pytest.mark.parametrize("words", [("webhook", "http://example.org/"), ("webhook", "https://127.1/")])
def test_an_address_that_may_not_be_called_is_not_kept(words: tuple[str, ...], tmp_path: Path):
    """The command says why."""
    made = tocsin("channel", "add", *words, "--data", tmp_path)

    assert made.returncode == 1
    assert "cannot call" in made.stderr
    assert not (tmp_path / "subscribers.db").exists()
