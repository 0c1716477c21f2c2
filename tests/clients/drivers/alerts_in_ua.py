"""alerts-in-ua 0.4.0, waiting and not: what it says of Kyiv (uid 31) and of Kharkiv oblast (uid 22).

Its own folder must not be looked in for the library, which has this file's name.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

folder = str(Path(__file__).parent)
sys.path = [path for path in sys.path if path != folder]
library = import_module("alerts_in_ua")
sys.path.append(folder)
driver = import_module("driver")

BASE, KIND = sys.argv[1:3]
KYIV, OBLAST = "м. Київ", "Харківська область"


def words(statuses: Any) -> dict[str, str]:
    """Return what it says of the two."""
    return {one.location_title: one.status for one in statuses if one.location_title in (KYIV, OBLAST)}


def rows(alerts: Any) -> list[dict[str, Any]]:
    """Return the alerts that it sees."""
    return [
        {"uid": row.location_uid, "type": row.alert_type, "level": row.alert_level, "began": row.started_at}
        for row in alerts
    ]


def waiting() -> dict[str, Any]:
    """Return what the client that waits can be asked."""
    library.Client.API_BASE_URL = BASE  # the one line that points it at another server
    client = library.Client("token")
    return {
        "active": lambda: rows(client.get_active_alerts()),
        "oblasts": lambda: words(client.get_air_raid_alert_statuses_by_oblast()),
        "uids": lambda: words(client.get_air_raid_alert_statuses().statuses),
        "31": lambda: client.get_air_raid_alert_status(31).status,
        "level": lambda: client.get_air_raid_alert_status(31, include_alert_level=True).alert_level,
        "history": lambda: rows(client.get_alerts_history(31)),
        "updated": lambda: client.get_active_alerts().last_updated_at,
    }


def async_() -> dict[str, Any]:
    """Return what the client for event loops can be asked."""
    library.AsyncClient.API_BASE_URL = BASE
    client = library.AsyncClient("token")
    run = asyncio.run
    return {
        "active": lambda: rows(run(client.get_active_alerts())),
        "oblasts": lambda: words(run(client.get_air_raid_alert_statuses_by_oblast())),
        "uids": lambda: words(run(client.get_air_raid_alert_statuses()).statuses),
        "31": lambda: run(client.get_air_raid_alert_status(31)).status,
        "level": lambda: run(client.get_air_raid_alert_status(31, include_alert_level=True)).alert_level,
        "history": lambda: rows(run(client.get_alerts_history(31))),
        "updated": lambda: run(client.get_active_alerts()).last_updated_at,
    }


driver.answer(async_() if KIND == "async" else waiting())
