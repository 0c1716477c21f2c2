"""Web Push against a real https server in a push service's place: sealed, signed, and forgotten when gone."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import http_ece
import httpx
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from tests.channels.receiver import Got, Receiver
from tests.support import RunningServer, tocsin, wait_until
from tocsin.channels.subscribers import Subscribers


def b64(data: bytes) -> str:
    """Return bytes as a browser writes them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Browser:
    """A browser that has an address at a push service, and can open what is sealed for it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    @property
    def subscription(self) -> dict[str, Any]:
        """What its script gets from the browser."""
        form = serialization.PublicFormat.UncompressedPoint
        public = self._key.public_key().public_bytes(serialization.Encoding.X962, form)
        keys = {"p256dh": b64(public), "auth": b64(self._auth)}
        return {"endpoint": self.address, "expirationTime": None, "keys": keys}

    def open(self, got: Got) -> Any:
        """Return what a word says."""
        return json.loads(
            http_ece.decrypt(got.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        )


class Pushing:
    """A server that browsers can subscribe at, and the push service that it calls."""

    def __init__(self, folder: Path, service: Receiver) -> None:
        self.service = service
        lines = f'channels_allow = "127.0.0.1"\nchannels_ca = "{service.authority}"\npush = "127.0.0.1:0"\n'
        self.server = RunningServer(folder, lines)

    def __enter__(self) -> Pushing:
        self.server.__enter__()
        at = json.loads((self.server.data / "server.json").read_bytes())["push"]
        self.url = f"http://{at}/v1/push"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def browser(self, name: str) -> Browser:
        """Return a browser with an address at the service."""
        return Browser(f"https://127.0.0.1:{self.service.port}/{name}")

    def ask(self, browser: Browser, *areas: str, method: str = "POST", **headers: str) -> httpx.Response:
        """Subscribe."""
        body = {"subscription": browser.subscription, "areas": list(areas)}
        return httpx.request(method, self.url, json=body, headers=headers, trust_env=False)

    def kept(self) -> bytes:
        """Return all that is kept of browsers and everything else, as bytes."""
        return b"".join(path.read_bytes() for path in self.server.data.glob("subscribers.db*"))

    def got(self, path: str) -> list[Got]:
        """Return what the service got for one browser."""
        return [got for got in self.service.got if got.path == path]


def created(got: Got) -> web.Response:
    """Answer as a push service does."""
    return web.Response(status=201)


def test_a_browser_that_asked_is_told_and_nobody_else(tmp_path: Path):
    """What it gets only it can open; the service sees who we are and how long it matters."""
    with Receiver(tmp_path / "r", created) as service, Pushing(tmp_path / "d", service) as pushing:
        feed = pushing.server.feed("siren")
        kyiv, lviv = pushing.browser("kyiv"), pushing.browser("lviv")
        assert pushing.ask(kyiv, "UA80").status_code == 201
        assert pushing.ask(lviv, "UA46").status_code == 201
        time.sleep(1.0)
        feed.say("UA80")
        wait_until(lambda: pushing.got("/kyiv"), "it is told")
        got = pushing.got("/kyiv")[0]
        told = kyiv.open(got)

        assert (told["area"], told["threat"], told["state"]) == ("UA80", "air", "raised")
        assert got.headers["TTL"] == "3600"
        assert got.headers["Urgency"] == "high"
        assert len(got.headers["Topic"]) == 32
        assert Vapid02.verify(got.headers["Authorization"])
        assert pushing.got("/lviv") == []
        assert b"Kyiv" not in got.body
        key = httpx.get(f"{pushing.url}/key", trust_env=False).json()["key"]
        assert f"k={key}" in got.headers["Authorization"]
        assert (pushing.server.data / "push.key").stat().st_mode & 0o077 == 0


def test_a_clear_is_carried_no_longer_than_somebody_vouches_for_it(tmp_path: Path):
    """A phone that wakes up later must not hear it."""
    with Receiver(tmp_path / "r", created) as service, Pushing(tmp_path / "d", service) as pushing:
        feed = pushing.server.feed("siren")
        browser = pushing.browser("one")
        pushing.ask(browser, "UA80")
        time.sleep(1.0)
        feed.say("UA80")
        feed.say("UA80", "clear")
        wait_until(lambda: any(browser.open(one)["state"] == "clear" for one in pushing.got("/one")), "told")
        clear = next(one for one in pushing.got("/one") if browser.open(one)["state"] == "clear")

        assert int(clear.headers["TTL"]) <= 15
        assert browser.open(clear)["until"]


def test_a_subscription_that_is_gone_is_forgotten(tmp_path: Path):
    """The service says so, and nothing is kept of it."""

    def answer(got: Got) -> web.Response:
        return web.Response(status=410 if got.path == "/gone" else 201)

    with Receiver(tmp_path / "r", answer) as service, Pushing(tmp_path / "d", service) as pushing:
        feed = pushing.server.feed("siren")
        gone, here = pushing.browser("gone"), pushing.browser("here")
        pushing.ask(gone, "UA80")
        pushing.ask(here, "UA80")
        time.sleep(1.0)
        feed.say("UA80")
        wait_until(lambda: pushing.got("/here"), "the other is told")
        told = json.loads(tocsin("channels", "--json", "--data", pushing.server.data).stdout)
        pushing.server.stop()

        assert told["endpoints"][0]["channel"] == "webpush"
        subscribers = Subscribers(pushing.server.data)
        assert [one.address for one in subscribers.pushes()] == [here.address]
        subscribers.close()


def test_nothing_but_a_browsers_address_and_areas_are_kept(tmp_path: Path):
    """No name, no address of the reader, no place; and whoever has the secret can have it forgotten."""
    with Receiver(tmp_path / "r", created) as service, Pushing(tmp_path / "d", service) as pushing:
        browser = pushing.browser("private")
        pushing.ask(browser, "UA80", **{"User-Agent": "Marked/1.0", "X-Forwarded-For": "203.0.113.77"})
        kept = pushing.kept()
        stranger = pushing.browser("private")

        assert b"/private" in kept
        assert b"Marked" not in kept
        assert b"203.0.113.77" not in kept
        assert pushing.ask(stranger, method="DELETE").status_code == 204
        feed = pushing.server.feed("siren")
        time.sleep(1.0)
        feed.say("UA80")
        wait_until(lambda: pushing.got("/private"), "it is still told")
        assert pushing.ask(browser, method="DELETE").status_code == 204
        feed.say("UA80", "clear")
        time.sleep(1.0)
        assert all(browser.open(got)["state"] != "clear" for got in pushing.got("/private"))


def test_what_is_no_subscription_is_refused(tmp_path: Path):
    """An address inside, an unknown area, another site, keys that are none, too much."""
    with Receiver(tmp_path / "r", created) as service, Pushing(tmp_path / "d", service) as pushing:
        good = pushing.browser("one")
        odd = pushing.browser("odd")
        odd.address = "https://169.254.169.254/latest"
        plain = pushing.browser("plain")
        plain.address = "http://127.0.0.1/x"

        assert pushing.ask(odd, "UA80").status_code == 422
        assert pushing.ask(plain, "UA80").status_code == 422
        assert pushing.ask(good, "XX99").status_code == 422
        assert pushing.ask(good).status_code == 422
        assert pushing.ask(good, "UA80", **{"Sec-Fetch-Site": "cross-site"}).status_code == 422
        short = {**good.subscription, "keys": {"p256dh": "AAAA", "auth": "AAAA"}}
        for body in ({"subscription": short, "areas": ["UA80"]}, {"areas": ["UA80"]}, ["x" * 5_000], 1):
            assert httpx.post(pushing.url, json=body, trust_env=False).status_code == 422
        assert b"https://" not in pushing.kept()


def test_the_public_door_has_no_way_to_subscribe(tmp_path: Path):
    """It only reads."""
    with Receiver(tmp_path / "r", created) as service, Pushing(tmp_path / "d", service) as pushing:
        answer = httpx.post(f"{pushing.server.public}/v1/push", json={}, trust_env=False)

        assert answer.status_code in (404, 405)
