"""PyNINA, meteoalertapi and pynws: what each says of Kyiv and of Kharkiv oblast."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

driver = import_module("driver")
BASE, KIND = sys.argv[1:3]


def nina() -> Callable[[str], list[str]]:
    """Return the headlines of a region, by its twelve digits."""
    library = import_module("pynina")
    vars(import_module("pynina.nina"))["ENDPOINT_NINA_BASE"] = f"{BASE}/api31/dashboard/"
    vars(import_module("pynina.warning"))["ENDPOINT_WARNING_DETAIL"] = f"{BASE}/api31/warnings/"
    labels = f"{BASE}/api/appdata/gsb/labels/de_labels.json"
    vars(import_module("pynina.label_matcher"))["ENDPOINT_DE_LABELS"] = labels
    codes = {"kyiv": "800000000000", "oblast": "630000000000"}

    async def asking(code: str) -> list[str]:
        client = library.Nina()
        client.addRegion(code)
        await client.update()
        return [warning.headline for warning in client.warnings[code] if warning.isValid()]

    return lambda place: asyncio.run(asking(codes[place]))


def meteoalert() -> Callable[[str], list[str]]:
    """Return the headline of a province, by its name."""
    library = import_module("meteoalertapi").Meteoalert
    library.endpoint = BASE + "/feeds/meteoalarm-legacy-atom-{0}"
    names = {"kyiv": "^Kyiv$", "oblast": "Kharkiv Oblast"}

    def asking(place: str) -> list[str]:
        alert = library("ukraine", names[place]).get_alert()
        return [alert["headline"]] if alert else []

    return asking


def pynws() -> Callable[[str], list[str]]:
    """Return the headlines of a zone."""
    library = import_module("pynws")
    vars(import_module("pynws.urls"))["API_URL"] = f"{BASE}/"
    session_of = import_module("aiohttp").ClientSession
    zones = {"kyiv": "UAZ080", "oblast": "UAZ063"}

    async def asking(zone: str) -> list[str]:
        async with session_of() as session:
            alerts = await library.Nws(session, "tester").get_alerts_active_zone(zone)
            return [alert["headline"] for alert in alerts]

    return lambda place: asyncio.run(asking(zones[place]))


ask = {"nina": nina, "meteoalert": meteoalert, "pynws": pynws}[KIND]()
questions: dict[str, Callable[[], Any]] = {"kyiv": lambda: ask("kyiv"), "oblast": lambda: ask("oblast")}
driver.answer(questions)
