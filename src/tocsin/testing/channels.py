"""What every channel keeps.

class TestLamp(ChannelPromises):
    def channel(self):
        return Lamp(endpoint("lamp", "https://lamp.example.org/"), ...)

How it sends is for a test with a real server: the suite looks at what it would send.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.channels import Channel, Endpoint, NotActual, Saying, Telling
from tocsin.model import AreaId, Realm
from tocsin.wire import stamp

AT = datetime(2024, 1, 2, 3, 53, 57, tzinfo=UTC)
AREA = AreaId("UA80")


def endpoint(name: str, address: str, *secrets: str, **options: str) -> Endpoint:
    """Return an endpoint that wants to hear of `AREA`."""
    return Endpoint(name, "test", address, (AREA,), secrets, options)


def telling(saying: Saying, state: str = "raised", realm: Realm = Realm.ACTUAL, **more: Any) -> Telling:
    """Return a telling of `AREA`, as a server makes it."""
    head: dict[str, Any] = {"epoch": "e", "seq": 7, "realm": str(realm), "as_of": stamp(AT)}
    told: dict[str, Any] = {"state": state, "since": stamp(AT), "sources": ["feed"]}
    if state == "clear":
        told["fresh_until"] = stamp(AT + timedelta(seconds=15))
    board = {**head, "fresh": {}, "areas": {AREA: {"state": state, "threats": {"air": told}}}}
    about = {"area": AREA, "areas": [AREA], "threat": "air", "because": [6], "said_at": stamp(AT)}
    alert = {**head, **about, **told}
    if saying is Saying.MISSED:
        alert.pop("fresh_until", None)
        alert["late"] = True
    said = {Saying.SNAPSHOT: board, Saying.BEAT: {**head, "fresh": {}}}.get(saying, alert)
    together = (alert,) if saying in (Saying.ALERT, Saying.MISSED) else ()
    return Telling(saying, "e-7", realm, AT, 7, {**said, **more}, board, together)


class ChannelPromises:
    """The promises that do not need anybody who listens."""

    def channel(self) -> Channel:
        """Return the channel that is looked at."""
        raise NotImplementedError

    @pytest.mark.parametrize("saying", list(Saying))
    @pytest.mark.parametrize("realm", [Realm.EXERCISE, Realm.TEST, Realm.REPLAY])
    def test_nothing_but_what_is_actual_is_told(self, saying: Saying, realm: Realm) -> None:
        """Not even if it came here by a fault of ours."""
        with pytest.raises(NotActual):
            self.channel().encode(telling(saying, realm=realm))

    @pytest.mark.parametrize("saying", list(Saying))
    def test_what_says_of_itself_that_it_is_no_alert_is_not_told(self, saying: Saying) -> None:
        """One sign of an exercise is enough, whatever the others say."""
        with pytest.raises(NotActual):
            self.channel().encode(telling(saying, notice="exercise, no present danger"))

    def test_a_raise_is_told(self) -> None:
        """Whatever else it has no use for."""
        assert self.channel().encode(telling(Saying.ALERT)) is not None

    @pytest.mark.parametrize("saying", list(Saying))
    @pytest.mark.parametrize("state", ["raised", "partly", "unknown", "clear", "not_covered"])
    def test_every_state_can_be_told(self, saying: Saying, state: str) -> None:
        """And telling it twice is telling the same."""
        one, other = (repr(self.channel().encode(telling(saying, state))) for _ in range(2))

        assert one == other

    def test_unknown_is_never_told_as_clear(self) -> None:
        """In no word that is sent."""
        for saying in Saying:
            sent = repr(self.channel().encode(telling(saying, "unknown"))).lower()
            assert "clear" not in sent
            assert "відбій" not in sent

    def test_its_pace_can_be_kept(self) -> None:
        """A beat that comes is in time for a clear, and no pause is longer than a minute."""
        channel = self.channel()

        assert channel.beat_s >= 0
        assert 0 <= channel.pause_s <= 60
        assert channel.together >= 1
