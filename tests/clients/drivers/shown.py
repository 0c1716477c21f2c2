"""What somebody shows who follows our own stream by the nine lines of docs/guide/read.md."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any


class Shown:
    """What is told of each area, and until when each source vouches, on a clock that never jumps."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._deadline: dict[str, float] = {}

    def hear(self, event: str, data: Any) -> None:
        """Take in one event."""
        if event == "reset":
            self._told, self._deadline = {}, {}
        elif event == "snapshot":
            self._told = {area: dict(one["threats"]) for area, one in data["areas"].items()}
        elif event == "alert":
            for area in data["areas"]:
                self._told.setdefault(area, {})[data["threat"]] = data
            if "fresh_until" in data:
                left = _left(data["fresh_until"], data["as_of"])
                self._deadline.update(dict.fromkeys(data["sources"], left))
        if event in ("snapshot", "beat"):
            self._deadline = {name: _left(until, data["as_of"]) for name, until in data["fresh"].items()}

    def state(self, area: str) -> str:
        """Return what an area of the oblast level is to be shown as."""
        told = self._told[area]["air"]
        vouched = any(self._deadline.get(name, 0.0) > time.monotonic() for name in told.get("sources", ()))
        return "unknown" if told["state"] == "clear" and not vouched else str(told["state"])


def _left(until: str, as_of: str) -> float:
    ahead = datetime.fromisoformat(until) - datetime.fromisoformat(as_of)
    return time.monotonic() + ahead.total_seconds()
