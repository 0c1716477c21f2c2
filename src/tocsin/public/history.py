"""The past as the public door tells it: JSON with sums and spans, CSV with one row an interval."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta

from tocsin.areas import Areas
from tocsin.errors import SubscriberError
from tocsin.model import AreaId, Threat
from tocsin.public.answer import JSON, Answer
from tocsin.public.frames import Moment, to_bytes
from tocsin.views.history import AreaPast, History, Peak, peak
from tocsin.wire import read_moment, stamp

WINDOW_DAYS = 92  # a longer one would hold up the streams; `tocsin history` has no limit
COLUMNS = (
    "area", "oblast", "raion", "hromada", "level", "started_at", "finished_at", "source", "threat", "end",
)  # fmt: skip
"""The columns of the common history table, with the area's code, the threat and how the end is known."""


def history_json(history: History, areas: Areas, moment: Moment, query: Mapping[str, str]) -> Answer:
    """Answer `GET /v1/history.json`."""
    since, until, threat = _window(query, moment)
    asked = _areas_of(query, areas)
    past = history.past(since, until, asked, now=moment.as_of, threat=threat)
    body = {
        **moment.frame(),
        "from": stamp(since),
        "to": stamp(until),
        "peak": peak_json(peak(past)),
        "areas": [past_json(row, spans="intervals" in query) for row in past],
    }
    return Answer(to_bytes(body), JSON)


def past_json(row: AreaPast, *, spans: bool) -> dict[str, object]:
    """Return one area's past as JSON."""
    told: dict[str, object] = {
        "area": str(row.area),
        "seconds": row.seconds,
        "standing": row.standing_seconds > 0,
        "standing_seconds": row.standing_seconds,
        "inferred_seconds": row.inferred_seconds,
    }
    if spans:
        told["intervals"] = [[stamp(span.since), stamp(span.until), str(span.end)] for span in row.spans]
    return told


def peak_json(most: Peak) -> dict[str, object]:
    """Return the most areas at once as JSON."""
    return {
        "areas": most.areas,
        "from": stamp(most.since) if most.since else None,
        "to": stamp(most.until) if most.until else None,
    }


def history_csv(history: History, areas: Areas, moment: Moment, query: Mapping[str, str]) -> Answer:
    """Answer `GET /v1/history.csv`."""
    since, until, threat = _window(query, moment)
    text = csv_text(history, areas, since, until, threat)
    return Answer(text.encode(), "text/csv; charset=utf-8")


def csv_text(history: History, areas: Areas, since: datetime, until: datetime, threat: Threat | None) -> str:
    """Return every interval that overlaps a window, uncut, as a table."""
    rows = sorted(one for found in history.intervals(since, until, threat).values() for one in found)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in rows:
        names = {areas[above].level: areas.name(above, "en") for above in areas.chain(one.area)}
        finished = stamp(one.until) if one.until else ""
        places = [names.get(level, "") for level in ("oblast", "raion", "hromada")]
        writer.writerow(
            [
                one.area,
                *places,
                areas[one.area].level,
                stamp(one.since),
                finished,
                one.source,
                one.threat,
                one.end,
            ]
        )
    return out.getvalue()


def _window(query: Mapping[str, str], moment: Moment) -> tuple[datetime, datetime, Threat | None]:
    try:
        until = read_moment(query["to"], "to") if "to" in query else moment.as_of
        since = read_moment(query["from"], "from") if "from" in query else until - timedelta(days=1)
    except OverflowError as error:  # there is no day before the year 1
        raise SubscriberError("the window is out of range", todo="ask for a window in our time") from error
    if since >= until:
        raise SubscriberError("from is not before to", todo="ask for a window that has a length")
    if until - since > timedelta(days=WINDOW_DAYS):
        raise SubscriberError(
            f"the window is longer than {WINDOW_DAYS} days",
            todo="ask for it in pieces, or run `tocsin history` beside the log",
        )
    return since, until, Threat(query["threat"]) if "threat" in query else None


def _areas_of(query: Mapping[str, str], areas: Areas) -> list[AreaId]:
    if "area" in query:
        return [areas[AreaId(query["area"])].id]
    level = query.get("level", areas[areas.board[0]].level)
    return of_level(areas, level)


def of_level(areas: Areas, level: str) -> list[AreaId]:
    """Return the areas of a level, in the pack's order.

    Raises:
        SubscriberError: There is no such level.
    """
    found = [area.id for area in areas if area.level == level]
    if not found:
        raise SubscriberError(f"there is no level {level!r}", todo=f"choose one of {', '.join(areas.levels)}")
    return found
