"""A feed or a server that falls silent: no clear outlives it."""

import threading

from tests.faults import silence


def test_no_clear_outlives_its_feed_or_its_server(tmp_path):
    """A feed and a server are stopped, each in the middle of a clear; both are waited for at once."""
    found = {}

    def lose(name, how):
        found[name] = how()

    ways = {
        "feed": lambda: silence.lose_the_feed(tmp_path / "feed", "stop"),
        "server": lambda: silence.lose_the_server(tmp_path / "server", "stop"),
    }
    threads = [threading.Thread(target=lose, args=way) for way in ways.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: result["faults"] for name, result in found.items()} == {"feed": [], "server": []}
    assert set(found["feed"]["unknown after, s"]) == {"board.json", "board.txt", "stream", "client"}
    assert all(seconds <= silence.DEAD_FEED_S for seconds in found["feed"]["unknown after, s"].values())
    assert 5 < found["server"]["unknown after, s"]["client"] <= silence.DEAD_SERVER_S
