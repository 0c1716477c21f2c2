"""Every channel of ours keeps what every channel keeps."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tocsin.channels import Channel, Subscription
from tocsin.channels.apprise import Service
from tocsin.channels.guard import NOTHING, Caller
from tocsin.channels.mqtt import Mqtt
from tocsin.channels.siren import Siren
from tocsin.channels.webhook import Webhook
from tocsin.channels.webpush import Signer, WebPush
from tocsin.testing.channels import AREA, AT, ChannelPromises, endpoint

KEY = base64.b64encode(bytes(range(32))).decode()
BROKER = "mqtt://127.0.0.1/tocsin"


class TestWebhook(ChannelPromises):
    """Posted as JSON."""

    def channel(self) -> Channel:
        return Webhook(endpoint("hook", "https://hook.example.org/", f"whsec_{KEY}"), Caller())


class TestMqtt(ChannelPromises):
    """Retained by a broker."""

    def channel(self) -> Channel:
        return Mqtt(endpoint("broker", BROKER), NOTHING, Caller().context, lambda: AT)


class TestSiren(ChannelPromises):
    """Commanded."""

    def channel(self) -> Channel:
        return Siren(
            endpoint("roof", BROKER, KEY),
            NOTHING,
            Caller().context,
            {AREA},
            lambda: AT,
            iter(range(9)).__next__,
        )


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it
class TestApprise(ChannelPromises):
    """In words."""

    def channel(self) -> Channel:
        return Service(endpoint("chat", "json", "json://127.0.0.1/"), lambda area, lang: f"{area} {lang}")


class Nobody:
    """No browser has asked."""

    def pushes(self) -> list[Subscription]:
        return []

    def forget_push(self, id: str) -> None:
        raise AssertionError(id)


class TestWebPush(ChannelPromises):
    """Pushed to browsers."""

    @pytest.fixture(autouse=True)
    def _signer(self, tmp_path: Path) -> None:
        self.signer = Signer(tmp_path / "push.key", "mailto:duty@example.org")

    def channel(self) -> Channel:
        return WebPush(Nobody(), Caller(), self.signer, lambda area: [area], lambda: AT)
