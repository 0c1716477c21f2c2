"""uasiren and ukrainealarm 0.0.1, as Home Assistant uses them."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import Any

driver = import_module("driver")
BASE, KIND = sys.argv[1:3]
aiohttp = import_module("aiohttp")
library = import_module(f"{KIND}.client")
library.Client.BASE_PATH = f"{BASE}/api/v3"  # the one line that points it at another server


def ask(method: str, *words: str) -> Any:
    """Ask one thing in a session of its own."""

    async def asking() -> Any:
        async with aiohttp.ClientSession() as session:
            client = library.Client(session, *(["key"] if KIND == "ukrainealarm" else []))
            return await getattr(client, method)(*words)

    return asyncio.run(asking())


def region(code: str) -> Any:
    """Return the kinds of alert in a region, as Home Assistant reads them."""
    return sorted({alert["type"] for alert in ask("get_alerts", code)[0]["activeAlerts"]})


driver.answer(
    {
        "region": lambda: region("31"),
        "oblast": lambda: region("22"),
        "all": lambda: [one["regionId"] for one in ask("get_alerts")],
        "status": lambda: ask("get_last_alert_index")["lastActionIndex"],
        "regions": lambda: len(ask("get_regions")["states"]),
    }
)
