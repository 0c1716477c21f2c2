"""The page of the drills: which exercises were announced, are under way, or are over.

A drill never reaches the map.  Who hears a siren and finds it here knows that it was announced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import Environment

from tocsin.public.when import Zone
from tocsin.public.words import LANGUAGES, inert

_WORDS = {
    "uk": {
        "title": "Навчання",
        "none": "Жодного навчання не оголошено.",
        "under_way": "триває",
        "over": "завершено",
        "to_come": "заплановано",
        "why": "Навчання ніколи не з’являються на карті тривог.",
        "map": "Карта тривог",
    },
    "en": {
        "title": "Exercises",
        "none": "No exercise was announced.",
        "under_way": "under way",
        "over": "over",
        "to_come": "to come",
        "why": "An exercise never appears on the map of alerts.",
        "map": "Map of alerts",
    },
}


class Drill(NamedTuple):
    """One exercise, as the public is told of it."""

    name: str
    areas: Sequence[str]
    begins: datetime
    ends: datetime


class DrillsPage:
    """The page of the drills.

    Args:
        environment: Where its template is.
        zone: In which times are shown.
        name: The name of an area in a language.
        style: Where the style sheet is.
    """

    def __init__(
        self, environment: Environment, zone: Zone, name: Callable[[str, str], str], style: str
    ) -> None:
        self._template = environment.get_template("drills.html")
        self._zone, self._name, self._style = zone, name, style

    def html(self, drills: Sequence[Drill], board: Mapping[str, Any], lang: str) -> bytes:
        """Return the page, as of a board's moment."""
        words, now = _WORDS[lang], datetime.fromisoformat(board["as_of"])
        rows = [
            {
                "name": inert(one.name),
                "state": words["to_come" if now < one.begins else "under_way" if now < one.ends else "over"],
                "when": " – ".join(self._zone.clock(time, now, lang) for time in (one.begins, one.ends)),
                "where": ", ".join(self._name(area, lang) for area in one.areas),
            }
            for one in sorted(drills, key=lambda one: one.begins, reverse=True)
        ]
        others = [one for one in LANGUAGES if one != lang]
        html = self._template.render(lang=lang, words=words, rows=rows, style=self._style, others=others)
        return html.encode()
