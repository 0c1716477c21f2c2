"""sseclient-py and websockets: what Kyiv and Kharkiv oblast are shown as, from four streams of the door."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from threading import Thread
from typing import Any

driver = import_module("driver")
requests, sseclient = import_module("requests"), import_module("sseclient")
connect = import_module("websockets.sync.client").connect
BASE, KIND = sys.argv[1:3]
WS = BASE.replace("http", "ws", 1)
AREAS = {"kyiv": "UA80", "oblast": "UA63"}
shown = import_module("shown").Shown()
ended: list[str] = []  # why the stream is over
states: dict[str, Any] = {}  # area -> what other formats say of it


def events(path: str) -> Any:
    """Return the events of a stream."""
    answer = requests.get(BASE + path, stream=True, headers={"Accept": "text/event-stream"}, timeout=30)
    answer.raise_for_status()
    return sseclient.SSEClient(answer).events()


def own() -> None:
    """Follow our own stream."""
    for event in events("/v1/stream?areas=UA80,UA63"):
        shown.hear(event.event, json.loads(event.data))


def own_websocket() -> None:
    """Follow our own stream over a WebSocket."""
    with connect(WS + "/v1/ws?areas=UA80,UA63") as stream:
        for text in stream:
            event = json.loads(text)
            shown.hear(event["event"], event["data"])


def lamp() -> None:
    """Say what the lamp says of itself, and take the two slots that are asked for."""
    with connect(WS + "/data_v4") as stream:
        stream.send("chip_id:abc")
        stream.send("firmware:4.2_abc")
        for text in stream:
            frame = json.loads(text)
            if frame["payload"] == "alerts":
                states.update(kyiv=_word(frame["alerts"][25][0]), oblast=_word(frame["alerts"][10][0]))
    raise ConnectionError(f"closed with {stream.close_code}")


def numbered() -> None:
    """Take the states, then follow their changes: 25 is Kyiv, 19 Kharkiv oblast."""
    stream = events("/api/states/live")
    answer = requests.get(BASE + "/api/states", headers={"X-API-Key": "key"}, timeout=10)
    answer.raise_for_status()
    rows = answer.json()["states"]
    for row in rows:
        _take(row)
    for event in stream:
        if event.event == "update":
            _take(json.loads(event.data)["state"])


def _take(row: Any) -> None:
    for name, number in (("kyiv", 25), ("oblast", 19)):
        if row["id"] == number:
            states[name] = _word(row["alert"])


def _word(alert: Any) -> str:
    return "raised" if alert else "clear"


def follow(stream: Callable[[], None]) -> None:
    """Read to the end."""
    try:
        stream()
        ended.append("the stream ended")
    except Exception as error:  # whatever its caller would get to see
        ended.append(repr(error))


def show(place: str) -> str:
    """Return what a place is to be shown as; nothing of a stream that is over."""
    if ended:
        raise ConnectionError(ended[0])
    return str(shown.state(AREAS[place]) if KIND.startswith("own") else states[place])


def again() -> bool:
    """Connect anew, as everybody does after a while."""
    ended.clear()
    kind = {"own": own, "own-websocket": own_websocket, "lamp": lamp, "states": numbered}[KIND]
    Thread(target=follow, args=(kind,), daemon=True).start()
    return True


driver.answer({"again": again, "kyiv": lambda: show("kyiv"), "oblast": lambda: show("oblast")})
