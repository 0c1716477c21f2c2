"""What the public door says, as JSON and as bytes on a stream.

Every answer names the log (``epoch``), the place in it (``seq``), its realm
and its age (``as_of``).  A clear carries ``fresh_until``; past it nobody
vouches for the clear and it is to be shown as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from tocsin.areas import Areas
from tocsin.hub import Event, Wish
from tocsin.model import Alert, AreaId, Place, Realm, SourceId, State
from tocsin.warn.told import Status, Told, status_of, worst
from tocsin.wire import stamp

Fresh = Mapping[SourceId, datetime]
_json = msgspec.json.Encoder(order="deterministic").encode


class Moment(NamedTuple):
    """When and where in the log an answer is made."""

    epoch: str
    seq: Place
    realm: Realm
    as_of: datetime
    fresh: Fresh
    notice: str | None  # says of a replay or an exercise that it is one

    def frame(self) -> dict[str, Any]:
        """Return what every answer begins with."""
        head: dict[str, Any] = {
            "epoch": self.epoch,
            "seq": self.seq,
            "realm": str(self.realm),
            "as_of": stamp(self.as_of),
        }
        if self.notice:
            head["notice"] = self.notice
        return head


def status_json(status: Status, moment: Moment) -> dict[str, Any]:
    """Return what an area is told about one threat.

    A clear for which no source vouches any more at this moment is unknown,
    even if the log does not say so yet.
    """
    until = max((moment.fresh[name] for name in status.sources if name in moment.fresh), default=None)
    if status.state is State.CLEAR and (until is None or until <= moment.as_of):
        return {"state": str(State.UNKNOWN), "since": stamp(until or moment.as_of), "sources": []}
    if status.state is State.NOT_COVERED:
        return {"state": str(status.state)}
    entry: dict[str, Any] = {"state": str(status.state)}
    if status.since is not None:
        entry["since"] = stamp(status.since)
    if until is not None:
        entry["fresh_until"] = stamp(until)
    entry["sources"] = list(status.sources)
    for name in ("subtype", "level", "text"):
        if (value := getattr(status, name)) is not None:
            entry[name] = str(value)
    if status.expires is not None:
        entry["expires"] = stamp(status.expires)
    if status.cancelled:
        entry["cancelled"] = True
    if status.set_aside:
        entry["set_aside"] = True
    return entry


def area_json(told: Told, area: AreaId, moment: Moment) -> dict[str, Any]:
    """Return an area's state and that of each threat."""
    threats = {str(threat): status_json(status, moment) for threat, status in told.statuses(area).items()}
    state = worst(State(entry["state"]) for entry in threats.values())
    return {"state": str(state), "threats": threats}


def board_json(told: Told, areas: Areas, moment: Moment, wish: Wish = None) -> dict[str, Any]:
    """Return the whole board, or what a wish takes in of it.  An area that is absent is as its parent."""
    shown = [area for area in (*areas.board, *told.finer()) if wish is None or area in wish]
    return {
        **moment.frame(),
        "fresh": fresh_json(moment.fresh),
        "areas": {str(area): area_json(told, area, moment) for area in shown},
    }


def alert_json(alert: Alert, moment: Moment) -> dict[str, Any]:
    """Return one alert as it is told to the public."""
    said = {
        **moment.frame(),
        "area": str(alert.areas[0]),
        "areas": [str(area) for area in alert.areas],
        "threat": str(alert.threat),
        **status_json(status_of(alert), moment),
        "because": list(alert.because),
    }
    if alert.late:
        said["late"] = True
    return said


def beat_json(moment: Moment) -> dict[str, Any]:
    """Return the sign of life that renews ``fresh_until``."""
    return {**moment.frame(), "fresh": fresh_json(moment.fresh)}


def fresh_json(fresh: Fresh) -> dict[str, str]:
    """Return until when each source vouches."""
    return {str(name): stamp(until) for name, until in sorted(fresh.items())}


