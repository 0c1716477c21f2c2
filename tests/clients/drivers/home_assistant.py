"""Home Assistant 2024.3.3 with one integration: the states of its sensors for Kyiv and for Kharkiv oblast.

It runs as it does in a house, without its web page.  Only the addresses that its libraries ask are
other ones.  An entry that could not be set up is tried again, as Home Assistant does after a while.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

driver = import_module("driver")
BASE, KIND = sys.argv[1:3]
core, config_entries = import_module("homeassistant.core"), import_module("homeassistant.config_entries")
PLACES = {
    "ukraine_alarm": {"kyiv": "31", "oblast": "22"},
    "nina": {"kyiv": "800000000000", "oblast": "630000000000"},
    "meteoalarm": {"kyiv": "^Kyiv$", "oblast": "Kharkiv Oblast"},
}[KIND]


def point() -> None:
    """Point the libraries at another server."""
    if KIND == "ukraine_alarm":
        import_module("uasiren.client").Client.BASE_PATH = f"{BASE}/api/v3"
    elif KIND == "nina":
        vars(import_module("pynina.nina"))["ENDPOINT_NINA_BASE"] = f"{BASE}/api31/dashboard/"
        vars(import_module("pynina.warning"))["ENDPOINT_WARNING_DETAIL"] = f"{BASE}/api31/warnings/"
        labels = f"{BASE}/api/appdata/gsb/labels/de_labels.json"
        vars(import_module("pynina.label_matcher"))["ENDPOINT_DE_LABELS"] = labels
    else:
        import_module("meteoalertapi").Meteoalert.endpoint = BASE + "/feeds/meteoalarm-legacy-atom-{0}"


async def begin(folder: str) -> Any:
    """Return a Home Assistant that runs, with nothing set up but what every one has."""
    hass = core.HomeAssistant(folder)
    hass.config.skip_pip = True
    import_module("homeassistant.loader").async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await import_module("homeassistant.bootstrap").async_load_base_functionality(hass)
    return hass


async def set_up(hass: Any) -> None:
    """Set up the integration for both places."""
    if KIND == "meteoalarm":
        sensors = [
            {"platform": KIND, "country": "ukraine", "province": code, "name": place, "language": "en-GB"}
            for place, code in PLACES.items()
        ]
        await import_module("homeassistant.setup").async_setup_component(
            hass, "binary_sensor", {"binary_sensor": sensors}
        )
        await hass.async_block_till_done()
        return
    for place, code in PLACES.items():
        data = {"region": code, "name": place}
        if KIND == "nina":
            data = {"regions": {code: place}, "slots": 2, "headline_filter": "/(?!)/", "area_filter": ".*"}
        entry = config_entries.ConfigEntry(
            version=1, minor_version=1, domain=KIND, title=place, data=data, source="user", unique_id=code
        )
        await hass.config_entries.async_add(entry)


async def refreshed(hass: Any) -> None:
    """Have it ask its libraries now, not when its interval is over."""
    if KIND == "meteoalarm":
        for entity in list(hass.data["entity_components"]["binary_sensor"].entities):
            await entity.async_update_ha_state(force_refresh=True)
        return
    for entry in hass.config_entries.async_entries(KIND):
        if entry.state is config_entries.ConfigEntryState.LOADED:
            await hass.data[KIND][entry.entry_id].async_refresh()
        else:
            await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


async def states(hass: Any, place: str) -> list[str]:
    """Return the states of a place's sensors; an entry that is not set up has none."""
    await refreshed(hass)
    if KIND == "meteoalarm":
        one = hass.states.get(f"binary_sensor.{place}")
        return [one.state] if one is not None else []
    found = [state for state in hass.states.async_all("binary_sensor") if place in state.entity_id]
    return sorted({state.state for state in found})


def main() -> None:
    """Run it in a thread of its own, and answer."""
    logging.disable(logging.CRITICAL)
    point()
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, daemon=True).start()

    def wait(what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, loop).result(60)

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".storage").mkdir()
        running: list[Any] = []

        def restart() -> bool:
            """Begin anew: a platform that could not be set up, as MeteoAlarm's, is not tried again."""
            running[:] = [wait(begin(folder))]
            wait(set_up(running[0]))
            return True

        restart()
        asked = {place: lambda place=place: wait(states(running[0], place)) for place in PLACES}
        driver.answer({**asked, "restart": restart})


main()
