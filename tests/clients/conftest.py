"""A server whose feed can be brought to life and let die, within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from tests.support import Feed, RunningServer

SILENCE_S = 2.0  # after this long without contact a clear is unknown


class Living:
    """A feed that says every 0.3 s that it is there, with what it holds raised, until it dies."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.raised: set[str] = set()
        self._dead = Event()
        self._thread: Thread | None = None

    def live(self) -> None:
        """Begin to be heard."""
        self._dead.clear()
        self.feed.contact(*sorted(self.raised))
        self._thread = Thread(target=self._speak)
        self._thread.start()

    def _speak(self) -> None:
        while not self._dead.wait(0.3):
            self.feed.contact(*sorted(self.raised))

    def die(self) -> None:
        """Fall silent; what was raised and cleared stays as it is."""
        self._dead.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def say(self, area: str, state: str = "raised", level: str | None = None) -> None:
        """Raise or clear an area."""
        (self.raised.add if state == "raised" else self.raised.discard)(area)
        more = {"level": level} if level else {}
        self.feed.say(area, state, **more)


@pytest.fixture
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """A feed for the whole country, which is not heard yet, and its server."""
    with RunningServer(tmp_path_factory.mktemp("server"), f"silence_s = {SILENCE_S}\n") as server:
        feed = Living(server.feed("feed", "UA", "*"))
        try:
            yield feed
        finally:
            feed.die()
