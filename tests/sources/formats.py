"""Payloads of our own making, in the formats of the sources, and what the formats are made with."""

from __future__ import annotations

import json
from importlib.resources import files

from tocsin.countries import load
from tocsin.dialects.codes import read_codes

UA = load("ua").areas
FIND = read_codes(UA, files("tocsin.countries").joinpath("ua", "dialects.csv").read_text("utf-8")).area
KNOWN = frozenset(area.id for area in UA)


def aiu_row(uid="31", kind="air_raid", started="2024-01-02T03:53:57.000Z", **more):
    """Return a row of alerts.in.ua."""
    return {
        "id": 1, "location_title": "x", "location_type": "oblast", "started_at": started, "finished_at": None,
        "updated_at": started, "alert_type": kind, "location_uid": uid, "location_oblast": "x",
        "location_oblast_uid": 31, "notes": None, "country": None, "calculated": None, "alert_level": "red",
        "threats": [], **more,
    }  # fmt: skip


def aiu_list(*rows, changed="2024/01/02 03:53:58 +0000"):
    """Return a list of alerts.in.ua."""
    meta = {"last_updated_at": changed, "type": "full"}
    return json.dumps({"alerts": list(rows), "meta": meta, "disclaimer": ""}).encode()


def board(areas, *, realm="actual", seq=7, epoch="e1", fresh="2024-01-02T04:00:15Z"):
    """Return a board of another tocsin: areas is {code: {threat: entry}}."""
    return json.dumps(
        {
            "epoch": epoch, "seq": seq, "realm": realm, "as_of": "2024-01-02T04:00:00Z",
            "fresh": {"feed": fresh},
            "areas": {area: {"state": "x", "threats": threats} for area, threats in areas.items()},
        }
    ).encode()  # fmt: skip


RAISED = {"state": "raised", "since": "2024-01-02T03:53:57Z", "sources": ["feed"]}
CLEAR = {"state": "clear", "since": "2024-01-02T03:00:00Z", "sources": ["feed"]}
UNKNOWN = {"state": "unknown", "since": "2024-01-02T03:00:00Z", "sources": []}
