"""What a feed claims of time, at the very edge of what is taken."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from tests.truth.apart import Station, make_keys
from tocsin import wire
from tocsin.model import Realm

SKEW_S = 30  # a clock that is further ahead, or a contact that is older, is refused


@pytest.fixture(scope="module")
def feeds(tmp_path_factory):
    keys, secrets = make_keys(tmp_path_factory.mktemp("keys"))
    yield keys, secrets
    keys.close()


@pytest.mark.parametrize(
    ("path", "ahead_s", "status"),
    [
        ("/v1/signals", SKEW_S, 201),
        ("/v1/signals", SKEW_S + 1, 422),
        ("/v1/signals", -90_000, 201),
        ("/v1/contact", SKEW_S, 204),
        ("/v1/contact", SKEW_S + 1, 422),
        ("/v1/contact", -SKEW_S, 204),
        ("/v1/contact", -SKEW_S - 1, 422),
    ],
)
def test_what_is_sent_too_far_ahead_and_a_contact_of_a_while_ago_are_refused(feeds, path, ahead_s, status):
    """A second makes the difference.  A signal may be old: it is kept, and told as late."""
    keys, secrets = feeds
    with closing(Station(keys, secrets)) as station:
        station.side(Realm.ACTUAL)
        sent = wire.stamp(station.clock.now() + timedelta(seconds=ahead_s))
        body = {"id": "n1", "area": "Y1", "threat": "air", "state": "raised", "sent": sent}
        answer = station.post(path, "army", body if "signals" in path else {"sent": sent, "raised": []})
        assert answer[:3] == str(status).encode(), answer