def to_bytes(value: Any) -> bytes:
    """Return JSON as bytes; the same value gives the same bytes."""
    return _json(value)


def sse(event: str, data: bytes, cursor: str | None) -> bytes:
    """Return one event of a server-sent stream."""
    place = f"id: {cursor}\n" if cursor else ""
    return f"{place}event: {event}\ndata: ".encode() + data + b"\n\n"


def websocket(event: str, data: bytes, cursor: str | None) -> bytes:
    """Return one event as an unmasked, unfragmented WebSocket text frame (RFC 6455, 5.2)."""
    place = f',"id":"{cursor}"' if cursor else ""
    payload = f'{{"event":"{event}"{place},"data":'.encode() + data + b"}"
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 0x10000:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def both(event: str, value: Any, cursor: str | None) -> tuple[bytes, bytes]:
    """Return an event for server-sent streams and for WebSockets."""
    data = to_bytes(value)
    return sse(event, data, cursor), websocket(event, data, cursor)


def event_of(seq: Place, alert: Alert, moment: Moment) -> Event:
    """Return an alert made ready for every stream."""
    at_place = moment._replace(seq=seq)
    return Event(
        seq, frozenset(alert.areas), *both("alert", alert_json(alert, at_place), f"{moment.epoch}-{seq}")
    )


FRESH_S = 15.0  # no answer vouches for a clear longer than this, so a dead server is noticed within it
TEXT_LIMIT = 16 * 1024  # a microcontroller must be able to hold it
_TEXT_VERSION = 1


def fresh_until(told: Told, moment: Moment) -> datetime:
    """Return until when every clear on the board may be shown; without any, when to ask again.

    A source that went quiet counts while a clear rests on it: a 304 renews by this what its reader
    was told before, so a clear that has just run out must not be renewed by those that have not.
    """
    ends = [
        max((moment.fresh.get(name, moment.as_of) for name in sources), default=moment.as_of)
        for sources in told.vouchers()
    ]
    return max(moment.as_of, min(ends, default=moment.as_of + timedelta(seconds=FRESH_S)))


def board_text(told: Told, areas: Areas, moment: Moment, wish: Wish = None) -> bytes:
    """Return the board for microcontrollers, at most 16 KiB of ASCII.

    The first line: ``tocsin 1 REALM EPOCH-SEQ AS_OF SECONDS``, where SECONDS
    is how long after its receipt a clear may be shown.  Then a line an area:
    ``AREA STATE [THREAT[:LEVEL] SINCE]...`` with what is raised.  The last
    line is a full stop: an answer without it was cut off.
    """
    first = f"tocsin {_TEXT_VERSION} {moment.realm} {moment.epoch}-{moment.seq} {stamp(moment.as_of)}"
    lines = [f"{first} {int((fresh_until(told, moment) - moment.as_of).total_seconds())}"]
    if moment.notice:
        lines.append(f"! {moment.notice}")
    coarse = [area for area in areas.board if wish is None or area in wish]
    lines += [_text_line(told, area, moment) for area in coarse]
    finer = [area for area in told.finer() if wish is None or area in wish]
    more = [_text_line(told, area, moment) for area in finer]
    text = "\n".join([*lines, *more, ".\n"]).encode("ascii", "replace")
    if len(text) > TEXT_LIMIT:  # the parts are left out, never cut: the areas around them say "partly"
        text = "\n".join([*lines, ".\n"]).encode("ascii", "replace")
    return text


def _text_line(told: Told, area: AreaId, moment: Moment) -> str:
    seen = area_json(told, area, moment)
    raised = [
        f" {threat}{':' + entry['level'] if 'level' in entry else ''} {entry.get('since', '-')}"
        for threat, entry in seen["threats"].items()
        if entry["state"] in (State.RAISED, State.PARTLY)
    ]
    return f"{area} {seen['state']}{''.join(raised)}"
