"""alerts.in.ua: the list of active alerts, asked for again and again.

The list is complete: what has ended is gone from it.  Its own time (`meta.last_updated_at`) never goes
back; where it does, an old copy was served, and nothing in it counts.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime

from msgspec import Struct

from tocsin import wire
from tocsin.errors import SourceGarbled
from tocsin.model import Act, AreaId, Level, Threat
from tocsin.sources import ANY, Finder, Heard, Link, Payload, Saying, name, plain_text, read_json, refused

PATH = "/v1/alerts/active.json"
SYSTEM = "alerts_in_ua"
_THREATS = {
    "air_raid": "air", "artillery_shelling": "artillery", "urban_fights": "urban_fights",
    "chemical": "chemical", "nuclear": "nuclear",
}  # fmt: skip
_SUBTYPES = {
    "drones": "drones", "ballistic_missiles": "ballistic", "cruise_missiles": "cruise",
    "guided_aerial_bombs": "guided_bombs", "mig31k_departure": "mig31k",
}  # fmt: skip


class _Threat(Struct):
    threat_type: str = ""


class _Row(Struct):
    location_uid: str | int
    alert_type: str
    started_at: str
    finished_at: str | None = None
    location_oblast_uid: str | int | None = None
    alert_level: str | None = None
    notes: str | None = None
    threats: list[_Threat] | None = None


class _Meta(Struct):
    last_updated_at: str


class _List(Struct):
    alerts: list[_Row]
    meta: _Meta


class AlertsInUa:
    """The format.

    Args:
        find: Gives the area that a system has a code for.
        root: The country, for what cannot be placed in it.
    """

    def __init__(self, find: Finder, root: AreaId) -> None:
        self._find = find
        self._root = root

    def decode(self, payload: Payload) -> Heard:
        """Return what a list says.

        Raises:
            SourceGarbled: It is no such list.
        """
        found = read_json(payload.body, _List, "alerts.in.ua")
        changed = _changed(found.meta.last_updated_at)
        sayings: list[Saying] = []
        unknown: list[tuple[AreaId, Threat]] = []
        notes: list[str] = []
        for row in found.alerts:
            if row.finished_at is not None:
                continue
            area = self._find(SYSTEM, str(row.location_uid))
            threat = _THREATS.get(row.alert_type)
            if area is None or threat is None:
                around = self._find(SYSTEM, str(row.location_oblast_uid)) if row.location_oblast_uid else None
                unknown.append((area or around or self._root, ANY))
                notes.append(f"no place or threat for uid {row.location_uid}, {row.alert_type}"[:200])
                continue
            sayings.append(_saying(row, area, Threat(threat)))
        return Heard(
            tuple(sayings), complete=True, unknown=tuple(unknown), changed=changed, notes=tuple(notes)
        )

    async def listen(self, link: Link) -> AsyncGenerator[Payload, None]:
        """Yield the list each time that it is asked for; one that has not changed is yielded again."""
        headers = {"Accept": "application/json"}
        if link.token:
            headers["Authorization"] = f"Bearer {link.token}"
        kept: bytes | None = None
        while True:
            got = await link.get(PATH, headers)
            if got.status == 200:
                kept = got.body
                if since := got.headers.get("last-modified"):
                    headers["If-Modified-Since"] = since
            elif got.status != 304 or kept is None:
                raise refused(got, "alerts.in.ua")
            yield Payload(kept, got.at)
            await link.pause()


def _saying(row: _Row, area: AreaId, threat: Threat) -> Saying:
    sent = wire.read_moment(row.started_at, f"started_at of uid {row.location_uid}")
    level = Level(row.alert_level) if row.alert_level in ("yellow", "red") else None
    kinds = [_SUBTYPES.get(one.threat_type, one.threat_type) for one in row.threats or ()]
    subtype = kinds[-1][:40] if kinds and kinds[-1] not in ("", "unknown") else None
    text = plain_text(row.notes)
    return Saying(
        name(area, threat, sent, level, subtype, text),
        area,
        threat,
        Act.RAISED,
        sent,
        subtype,
        level,
        None,
        text,
    )


def _changed(text: str) -> datetime:
    try:
        return wire.utc(datetime.strptime(text, "%Y/%m/%d %H:%M:%S %z"))
    except ValueError as error:
        raise SourceGarbled(
            f"alerts.in.ua: meta.last_updated_at is {text[:60]!r}",
            todo="nothing was changed by it; it is asked again",
        ) from error
